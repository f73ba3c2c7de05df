"""Streaming Paraformer as a `asr.streaming.contract.ChunkModel`: arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from asr.errors import EngineError
from asr.streaming.contract import ChunkTokens, Flags, Integers
from asr.streaming.paraformer.config import ChunkConfig
from asr.streaming.paraformer.model import Precision, StreamingParaformer
from asr.streaming.paraformer.network import ChunkBatch
from asr.streaming.vocabulary import Vocabulary
from asr.types import Samples

_LARGEST_BATCH_CPU = 32


class ParaformerChunks:
    """Owns the device; everything but `text` is called by one thread."""

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        slots: int,
        chunk: ChunkConfig | None = None,
        device: str = "cpu",
        precision: Precision = "float32",
        threads: int = 0,
    ) -> None:
        """Load a checkpoint; `threads` 0 leaves PyTorch's own. Raises EngineUnavailableError."""
        if threads:
            torch.set_num_threads(threads)
        self.name = name
        self.slots = slots
        self.model = StreamingParaformer(
            folder, slots=slots, chunk=chunk, device=device, precision=precision
        )
        config = self.model.config
        self._vocabulary = Vocabulary(self.model.tokens, (config.blank, config.start, config.end))

    @property
    def chunk_samples(self) -> int:
        """Samples at 16 kHz that a stream advances by in a step."""
        return self.model.chunk.samples

    @property
    def largest_batch(self) -> int:
        """Streams beyond which a batch gains nothing."""
        return self.model.largest_fixed or _LARGEST_BATCH_CPU

    def forget(self, slots: Integers) -> None:
        """Make slots as new, for the next streams in them."""
        self.model.forget(torch.from_numpy(slots).to(self.model.device))

    def step(
        self, slots: Integers, samples: Samples, count: Integers, is_last: Flags
    ) -> ChunkTokens:
        """Hear one chunk of each stream; see the contract."""
        batch = ChunkBatch(*(self._moved(x) for x in (slots, samples, count, is_last)))
        try:
            heard = self.model.step(batch)
            ids = heard.ids.cpu().numpy()
            index = heard.index.cpu().numpy()
            lengths = heard.count.cpu().numpy()
        except (RuntimeError, MemoryError) as error:
            raise EngineError(
                f"streaming Paraformer failed on a batch of {len(slots)} ({error}); "
                "if memory ran out, allow fewer streams"
            ) from error
        tokens = ChunkTokens(
            np.zeros((len(slots), ids.shape[1]), dtype=np.int64),
            np.zeros(len(slots), dtype=np.int64),
        )
        tokens.ids[index] = ids
        tokens.count[index] = lengths
        return tokens

    def text(self, ids: Sequence[int]) -> str:
        """Return the text of a stream so far."""
        return self._vocabulary.text(ids)

    def _moved(self, array: Samples | Integers | Flags) -> Tensor:
        tensor = torch.from_numpy(array)
        if self.model.device.type == "cpu":
            return tensor
        return tensor.pin_memory().to(self.model.device, non_blocking=True)
