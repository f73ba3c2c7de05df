"""Audio of all streams that waits to be heard, in one array that a batch is gathered from."""

from __future__ import annotations

import numpy as np

from asr.streaming.contract import Flags, Integers
from asr.types import Samples


class WaitingAudio:
    """A ring of whole chunks for each slot: float32 (slots, chunks, chunk samples).

    A stream is written on one thread and read on another; a chunk is read only after it
    is full or the last, and its place is written again only after it was taken.
    """

    def __init__(self, slots: int, chunks: int, chunk_samples: int) -> None:
        self._audio = np.zeros((slots, chunks, chunk_samples), dtype=np.float32)
        self._chunks = chunks
        self._chunk_samples = chunk_samples
        self._written = np.zeros(slots, dtype=np.int64)
        self._taken = np.zeros(slots, dtype=np.int64)
        """Chunks."""

    def clear(self, slot: int) -> None:
        """Make a slot as new."""
        self._written[slot] = self._taken[slot] = 0

    def room(self, slot: int) -> int:
        """Samples that can still be written."""
        end = (int(self._taken[slot]) + self._chunks) * self._chunk_samples
        return end - int(self._written[slot])

    def has_chunk(self, slots: int | Integers) -> Flags:
        """Whether a whole chunk waits, for each slot."""
        whole: Flags = self._written[slots] // self._chunk_samples > self._taken[slots]
        return whole

    def write(self, slot: int, samples: Samples) -> int:
        """Append samples, of which there must be room for all; return the chunks they filled."""
        at = int(self._written[slot])
        ring = self._audio[slot].reshape(-1)
        place = at % len(ring)
        head = min(len(samples), len(ring) - place)
        ring[place : place + head] = samples[:head]
        ring[: len(samples) - head] = samples[head:]
        self._written[slot] = at + len(samples)
        return (at + len(samples)) // self._chunk_samples - at // self._chunk_samples

    def take(self, slots: Integers) -> tuple[Samples, Integers]:
        """Return the oldest chunk of each slot, (batch, chunk samples), and its samples."""
        places = self._taken[slots] % self._chunks
        count = self._written[slots] - self._taken[slots] * self._chunk_samples
        samples: Samples = self._audio[slots, places]
        self._taken[slots] += 1
        return samples, np.minimum(count, self._chunk_samples)
