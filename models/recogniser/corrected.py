"""Recordings with corrected transcripts as a training corpus: one clip for each utterance.

A folder holds `NAME.wav` (or .flac) and beside it `NAME.json`, the result of `jiesu process
--json` in which a person has put the utterances' texts right.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from models.errors import TrainingDataError
from models.voices.corpus import CLIP_RATE_HZ, LONGEST_CLIP_S, Clip
from models.voices.spoken import to_spoken

_SHORTEST_CLIP_S = 0.4
_SUFFIXES = (".wav", ".flac")
_LEGS = ("agent", "citizen")


@dataclass(frozen=True, slots=True)
class CorrectedUtterance:
    """What was said from `start_ms` to `end_ms` of a leg, as a person wrote it."""

    channel: str
    start_ms: int
    end_ms: int
    text: str


def cut_recordings(folder: Path, out: Path, agent_side: str = "left") -> list[Clip]:
    """Write a clip of each corrected utterance and the corpus's manifest; returns the clips.

    Mono recordings give their one channel, two-leg ones the speaker's (`agent_side` is the
    agent's, left or right). Raises
    TrainingDataError where nothing can be used, naming the file.
    """
    out.mkdir(parents=True, exist_ok=True)
    clips = [clip for audio in _recordings(folder) for clip in _cut(audio, out, agent_side)]
    if not clips:
        raise TrainingDataError(
            f"{folder} holds no recording with a corrected transcript beside it "
            "(NAME.wav and NAME.json as `jiesu process --json` writes it)"
        )
    lines = (json.dumps(asdict(clip), ensure_ascii=False) + "\n" for clip in clips)
    (out / "manifest-0.jsonl").write_text("".join(lines), encoding="utf-8")
    return clips


def read_corrected(path: Path) -> list[CorrectedUtterance]:
    """Return the utterances of a result; raises TrainingDataError."""
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
        return [
            CorrectedUtterance(u["channel"], int(u["start_ms"]), int(u["end_ms"]), str(u["text"]))
            for u in result["transcript"]["utterances"]
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingDataError(
            f"{path} is no result of `jiesu process --json`: {error}"
        ) from error


def _recordings(folder: Path) -> Iterator[Path]:
    for audio in sorted(p for p in folder.glob("*") if p.suffix in _SUFFIXES):
        if audio.with_suffix(".json").is_file():
            yield audio
        else:
            print(f"{audio.name}: no corrected transcript beside it, left out", file=sys.stderr)


def _cut(audio: Path, out: Path, agent_side: str) -> Iterator[Clip]:
    utterances = read_corrected(audio.with_suffix(".json"))
    try:
        samples, rate_hz = soundfile.read(audio, dtype="float32", always_2d=True)
    except (OSError, soundfile.SoundFileError) as error:
        raise TrainingDataError(f"{audio} cannot be read: {error}") from error
    for number, utterance in enumerate(utterances):
        leg = _leg(samples, utterance.channel, agent_side)
        part = leg[utterance.start_ms * rate_hz // 1000 : utterance.end_ms * rate_hz // 1000]
        clip = np.asarray(soxr.resample(part, rate_hz, CLIP_RATE_HZ), np.float32)
        seconds = round(clip.size / CLIP_RATE_HZ, 2)
        if utterance.text.strip() and _SHORTEST_CLIP_S <= seconds <= LONGEST_CLIP_S:
            name = f"{audio.stem}-{number:04d}.flac"
            soundfile.write(out / name, clip, CLIP_RATE_HZ, subtype="PCM_16")
            spoken = to_spoken(utterance.text)
            yield Clip(name, utterance.text, spoken, f"{audio.stem}-{utterance.channel}", seconds)


def _leg(samples: NDArray[np.float32], channel: str, agent_side: str) -> NDArray[np.float32]:
    if samples.shape[1] == 1:
        return samples[:, 0]
    side = _LEGS.index(channel) if channel in _LEGS else 1
    return samples[:, side if agent_side == "left" else 1 - side]
