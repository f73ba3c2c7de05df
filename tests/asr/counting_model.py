"""A streaming model that says how much of a stream it has heard."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from asr.streaming.contract import ChunkTokens, Flags, Integers
from asr.types import Samples

CHUNK = 4_800


class CountingModel:
    """Says the number of each chunk it hears of a stream."""

    name = "counting"
    chunk_samples = CHUNK
    slots = largest_batch = 4

    def __init__(self) -> None:
        self.chunks = np.zeros(self.slots, dtype=np.int64)
        self.fails = False

    def forget(self, slots: Integers) -> None:
        self.chunks[slots] = 0

    def step(
        self, slots: Integers, samples: Samples, count: Integers, is_last: Flags
    ) -> ChunkTokens:
        if self.fails:
            raise RuntimeError("the model broke")
        self.chunks[slots] += 1
        return ChunkTokens(self.chunks[slots][:, None], np.ones_like(slots))

    def text(self, ids: Sequence[int]) -> str:
        return "".join(str(i) for i in ids)
