"""Two-leg calls mixed down to one channel: how much of the speech goes to the wrong speaker."""

from __future__ import annotations

import json
import tempfile
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from asr.audio import open_recording
from asr.types import SAMPLE_RATE_HZ, Transcript
from serving.bench.report import Figure
from serving.pipeline import Pipeline


@dataclass(frozen=True, slots=True)
class MeasuredMix:
    """Milliseconds of a call's speech that were heard, and those given to the wrong speaker."""

    heard_ms: int
    confused_ms: int


def measure_mixes(
    pipeline: Pipeline, folder: Path, on_call: Callable[[int, int], None]
) -> list[MeasuredMix]:
    """Mix every call of a folder (`*.wav`, the truth in `*.json` beside it), and transcribe it."""
    paths = sorted(folder.glob("*.wav"))
    measured = []
    with tempfile.TemporaryDirectory(prefix="jiesu-bench-") as work:
        mixed = Path(work) / "mixed.wav"
        for number, path in enumerate(paths, start=1):
            gold = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
            mix_down(path, mixed)
            measured.append(_confusion(gold["turns"], pipeline.listen(mixed)))
            on_call(number, len(paths))
    return measured


def mix_figures(measured: list[MeasuredMix]) -> list[Figure]:
    """Return the share of speech with the wrong speaker."""
    heard = sum(mix.heard_ms for mix in measured)
    confused = sum(mix.confused_ms for mix in measured)
    of = f"{len(measured)} calls mixed to mono, {heard / 1000:.0f} s of speech"
    return [Figure("speech with the wrong speaker", 100 * confused / max(heard, 1), "%", of)]


def mix_down(source: Path, target: Path) -> None:
    """Write the mean of a recording's legs as one channel, 16 kHz, 16 bit."""
    with open_recording(source) as recording, wave.open(str(target), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        for block in recording:
            mixed = np.mean(block, axis=0)
            pcm = np.clip(np.round(mixed * 32767), -32768, 32767)
            file.writeframes(pcm.astype("<i2").tobytes())


def _confusion(turns: list[dict[str, Any]], transcript: Transcript) -> MeasuredMix:
    heard = confused = 0
    for utterance in transcript.utterances:
        for turn in turns:
            shared = min(utterance.end_ms, turn["end_ms"]) - max(
                utterance.start_ms, turn["start_ms"]
            )
            heard += max(shared, 0)
            confused += max(shared, 0) if turn["channel"] != utterance.channel else 0
    return MeasuredMix(heard, confused)
