"""Speak a training corpus: `python -m models.voices.corpus --data ../shared/data --kokoro DIR OUT`.

Each clip has its own synthetic speaker and one sentence of two to ten seconds, stored as clean
16 kHz FLAC; the telephone is added while training, differently on every pass. Clip n of a seed is
always the same one, so a run that was stopped continues where it was, and several processes can
share a corpus by `--shard 0/2`, `--shard 1/2`.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from models.voices.hotline_texts import mix_sentences
from models.voices.kokoro import SAMPLE_RATE_HZ, Kokoro, Style, load_styles
from models.voices.speakers import draw_speaker
from models.voices.spoken import to_spoken
from models.voices.telephone import to_level

CLIP_RATE_HZ = 16_000
LONGEST_CLIP_S = 12.0


@dataclass(frozen=True, slots=True)
class Clip:
    """One line of a corpus manifest: text as written, as said, who said it, where it lies."""

    audio: str
    text: str
    spoken: str
    speaker: str
    seconds: float


def training_texts(data: Path) -> tuple[list[str], list[str], list[str]]:
    """Ticket texts, place names and general texts; train rows only."""
    tickets = _rows(data / "haikou_tickets.train.jsonl.gz")
    places = {
        str(row.get(key, "")) for row in tickets for key in ("address", "street", "community")
    }
    general = [str(row["text"]) for row in _rows(data / "cluener.train.jsonl.gz")]
    general += [str(row["detail"]) for row in _rows(data / "taidi_messages.train.jsonl.gz")]
    return (
        [str(row["content"]) for row in tickets],
        sorted(p for p in places if 4 <= len(p) <= 30),
        [text for text in general if len(text) > 8],
    )


def read_manifest(folder: Path) -> list[Clip]:
    """All clips of a corpus, of every shard, in order."""
    clips = []
    for file in sorted(folder.glob("manifest*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            clips.append(Clip(**json.loads(line)))
    return sorted(clips, key=lambda clip: clip.audio)


def speak_clip(
    kokoro: Kokoro, styles: dict[str, Style], sentence: str, name: str, seed: tuple[int, int]
) -> tuple[Clip, np.ndarray]:
    """Speak one sentence by a speaker drawn from `seed`; samples are float32 at 16 kHz."""
    rng = np.random.default_rng(seed)
    speaker = draw_speaker(styles, rng)
    spoken = to_spoken(sentence)
    samples = kokoro.speak(spoken, speaker.style, speaker.speed)
    samples = to_level(soxr.resample(samples, SAMPLE_RATE_HZ, CLIP_RATE_HZ), -23)
    seconds = round(samples.size / CLIP_RATE_HZ, 2)
    return Clip(name, sentence, spoken, speaker.name, seconds), samples


def speak_corpus(
    data: Path, kokoro_folder: Path, out: Path, clips: int, seed: int, shard: tuple[int, int]
) -> int:
    """Speak clips until `clips` exist (this shard's share); returns how many were added."""
    sentences = itertools.islice(mix_sentences(*training_texts(data), seed), clips)
    return speak_sentences(sentences, kokoro_folder, out, clips, seed, shard)


def speak_sentences(
    sentences: Iterable[str],
    kokoro_folder: Path,
    out: Path,
    clips: int,
    seed: int,
    shard: tuple[int, int] = (0, 1),
) -> int:
    """Speak each sentence by a speaker of its own; returns how many clips were added."""
    out.mkdir(parents=True, exist_ok=True)
    manifest = out / f"manifest-{shard[0]}.jsonl"
    done = {clip.audio for clip in read_manifest(out)}
    kokoro, styles = Kokoro(kokoro_folder), load_styles(kokoro_folder)
    added, spoken_s, started = 0, 0.0, time.monotonic()
    for number, sentence in enumerate(sentences):
        name = f"{number:06d}.flac"
        if number % shard[1] != shard[0] or name in done:
            continue
        clip, samples = speak_clip(kokoro, styles, sentence, name, (seed, number))
        if not 0.4 <= clip.seconds <= LONGEST_CLIP_S:
            continue
        soundfile.write(out / name, samples, CLIP_RATE_HZ, subtype="PCM_16")
        with manifest.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(asdict(clip), ensure_ascii=False) + "\n")
        added, spoken_s = added + 1, spoken_s + clip.seconds
        if added % 50 == 0:
            rate = spoken_s / (time.monotonic() - started)
            print(f"{number + 1}/{clips} clips, {rate:.1f} x real time", file=sys.stderr)
    return added


def _rows(file: Path) -> list[dict[str, object]]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; see the module's first lines."""
    parser = argparse.ArgumentParser(prog="python -m models.voices.corpus", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--kokoro", type=Path, required=True, help="folder of the Kokoro model")
    parser.add_argument("--clips", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=12345)
    parser.add_argument("--shard", default="0/1", help="this process's share, as 0/2")
    given = parser.parse_args(arguments)
    share, shares = (int(part) for part in given.shard.split("/"))
    added = speak_corpus(
        given.data, given.kokoro, given.out, given.clips, given.seed, (share, shares)
    )
    print(f"{added} clips added to {given.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
