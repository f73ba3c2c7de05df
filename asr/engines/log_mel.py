"""Whisper's log-mel features in numpy, for a batch of utterances of one padded length.

The definition is that of Radford et al. 2022 (25 ms windows, 10 ms hop, 80 Slaney bands,
8 decades of dynamic range below the loudest bin).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from asr.types import SAMPLE_RATE_HZ, Samples
from models.recogniser.mel_filters import HOP_SAMPLES, MEL_BANDS, WINDOW_SAMPLES, mel_filters

FRAMES_PER_S = SAMPLE_RATE_HZ // HOP_SAMPLES

_HALF = WINDOW_SAMPLES // 2
_FLOOR = 1e-10
_RANGE_DECADES = 8.0


class LogMel:
    """Turns utterances into the features a Whisper encoder takes."""

    def __init__(self) -> None:
        self._filters = mel_filters()
        self._window = np.hanning(WINDOW_SAMPLES + 1)[:-1].astype(np.float32)

    def batch(self, utterances: Sequence[Samples], frames: int) -> npt.NDArray[np.float32]:
        """Return float32 (batch, 80, frames); each utterance is zero-padded or cut to `frames`."""
        features = np.empty((len(utterances), MEL_BANDS, frames), dtype=np.float32)
        for row, samples in zip(features, utterances, strict=True):
            row[:] = self._one(samples[: frames * HOP_SAMPLES], frames)
        return features

    def _one(self, samples: Samples, frames: int) -> npt.NDArray[np.float32]:
        padded = np.zeros(frames * HOP_SAMPLES + WINDOW_SAMPLES, dtype=np.float32)
        padded[_HALF : _HALF + len(samples)] = samples
        head = samples[1 : _HALF + 1][::-1]
        padded[_HALF - len(head) : _HALF] = head
        # Frames past the sound are silence; they need no transform.
        sounding = min(frames, (len(samples) + WINDOW_SAMPLES) // HOP_SAMPLES + 1)
        windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW_SAMPLES)
        spectrum = np.fft.rfft(windows[::HOP_SAMPLES][:sounding] * self._window, axis=-1)
        power = np.square(np.abs(spectrum)).astype(np.float32)
        decades = np.full((MEL_BANDS, frames), np.log10(_FLOOR), dtype=np.float32)
        decades[:, :sounding] = np.log10(np.maximum(self._filters @ power.T, _FLOOR))
        limited: npt.NDArray[np.float32] = np.maximum(decades, decades.max() - _RANGE_DECADES)
        return (limited + 4.0) / 4.0
