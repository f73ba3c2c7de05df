"""Cutting a stream of arrays of any length into arrays of one length."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]


class Framer:
    """Hands back blocks of exactly `length` along the last axis, whatever was pushed.

    Arrays are float32 (samples,) or (legs, samples); the shape without the last axis
    must not change within a stream. What does not fill a block waits for the next push.
    """

    def __init__(self, length: int) -> None:
        if length < 1:
            raise ValueError(f"a block needs at least one sample, not {length}")
        self._length = length
        self._waiting: list[FloatArray] = []
        self._waiting_samples = 0

    def push(self, samples: FloatArray) -> Iterator[FloatArray]:
        """Take `samples` in and return an iterator over the blocks that are now full."""
        if samples.shape[-1]:
            self._waiting.append(samples)
            self._waiting_samples += samples.shape[-1]
        if self._waiting_samples < self._length:
            return iter(())
        joined = self._join()
        full = joined.shape[-1] // self._length * self._length
        # A copy: a view would keep the whole joined array alive.
        rest = joined[..., full:].copy()
        self._waiting = [rest] if rest.shape[-1] else []
        self._waiting_samples = rest.shape[-1]
        return (joined[..., start : start + self._length] for start in range(0, full, self._length))

    def flush(self) -> FloatArray | None:
        """Return what has not filled a block, None where nothing waits, and start anew."""
        if not self._waiting_samples:
            return None
        rest = self._join()
        self._waiting, self._waiting_samples = [], 0
        return rest

    def _join(self) -> FloatArray:
        if len(self._waiting) == 1:
            return self._waiting[0]
        return np.concatenate(self._waiting, axis=-1)
