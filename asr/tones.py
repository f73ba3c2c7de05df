"""Signals of the line that a voice detector may take for vowels: keys, dial and busy tones."""

from __future__ import annotations

import numpy as np

from asr.types import Samples

_FRAME_SAMPLES = 512
_PEAKS = 2
_PEAK_BINS = 2
_LOUD_SHARE = 0.01
_QUARTER_PURITY = 0.9
_MEDIAN_PURITY = 0.99
"""Pressed keys reach 0.999; no utterance of 306 measured ones got beyond 0.96."""


def is_line_signal(samples: Samples) -> bool:
    """Return whether float32 (n,) at 16 kHz is made of one or two pure tones at a time.

    Looks at how much of each loud frame's power lies in its two strongest peaks: nearly
    all for signals of the line, less for any voice, whose harmonics are more than two.
    """
    frames = samples[: len(samples) // _FRAME_SAMPLES * _FRAME_SAMPLES]
    frames = frames.reshape(-1, _FRAME_SAMPLES)
    if not len(frames):
        return False
    energy = np.mean(np.square(frames), axis=1)
    loud = frames[energy > _LOUD_SHARE * energy.max()]
    if not len(loud):
        return False
    power = np.square(np.abs(np.fft.rfft(loud * np.hanning(_FRAME_SAMPLES), axis=1)))
    total = power.sum(axis=1)
    bins = np.arange(power.shape[1])
    for _ in range(_PEAKS):
        peak = power.argmax(axis=1)[:, np.newaxis]
        power[np.abs(bins - peak) <= _PEAK_BINS] = 0.0
    purity = 1.0 - power.sum(axis=1) / (total + 1e-12)
    quarter, median = np.percentile(purity, [25, 50])
    return bool(quarter >= _QUARTER_PURITY and median >= _MEDIAN_PURITY)
