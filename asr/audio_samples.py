"""Decoded frames as float32 arrays, whatever number format the codec speaks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame

from asr.framing import FloatArray

MAX_LEVEL = 4.0
"""12 dB above full scale; a float beyond it is damage, not loudness."""


def frame_to_float(frame: AudioFrame) -> FloatArray:
    """Return `frame` as float32 (channels, samples), full scale 1.0, nothing clipped.

    Raises ValueError for a number format that NumPy is not given (64-bit integers).
    """
    raw: npt.NDArray[np.generic] = frame.to_ndarray()
    if not frame.format.is_planar:
        raw = raw.reshape(-1, frame.layout.nb_channels).T
    if raw.dtype == np.uint8:
        return (raw.astype(np.float32) - np.float32(128)) / np.float32(128)
    if raw.dtype == np.int16:
        return raw.astype(np.float32) / np.float32(2**15)
    if raw.dtype == np.int32:
        return raw.astype(np.float32) / np.float32(2**31)
    with np.errstate(over="ignore"):
        return raw.astype(np.float32)


def zero_unusable(samples: FloatArray) -> tuple[FloatArray, int]:
    """Set NaN, infinity and levels beyond `MAX_LEVEL` to zero; return the array and how many."""
    usable = np.abs(samples) <= MAX_LEVEL
    unusable = usable.size - int(np.count_nonzero(usable))
    if not unusable:
        return samples, 0
    return np.where(usable, samples, np.float32(0)), unusable
