"""The joints of streaming recognition: a model that steps, and a recogniser that calls use."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from asr.load import Admission
from asr.types import Samples

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ChunkTokens:
    """What a step heard: `ids` (batch, most), of which the first `count` (batch,) of a row."""

    ids: Integers
    count: Integers


class ChunkModel(Protocol):
    """A streaming model with a slot of state for each stream; touched by one thread only."""

    @property
    def name(self) -> str:
        """The model's name, as the transcript gives it."""

    @property
    def slots(self) -> int:
        """Streams that there is room for."""

    @property
    def chunk_samples(self) -> int:
        """Samples at 16 kHz that a stream advances by in a step."""

    @property
    def largest_batch(self) -> int:
        """Streams beyond which a batch gains nothing."""

    def forget(self, slots: Integers) -> None:
        """Make slots as new, for the next streams in them."""

    def step(
        self, slots: Integers, samples: Samples, count: Integers, is_last: Flags
    ) -> ChunkTokens:
        """Hear one chunk of each stream; no slot twice. Raises EngineError.

        `samples` is float32 (batch, chunk samples); `count` (batch,) of them are real,
        all but in a stream's last chunk.
        """

    def text(self, ids: Sequence[int]) -> str:
        """Return the text of a stream so far."""


@dataclass(frozen=True, slots=True)
class StreamText:
    """What a stream has said so far; what is there stays, and more may follow."""

    text: str
    is_last: bool


class RecogniserStream(Protocol):
    """One utterance or call on its way through a streaming recogniser."""

    def push(self, samples: Samples) -> None:
        """Take float32 (samples,) at 16 kHz; returns at once.

        Raises StreamClosedError after the end, CapacityError where too much waits,
        StreamError for what is no number, and what the stream has failed with.
        """

    def end(self) -> None:
        """Say that no more comes; what was said last is still heard."""

    def cancel(self) -> None:
        """Give the stream up and its slot back; safe at any time and more than once."""

    def __aiter__(self) -> AsyncIterator[StreamText]:
        """Yield the text whenever it has grown, and once at the end; raises EngineError."""


class StreamingRecogniser(Protocol):
    """What a live call has partial words from."""

    @property
    def name(self) -> str:
        """The model's name."""

    def admit(self) -> Admission:
        """Take one more call on; raises CapacityError."""

    def open(self) -> RecogniserStream:
        """Begin a stream for a call that was admitted; raises CapacityError."""
