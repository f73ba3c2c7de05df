"""The state of all streams, a slot each, as tensors that a batch reads and writes by index."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from asr.streaming.paraformer.config import UNBOUNDED, ChunkConfig, ParaformerConfig
from asr.streaming.paraformer.frontend import CARRIED_SAMPLES
from asr.streaming.paraformer.ring import LookBackRing
from asr.streaming.paraformer.token_memory import TokenMemory


@dataclass(frozen=True, slots=True)
class SlotShape:
    """What the state of a stream is as large as."""

    config: ParaformerConfig
    chunk: ChunkConfig
    remembering_blocks: int


class Slots:
    """State of `count` streams, and one slot more that takes what nobody wants to keep."""

    def __init__(self, count: int, shape: SlotShape, device: torch.device, dtype: torch.dtype):
        self.count = count
        config, chunk = shape.config, shape.chunk
        rows = count + 1
        width = config.encoder.width
        like = torch.zeros(0, device=device, dtype=dtype)
        exact = torch.zeros(0, device=device)
        past, size, ahead = chunk.size
        self.seen = torch.zeros(rows, dtype=torch.int64, device=device)
        """Encoder frames a stream has had, without the look-ahead of its first chunk."""
        self.samples = exact.new_zeros(rows, CARRIED_SAMPLES)
        self.features = exact.new_zeros(rows, past + ahead, config.encoder.input_width)
        """Features that the next chunk begins with, scaled and with their places added."""
        self.weight = exact.new_zeros(rows)
        self.frame = exact.new_zeros(rows, width)
        back = chunk.encoder_look_back
        self.encoder = (
            LookBackRing(
                config.encoder.blocks, rows,
                kept=None if back == UNBOUNDED else back * size,
                added=past + size, width=width, trims_first=False, like=like,
            )
            if back else None
        )  # fmt: skip
        self.decoder = (
            LookBackRing(
                config.decoder.attending_blocks, rows,
                kept=chunk.decoder_look_back * size,
                added=chunk.frames, width=width, trims_first=True, like=like,
            )
            if chunk.decoder_look_back else None
        )  # fmt: skip
        self.tokens = TokenMemory(
            shape.remembering_blocks, rows, config.decoder.kernel, width, like
        )

    @property
    def scratch(self) -> int:
        """The slot that is written to where nothing is to be kept."""
        return self.count

    @property
    def bytes_per_slot(self) -> int:
        """Memory that one stream takes."""
        rings = [r for r in (self.encoder, self.decoder) if r is not None]
        tensors = [self.samples, self.features, self.frame, self.tokens.kept]
        tensors += [side for ring in rings for side in (ring.keys, ring.values)]
        return sum(t.numel() * t.element_size() for t in tensors) // (self.count + 1)

    def forget(self, slots: Tensor) -> None:
        """Make slots int64 (some,) as new, for the next streams."""
        for state in (self.seen, self.samples, self.features, self.weight, self.frame):
            state[slots] = 0
        for ring in (self.encoder, self.decoder):
            if ring is not None:
                ring.forget(slots)
        self.tokens.forget(slots)

    def make_room(self, steps: int) -> None:
        """Grow an unbounded look-back until a stream that has made `steps` can make one more."""
        while self.encoder is not None and not self.encoder.has_room(steps):
            self.encoder.grow()
