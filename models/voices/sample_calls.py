"""Record a two-leg telephone call from a script: left the agent, right the citizen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from models.voices import telephone
from models.voices.kokoro import SAMPLE_RATE_HZ, Kokoro, Style
from models.voices.spoken import to_spoken

CALL_RATE_HZ = 8_000
CHANNELS = ("agent", "citizen")
LEAD_IN_MS = 400
SOUTHERN_SOUNDS = str.maketrans({"ꭧ": "ʦ", "ʂ": "s"})


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """legs: float32 (samples, 2) at 8 kHz, agent first; gold: the call's reference."""

    legs: NDArray[np.float32]
    gold: dict[str, Any]


def record_call(
    script: Mapping[str, Any], kokoro: Kokoro, styles: Mapping[str, Style], seed: int
) -> RecordedCall:
    """Speak every turn of `script`, place it on its leg and send both legs by telephone."""
    rng = np.random.default_rng(seed)
    spoken, turns, at_ms = [], [], LEAD_IN_MS
    for turn in script["turns"]:
        start_ms = max(0, at_ms + int(turn.get("after_ms", 0)))
        samples = _say(turn["text"], script[turn["channel"]], kokoro, styles)
        end_ms = start_ms + samples.size * 1000 // CALL_RATE_HZ
        spoken.append((turn["channel"], start_ms, samples))
        turns.append({"channel": turn["channel"], "start_ms": start_ms, "end_ms": end_ms,
                      "text": turn["text"]})  # fmt: skip
        at_ms = max(at_ms, end_ms) if turn.get("after_ms", 0) < 0 else end_ms
    duration_ms = max(turn["end_ms"] for turn in turns) + LEAD_IN_MS
    legs = np.zeros((duration_ms * CALL_RATE_HZ // 1000, 2), np.float32)
    for channel, start_ms, samples in spoken:
        start = start_ms * CALL_RATE_HZ // 1000
        legs[start : start + samples.size, CHANNELS.index(channel)] += samples
    legs[:, 0] = _agent_line(legs[:, 0], rng)
    legs[:, 1] = _citizen_line(legs[:, 1], float(script["citizen_snr_db"]), rng)
    gold = {
        "call_id": script["call_id"],
        "sample_rate": CALL_RATE_HZ,
        "channels": list(CHANNELS),
        "citizen_snr_db": script["citizen_snr_db"],
        "duration_ms": duration_ms,
        "turns": turns,
        **{k: script[k] for k in ("kind", "ticket", "caller", "qa", "callback") if k in script},
    }
    return RecordedCall(legs, gold)


def _say(
    text: str, person: Mapping[str, Any], kokoro: Kokoro, styles: Mapping[str, Style]
) -> NDArray[np.float32]:
    sounds = SOUTHERN_SOUNDS if person.get("southern") else None
    samples = kokoro.speak(to_spoken(text), styles[person["voice"]], person["speed"], sounds)
    return telephone.to_level(soxr.resample(samples, SAMPLE_RATE_HZ, CALL_RATE_HZ), -22)


def _agent_line(samples: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """A headset in an office: almost no noise."""
    hiss = telephone.coloured_noise(samples.size, 1.0, rng)
    quiet = telephone.add_noise(samples, hiss, 40)
    return telephone.telephone_band(quiet, CALL_RATE_HZ)


def _citizen_line(
    samples: NDArray[np.float32], snr_db: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """A mobile telephone in a room by a street: echo, and traffic that comes and goes."""
    echoed = telephone.small_room(samples, CALL_RATE_HZ, 0.25, rng)
    seconds = np.arange(samples.size) / CALL_RATE_HZ
    swell = 0.7 + 0.3 * np.sin(2 * np.pi * seconds / 6.5 + rng.uniform(0, 6))
    street = telephone.coloured_noise(samples.size, 1.3, rng) * swell.astype(np.float32)
    # The level of speech alone counts for the ratio, not the pauses in which the agent speaks.
    share_speaking = max(float(np.mean(np.abs(samples) > 0.005)), 0.05)
    noisy = telephone.add_noise(echoed, street, snr_db - 10 * float(np.log10(share_speaking)))
    return telephone.telephone_band(noisy, CALL_RATE_HZ)
