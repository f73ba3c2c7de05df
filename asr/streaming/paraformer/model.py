"""Batched streaming Paraformer: chunks of some streams in, their tokens out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from asr.errors import EngineUnavailableError
from asr.streaming.paraformer.checkpoint import build, read_checkpoint
from asr.streaming.paraformer.config import UNBOUNDED, ChunkConfig
from asr.streaming.paraformer.fixed_steps import BATCH_SIZES, FixedSteps
from asr.streaming.paraformer.network import ChunkBatch, Encoded

Precision = Literal["float32", "bfloat16"]

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


@dataclass(frozen=True, slots=True)
class Decoded:
    """Tokens of a batch: `ids` int64 (heard, most), of which the first `count` of a row are real.

    `index` int64 (heard,) says which rows of the batch had tokens at all; `logits` is
    float32 (heard, most, vocabulary).
    """

    index: Tensor
    ids: Tensor
    count: Tensor
    logits: Tensor


class StreamingParaformer:
    """The network, and a slot of state for each of `slots` streams."""

    def __init__(
        self,
        folder: Path,
        *,
        slots: int,
        chunk: ChunkConfig | None = None,
        device: str = "cpu",
        precision: Precision = "float32",
        fixed_sizes: Sequence[int] | None = None,
    ) -> None:
        """Load a checkpoint; raises EngineUnavailableError.

        With `fixed_sizes`, batches are filled up to one of them. A CUDA device takes
        those of `BATCH_SIZES` without being told, and captures each as a graph.
        """
        self.chunk = chunk or ChunkConfig()
        self.device = _device(device)
        checkpoint = read_checkpoint(folder)
        self.config = checkpoint.config
        self.tokens = checkpoint.tokens
        self.network = build(checkpoint, self.chunk, self.device, _DTYPES[precision])
        self.slots = self.network.slots(slots)
        self._steps = np.zeros(slots + 1, dtype=np.int64)
        if fixed_sizes is None and self.device.type == "cuda":
            fixed_sizes = BATCH_SIZES
        is_bounded = self.chunk.encoder_look_back != UNBOUNDED
        self._fixed = None
        if fixed_sizes and is_bounded:
            self._fixed = FixedSteps(self.network, self.slots, fixed_sizes)
            with torch.inference_mode():
                self._fixed.prepare()

    @property
    def largest_fixed(self) -> int | None:
        """The largest batch that runs at a fixed size, None where sizes are free."""
        return self._fixed.largest if self._fixed is not None else None

    @torch.inference_mode()
    def step(self, batch: ChunkBatch) -> Decoded:
        """Take one chunk of each stream of the batch; a slot may be in it only once."""
        self._make_room(batch)
        fixed = self._fixed if self._fixed and len(batch.rows) <= self._fixed.largest else None
        encoded = fixed.encode(batch) if fixed else self.network.encode(batch, self.slots)
        heard = encoded.fired.count.nonzero().squeeze(1)
        count = encoded.fired.count[heard]
        most = int(count.max()) if len(heard) else 0
        if not most:
            empty = count.new_zeros(0, 0)
            return Decoded(heard, empty, count, torch.zeros(0, 0, len(self.tokens)))
        tokens = encoded.fired.tokens[heard, :most]
        rows, frames = _rows(batch, heard), _frames(encoded, heard)
        if fixed:
            logits = fixed.decode(rows, frames, tokens, count)
        else:
            logits = self.network.decode(rows, frames, tokens, count, self.slots).float()
        return Decoded(heard, logits.argmax(dim=2), count, logits)

    @torch.inference_mode()
    def forget(self, slots: Tensor) -> None:
        """Make slots int64 (some,) as new."""
        self.slots.forget(slots)
        self._steps[slots.cpu().numpy()] = 0

    def _make_room(self, batch: ChunkBatch) -> None:
        """Grow an unbounded look-back where one of the streams has come to its end."""
        if self.chunk.encoder_look_back == UNBOUNDED:
            rows = batch.rows.cpu().numpy()
            self.slots.make_room(int(self._steps[rows].max(initial=0)))
            self._steps[rows] += 1


def _rows(batch: ChunkBatch, index: Tensor) -> ChunkBatch:
    return ChunkBatch(
        batch.rows[index], batch.samples[index], batch.count[index], batch.is_last[index]
    )


def _frames(encoded: Encoded, index: Tensor) -> Encoded:
    return Encoded(encoded.frames[index], encoded.is_real[index], encoded.fired)


def _device(name: str) -> torch.device:
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise EngineUnavailableError(
            "no CUDA device can be used here; choose the device cpu or check the driver"
        )
    if name.startswith("cuda"):
        # Convolutions in TF32 would move the ends of tokens: float32 is to be float32.
        torch.backends.cudnn.allow_tf32 = False
    return torch.device(name)
