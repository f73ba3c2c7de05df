"""What a telephone does to speech: room, noise, narrow band, G.711 A-law, level.

Used to train the recogniser and to record the demo calls. Every function takes and returns
float32 (samples,) in [-1, 1].
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import signal

Samples = NDArray[np.float32]

_A_LAW = 87.6


def telephone_band(samples: Samples, rate_hz: int) -> Samples:
    """Keep 300 to 3400 Hz, the band of G.712."""
    sos = signal.butter(4, [300, 3400], btype="bandpass", fs=rate_hz, output="sos")
    return np.asarray(signal.sosfilt(sos, samples), np.float32)


def a_law_round_trip(samples: Samples) -> Samples:
    """Quantise to the 256 levels of G.711 A-law and back (ITU-T G.711, continuous form)."""
    x = np.clip(samples, -1, 1)
    magnitude = np.abs(x)
    knee = 1 + np.log(_A_LAW)
    compressed = np.where(
        magnitude < 1 / _A_LAW,
        _A_LAW * magnitude / knee,
        (1 + np.log(np.maximum(_A_LAW * magnitude, 1e-9))) / knee,
    )
    quantised = (np.floor(compressed * 127.999) + 0.5) / 128
    expanded = np.where(
        quantised < 1 / knee, quantised * knee / _A_LAW, np.exp(quantised * knee - 1) / _A_LAW
    )
    return np.asarray(np.sign(x) * expanded, np.float32)


def coloured_noise(count: int, slope: float, rng: np.random.Generator) -> Samples:
    """Noise of unit power whose power falls as frequency**-slope: 0 white, 1 pink, 2 brown."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    frequency = np.maximum(np.arange(spectrum.size), 1.0)
    noise = np.fft.irfft(spectrum * frequency ** (-slope / 2), count)
    return np.asarray(noise / (noise.std() + 1e-9), np.float32)


def add_noise(samples: Samples, noise: Samples, snr_db: float) -> Samples:
    """`noise` (same length, any level) mixed in `snr_db` below the speech."""
    speech_rms = float(np.sqrt(np.mean(samples**2))) + 1e-9
    noise_rms = float(np.sqrt(np.mean(noise**2))) + 1e-9
    return np.asarray(samples + noise * (speech_rms / noise_rms * 10 ** (-snr_db / 20)), np.float32)


def small_room(samples: Samples, rate_hz: int, rt60_s: float, rng: np.random.Generator) -> Samples:
    """A room's echo: direct sound and an exponentially decaying tail 12 dB below it."""
    count = max(8, int(rt60_s * rate_hz))
    tail = rng.standard_normal(count) * 10 ** (-3 * np.arange(count) / count)
    tail *= 0.25 / np.sqrt(np.sum(tail**2))
    tail[0] = 1.0
    return np.asarray(signal.fftconvolve(samples, tail)[: samples.size], np.float32)


def to_level(samples: Samples, level_dbfs: float) -> Samples:
    """Scale to an RMS level, never into clipping."""
    rms = float(np.sqrt(np.mean(samples**2))) + 1e-9
    peak = float(np.max(np.abs(samples), initial=0.0)) + 1e-9
    return np.asarray(samples * min(10 ** (level_dbfs / 20) / rms, 0.99 / peak), np.float32)
