"""What simulated legs say: recordings, or a sound made here that is as much work as speech."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from asr.audio import open_recording
from asr.types import SAMPLE_RATE_HZ, Samples
from serving.errors import BenchError

_PATTERNS = ("*.wav", "*.flac", "*.mp3", "*.m4a", "*.ogg")


def leg_sounds(legs: int, seconds: float, recordings: Path | None = None) -> list[Samples]:
    """Return float32 (samples,) at 16 kHz for each leg, each from another place.

    Raises BenchError where the folder of recordings holds none.
    """
    length = round(seconds * SAMPLE_RATE_HZ)
    if recordings is None:
        return [_made_up(length, seed) for seed in range(legs)]
    said = _said_in(recordings, (legs + 1) * length)
    starts = np.linspace(0, max(len(said) - length, 0), legs).astype(int)
    repeated = np.resize(said, max(len(said), length))
    return [repeated[start : start + length] for start in starts]


def _said_in(folder: Path, enough: int) -> Samples:
    found = sorted(path for pattern in _PATTERNS for path in folder.rglob(pattern))
    parts: list[Samples] = []
    for path in found:
        with open_recording(path) as recording:
            parts += [block[-1] for block in recording]
        if sum(len(part) for part in parts) >= enough:
            break
    if not parts:
        raise BenchError(f"{folder} holds no recordings; give a folder with WAV, FLAC or MP3 files")
    return np.concatenate(parts)


def _made_up(length: int, seed: int) -> Samples:
    """Noise that swells like syllables, over a gliding tone."""
    chance = np.random.default_rng(seed)
    time_s = np.arange(length) / SAMPLE_RATE_HZ
    swell = 0.2 + np.abs(np.sin(2 * np.pi * chance.uniform(1.5, 2.5) * time_s))
    glide = np.cumsum(140 + 40 * np.sin(2 * np.pi * chance.uniform(0.2, 0.6) * time_s))
    voiced = np.sin(2 * np.pi * glide / SAMPLE_RATE_HZ)
    sound: Samples = (swell * (chance.normal(0, 0.03, length) + 0.05 * voiced)).astype(np.float32)
    return sound
