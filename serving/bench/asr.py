"""`jiesu bench asr`: recognition and what follows from it, from recordings to figures."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from asr.audio import open_recording
from asr.recogniser import Recogniser
from asr.session import transcribe_recording
from serving.bench.calls import call_figures, measure_calls
from serving.bench.clips import clip_figures, measure_clips
from serving.bench.invented import SOUNDS, write_sound
from serving.bench.memory import long_figures, measure_long_recording
from serving.bench.mono import measure_mixes, mix_figures
from serving.bench.report import Figure, Goal
from serving.errors import BenchError
from serving.pipeline import Pipeline

OnPart = Callable[[str, int, int], None]
"""Takes what is being measured, how far it is, and how far it goes."""

_INVENTED_S = 600.0


def bench_asr(
    pipeline: Pipeline,
    data: Path,
    on_part: OnPart,
    *,
    parts: Iterable[str] = ("clips", "calls", "mono", "invented"),
) -> list[Figure]:
    """Measure `parts` (clips, calls, mono, invented) on the data set at `data`.

    Raises `BenchError` when the data set is not there.
    """
    figures: list[Figure] = []
    for part in parts:
        match part:
            case "clips":
                folder = _folder(data / "speech")
                clips = measure_clips(
                    pipeline.recogniser, folder, lambda at, of: on_part("clips", at, of)
                )
                figures += clip_figures(clips)
            case "calls":
                folder = _folder(data / "calls")
                calls = measure_calls(pipeline, folder, lambda at, of: on_part("calls", at, of))
                figures += call_figures(calls)
            case "mono":
                folder = _folder(data / "calls")
                mixes = measure_mixes(pipeline, folder, lambda at, of: on_part("mono", at, of))
                figures += mix_figures(mixes)
            case "invented":
                figures += invented_figures(pipeline.recogniser, on_part)
    return figures


def bench_memory(data: Path, hours: float, engine: str) -> list[Figure]:
    """Measure `process` on a recording of `hours` made of the data set's calls."""
    with tempfile.TemporaryDirectory(prefix="jiesu-bench-") as work:
        run = measure_long_recording(_folder(data / "calls"), Path(work), hours, engine)
    return long_figures(run)


def invented_figures(
    recogniser: Recogniser, on_part: OnPart, duration_s: float = _INVENTED_S
) -> list[Figure]:
    """Count the characters heard in sounds without words, `duration_s` of each kind."""
    figures = []
    with tempfile.TemporaryDirectory(prefix="jiesu-bench-") as work:
        for number, kind in enumerate(SOUNDS, start=1):
            path = Path(work) / "sound.wav"
            write_sound(path, kind, duration_s)
            with open_recording(path) as recording:
                transcript = transcribe_recording(recording, recogniser)
            characters = sum(len(u.text) for u in transcript.utterances)
            of = f"{duration_s:g} s"
            figures.append(
                Figure(f"characters invented on {kind}", characters, "count", of, Goal("<=", 0))
            )
            on_part("invented", number, len(SOUNDS))
    return figures


def _folder(folder: Path) -> Path:
    if not folder.is_dir():
        raise BenchError(f"{folder} is not there; name the data set's folder with --data")
    return folder
