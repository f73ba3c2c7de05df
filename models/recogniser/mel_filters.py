"""Mel filters and Whisper's frame sizes, shared by training (torch) and recognition (numpy)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE_HZ = 16_000
HOP_SAMPLES = 160
WINDOW_SAMPLES = 400
MEL_BANDS = 80


def mel_filters(bands: int = MEL_BANDS) -> NDArray[np.float32]:
    """Slaney's triangular filters, float32 (bands, 201)."""
    frequencies = np.linspace(0, SAMPLE_RATE_HZ / 2, WINDOW_SAMPLES // 2 + 1)
    edges = _mel_to_hz(np.linspace(0, _hz_to_mel(SAMPLE_RATE_HZ / 2), bands + 2))
    rising = (frequencies - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - frequencies) / np.diff(edges)[1:, None]
    weights = np.maximum(0, np.minimum(rising, falling))
    return np.asarray(weights * (2.0 / (edges[2:] - edges[:-2]))[:, None], np.float32)


def _hz_to_mel(hz: float) -> float:
    return 15.0 + 27.0 * float(np.log(hz / 1000.0) / np.log(6.4)) if hz >= 1000 else hz * 3 / 200


def _mel_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    linear = mel * 200 / 3
    return np.asarray(np.where(mel < 15, linear, 1000 * np.exp(np.log(6.4) / 27 * (mel - 15))))
