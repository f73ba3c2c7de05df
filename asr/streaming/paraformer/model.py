"""Batched streaming Paraformer: chunks of some streams in, their tokens out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from asr.errors import EngineUnavailableError
from asr.streaming.paraformer.checkpoint import build, read_checkpoint
from asr.streaming.paraformer.config import ChunkConfig
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
    ) -> None:
        """Load a checkpoint; raises EngineUnavailableError."""
        self.chunk = chunk or ChunkConfig()
        self.device = _device(device)
        checkpoint = read_checkpoint(folder)
        self.config = checkpoint.config
        self.tokens = checkpoint.tokens
        self.network = build(checkpoint, self.chunk, self.device, _DTYPES[precision])
        self.slots = self.network.slots(slots)

    @torch.inference_mode()
    def step(self, batch: ChunkBatch) -> Decoded:
        """Take one chunk of each stream of the batch; a slot may be in it only once."""
        encoded = self.network.encode(batch, self.slots)
        heard = encoded.fired.count.nonzero().squeeze(1)
        count = encoded.fired.count[heard]
        most = int(count.max()) if len(heard) else 0
        if not most:
            empty = count.new_zeros(0, 0)
            return Decoded(heard, empty, count, encoded.frames.new_zeros(0, 0, len(self.tokens)))
        tokens = encoded.fired.tokens[heard, :most]
        logits = self.network.decode(
            _rows(batch, heard), _frames(encoded, heard), tokens, count, self.slots
        ).float()
        return Decoded(heard, logits.argmax(dim=2), count, logits)

    @torch.inference_mode()
    def forget(self, slot: int) -> None:
        """Make a slot as new."""
        self.slots.forget(slot)


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
    return torch.device(name)
