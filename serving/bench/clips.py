"""Single utterances read or spoken into a microphone, held against their references."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from asr.audio import open_recording
from asr.error_rate import ErrorCount, count_errors
from asr.recogniser import Recogniser
from asr.session import transcribe_recording
from serving.bench.report import Figure, Goal

_HUMAN = "aishell_sample"
_NAMES = {"chuan": "Sichuanese", "yue": "Cantonese", "wu": "Wu", "wenet_test": "WenetSpeech"}


@dataclass(frozen=True, slots=True)
class MeasuredClip:
    """The character errors of one clip of a set."""

    set_name: str
    errors: ErrorCount


def measure_clips(
    recogniser: Recogniser, folder: Path, on_clip: Callable[[int, int], None]
) -> list[MeasuredClip]:
    """Recognise every clip that `folder/manifest.jsonl` names, endpointing included."""
    text = (folder / "manifest.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    measured: list[MeasuredClip] = []
    for number, row in enumerate(rows, start=1):
        with open_recording(folder / row["audio"]) as recording:
            transcript = transcribe_recording(recording, recogniser)
        heard = "".join(u.text for u in transcript.utterances)
        measured.append(MeasuredClip(row["set"], count_errors(row["text"], heard)))
        on_clip(number, len(rows))
    return measured


def clip_figures(measured: Sequence[MeasuredClip]) -> list[Figure]:
    """Return the character error rate of each set; only AISHELL's references are human."""
    figures = []
    for name in dict.fromkeys(clip.set_name for clip in measured):
        clips = [clip.errors for clip in measured if clip.set_name == name]
        total = sum(clips, ErrorCount())
        human = name == _HUMAN
        of = f"{len(clips)} clips, {total.length} characters"
        figures.append(
            Figure(
                f"CER {'AISHELL' if human else _NAMES.get(name, name)} clips",
                100 * total.rate,
                "%",
                of if human else f"{of}, references by machine",
                Goal("<=", 12) if human else None,
                "16.5% whisper-base beam 5" if human else "",
            )
        )
    return figures
