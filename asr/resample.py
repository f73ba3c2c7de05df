"""Resampling a stream to the recogniser's rate without seams between its pieces."""

from __future__ import annotations

import numpy as np
import soxr

from asr.framing import FloatArray
from asr.types import SAMPLE_RATE_HZ


class StreamResampler:
    """Turns float32 (legs, samples) pieces at `source_rate_hz` into pieces at 16 kHz.

    The filter's state runs on from piece to piece, so that the result is the same
    however the stream was cut; its delay is taken out, so that times stay true.
    """

    def __init__(self, source_rate_hz: int, legs: int = 1) -> None:
        self._legs = legs
        self._stream: soxr.ResampleStream | None = None
        if source_rate_hz != SAMPLE_RATE_HZ:
            self._stream = soxr.ResampleStream(
                source_rate_hz, SAMPLE_RATE_HZ, legs, dtype="float32", quality="HQ"
            )

    def push(self, samples: FloatArray) -> FloatArray:
        """Return what `samples`, float32 (legs, n), brings out at 16 kHz (maybe nothing)."""
        return self._resample(samples, last=False)

    def flush(self) -> FloatArray:
        """Return what the filter still holds, at the end of the stream."""
        return self._resample(np.zeros((self._legs, 0), dtype=np.float32), last=True)

    def _resample(self, samples: FloatArray, *, last: bool) -> FloatArray:
        if self._stream is None:
            return samples
        # soxr takes a plain vector for one channel and (samples, channels) for more.
        piece = samples[0] if self._legs == 1 else np.ascontiguousarray(samples.T)
        resampled: FloatArray = self._stream.resample_chunk(piece, last=last)
        if self._legs == 1:
            return resampled[np.newaxis, :]
        return np.ascontiguousarray(resampled.T)
