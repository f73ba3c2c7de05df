"""Sounds without words: what is heard in them is invented.

Ten minutes each of line silence, room noise, ring-back tone and music on hold, made here so
that anybody can repeat the measurement.
"""

from __future__ import annotations

import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

RATE_HZ = 8_000
Sound = npt.NDArray[np.float64]

_RING_BACK_HZ = 450.0
_RING_ON_S, _RING_PERIOD_S = 1.0, 5.0
_NOTE_S = 0.25
_MELODY = (0, 4, 7, 12, 7, 4, 2, 5, 9, 14, 9, 5, -1, 2, 7, 11, 7, 2, 0, 4, 7, 4, 0, -5)
_BASS = (0, 5, 7, 0)


def silence(duration_s: float, chance: np.random.Generator) -> Sound:
    """Line silence: the last bit of the converter, now and then digital zero."""
    sound = chance.normal(0.0, 1.5 / 32768, int(duration_s * RATE_HZ))
    sound[(np.arange(len(sound)) // (20 * RATE_HZ)) % 2 == 1] = 0.0
    return sound


def room_noise(duration_s: float, chance: np.random.Generator) -> Sound:
    """Noise of a room and a street: falling with frequency, swelling, with knocks in it."""
    count = int(duration_s * RATE_HZ)
    spectrum = np.fft.rfft(chance.normal(size=count))
    hertz = np.fft.rfftfreq(count, 1 / RATE_HZ)
    sound = np.fft.irfft(spectrum / np.sqrt(np.maximum(hertz, 60.0)), count)
    time_s = np.arange(count) / RATE_HZ
    sound *= 0.6 + 0.4 * np.sin(2 * np.pi * time_s / 7.3)
    sound *= 0.03 / sound.std()
    for start in chance.integers(0, count - RATE_HZ, int(duration_s / 4)):
        knock = np.exp(-np.arange(800) / 120.0) * chance.normal(size=800)
        sound[start : start + 800] += 0.2 * knock
    return np.asarray(sound)


def ring_back(duration_s: float, chance: np.random.Generator) -> Sound:
    """The tone a caller hears before the answer: 450 Hz, one second in five (GB 3380)."""
    time_s = np.arange(int(duration_s * RATE_HZ)) / RATE_HZ
    tone = 0.15 * np.sin(2 * np.pi * _RING_BACK_HZ * time_s)
    tone[time_s % _RING_PERIOD_S >= _RING_ON_S] = 0.0
    return tone + chance.normal(0.0, 2.0 / 32768, len(tone))


def hold_music(duration_s: float, chance: np.random.Generator) -> Sound:
    """A tune of plucked notes over a bass, in the telephone band."""
    count = int(duration_s * RATE_HZ)
    sound = np.zeros(count + 2 * RATE_HZ)
    note = int(_NOTE_S * RATE_HZ)
    for number, start in enumerate(range(0, count, note)):
        transpose = (0, 0, 5, 7)[number // len(_MELODY) % 4]
        pitch = _MELODY[number % len(_MELODY)] + transpose
        _pluck(sound, start, 523.25 * 2 ** (pitch / 12), 0.10, decay_s=0.35)
        if number % 4 == 0:
            bass = _BASS[number // 4 % len(_BASS)] + transpose
            _pluck(sound, start, 130.81 * 2 ** (bass / 12), 0.12, decay_s=0.9)
    return sound[:count] + chance.normal(0.0, 2.0 / 32768, count)


def _pluck(sound: Sound, start: int, hertz: float, level: float, *, decay_s: float) -> None:
    time_s = np.arange(int(2 * decay_s * RATE_HZ)) / RATE_HZ
    partials = [k for k in range(1, 7) if k * hertz < RATE_HZ / 2]
    tone = sum(np.sin(2 * np.pi * k * hertz * time_s) / k**1.5 for k in partials)
    sound[start : start + len(time_s)] += level * np.exp(-time_s / decay_s * 3) * tone


SOUNDS: dict[str, Callable[[float, np.random.Generator], Sound]] = {
    "silence": silence,
    "noise": room_noise,
    "ring-back": ring_back,
    "hold music": hold_music,
}


def write_sound(path: Path, kind: str, duration_s: float, seed: int = 12345) -> None:
    """Write one kind of sound as a mono 16-bit WAV at 8 kHz."""
    sound = SOUNDS[kind](duration_s, np.random.default_rng(seed))
    pcm = np.clip(np.round(sound * 32767), -32768, 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(pcm.tobytes())
