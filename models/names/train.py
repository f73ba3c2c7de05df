"""Make the tagger of names: `python -m models.names.train DATA OUT.npz`.

DATA is the folder with `cluener.train.jsonl.gz` (entities of news text). A tenth of its rows,
chosen by their text, is kept aside as dev. Names are put together anew from the parts seen, so
that the tagger learns how a name is built and where it stands, not who is in the news.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import sys
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from models.errors import TrainingDataError
from models.names.features import FEATURES, TAGS, Indices, feature_rows
from models.names.tagger import Float32, NameTagger, allowed_transitions, best_path

Sums = np.ndarray[Any, np.dtype[np.float64]]

_EPOCHS = 7
_SEED = 12345
_LONGEST_NAME = 4
_LEANING = 5.0
"""How much is added for the start of a name, in mean weights; fitted on dev."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text and its names and other entities as `(start, end)`."""

    text: str
    names: tuple[tuple[int, int], ...]
    others: tuple[tuple[int, int], ...] = ()

    def tags(self) -> list[int]:
        """Return the tag of each character."""
        tags = [TAGS.index("O")] * len(self.text)
        for start, end in self.others:
            tags[start:end] = [TAGS.index("T")] * (end - start)
        for start, end in self.names:
            tags[start:end] = [TAGS.index("M")] * (end - start)
            tags[start], tags[end - 1] = TAGS.index("B"), TAGS.index("E")
        return tags


def read_sentences(path: Path) -> tuple[list[Sentence], list[Sentence]]:
    """Return the train and the dev sentences; TrainingDataError when there are none."""
    train: list[Sentence] = []
    dev: list[Sentence] = []
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                sentence = _sentence(json.loads(line))
                is_dev = zlib.crc32(sentence.text.encode()) % 10 == 0
                (dev if is_dev else train).append(sentence)
    except (OSError, ValueError, KeyError) as error:
        raise TrainingDataError(f"{path}: no entities to learn from ({error})") from error
    return train, dev


def _sentence(row: dict[str, object]) -> Sentence:
    names: list[tuple[int, int]] = []
    others: list[tuple[int, int]] = []
    labels: dict[str, dict[str, list[list[int]]]] = row["label"]  # type: ignore[assignment]
    for kind, found in labels.items():
        for places in found.values():
            for first, last in places:
                if kind == "name" and last > first:
                    names.append((first, last + 1))
                else:
                    others.append((first, last + 1))
    return Sentence(str(row["text"]), tuple(names), tuple(others))


class NameParts:
    """Surnames and given names of the training text, to be put together anew."""

    def __init__(self, sentences: Iterable[Sentence], chance: random.Random) -> None:
        names = [s.text[a:b] for s in sentences for a, b in s.names if 2 <= b - a <= 3]
        self._surnames = [name[0] for name in names]
        self._given = [character for name in names for character in name[1:]]
        self._lengths = [len(name) - 1 for name in names]
        self._chance = chance

    def name(self) -> str:
        """Return a name that nobody gave anybody."""
        chance = self._chance
        given = "".join(chance.choices(self._given, k=chance.choice(self._lengths)))
        return chance.choice(self._surnames) + given


def renamed(sentence: Sentence, parts: NameParts) -> Sentence:
    """Return the sentence with other names in the places of its own."""
    text, end = "", 0
    names: list[tuple[int, int]] = []
    others: list[tuple[int, int]] = []
    spans_of = sorted([(a, b, True) for a, b in sentence.names]
                      + [(a, b, False) for a, b in sentence.others])  # fmt: skip
    for start, stop, is_name in spans_of:
        if start < end:
            continue
        text += sentence.text[end:start]
        word = sentence.text[start:stop]
        if is_name and len(word) <= _LONGEST_NAME:
            word = parts.name()
        (names if is_name else others).append((len(text), len(text) + len(word)))
        text += word
        end = stop
    return Sentence(text + sentence.text[end:], tuple(names), tuple(others))


def spoken(parts: NameParts, rounds: int) -> list[Sentence]:
    """Return the ways people on the telephone say a name."""
    source = files("models.names").joinpath("spoken.yaml")
    frames: list[str] = yaml.safe_load(source.read_text(encoding="utf-8"))["frames"]
    made = []
    for _ in range(rounds):
        for frame in frames:
            name, before = parts.name(), frame.index("{}")
            made.append(Sentence(frame.format(name), ((before, before + len(name)),)))
    return made


def train_tagger(sentences: Sequence[Sentence], epochs: int, chance: random.Random) -> NameTagger:
    """Train an averaged structured perceptron."""
    emissions = np.zeros((FEATURES, len(TAGS)), dtype=np.float32)
    summed = np.zeros_like(emissions, dtype=np.float64)
    moves = np.zeros((len(TAGS) + 1, len(TAGS)), dtype=np.float32)
    moves_summed = np.zeros_like(moves, dtype=np.float64)
    allowed = allowed_transitions()
    prepared = [(feature_rows(s.text), s.tags()) for s in sentences if s.text]
    step = 1
    for epoch in range(epochs):
        chance.shuffle(prepared)
        wrong = 0
        for rows, gold in prepared:
            found = best_path(emissions[rows].sum(axis=1), moves + allowed)
            if found != gold:
                wrong += 1
                _correct(emissions, summed, moves, moves_summed, rows, gold, found, step)
            step += 1
        sys.stderr.write(f"epoch {epoch + 1}: {wrong} of {len(prepared)} sentences wrong\n")
    averaged = emissions - summed / step
    averaged_moves = moves - moves_summed / step + allowed
    return NameTagger(averaged.astype(np.float32), averaged_moves.astype(np.float32))


def _correct(
    emissions: Float32, summed: Sums, moves: Float32, moves_summed: Sums,
    rows: Indices, gold: list[int], found: list[int], step: int,
) -> None:  # fmt: skip
    before_gold, before_found = len(TAGS), len(TAGS)
    for at, (right, wrong) in enumerate(zip(gold, found, strict=True)):
        if right != wrong:
            for tag, change in ((right, 1.0), (wrong, -1.0)):
                np.add.at(emissions, (rows[at], tag), change)
                np.add.at(summed, (rows[at], tag), change * step)
        for before, tag, change in ((before_gold, right, 1.0), (before_found, wrong, -1.0)):
            moves[before, tag] += change
            moves_summed[before, tag] += change * step
        before_gold, before_found = right, wrong


def quality(tagger: NameTagger, sentences: Iterable[Sentence]) -> tuple[float, float]:
    """Return precision and recall of names, both ends right."""
    hits = offered = wanted = 0
    for sentence in sentences:
        found = {(start, end) for start, end, _ in tagger.names(sentence.text)}
        hits += len(found & set(sentence.names))
        offered += len(found)
        wanted += len(sentence.names)
    return hits / max(offered, 1), hits / max(wanted, 1)


def leaning_to_names(tagger: NameTagger) -> NameTagger:
    """Return a tagger that rather masks a word too much than a name too little."""
    used = np.abs(tagger.emissions[tagger.emissions != 0])
    transitions = tagger.transitions.copy()
    transitions[:, TAGS.index("B")] += _LEANING * float(used.mean())
    return NameTagger(tagger.emissions, transitions)


def save(tagger: NameTagger, path: Path) -> None:
    """Write the weights with the emissions in 8 bits; what hardly counts becomes 0."""
    scale = float(np.abs(tagger.emissions).max()) / 127 or 1.0
    small = np.round(tagger.emissions / scale).astype(np.int8)
    np.savez_compressed(path, emissions=small, scale=scale, transitions=tagger.transitions)


def main() -> None:
    """Train, say what came of it, and write the weights."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("data", type=Path)
    arguments.add_argument("out", type=Path)
    arguments.add_argument("--epochs", type=int, default=_EPOCHS)
    given = arguments.parse_args()
    chance = random.Random(_SEED)
    train, dev = read_sentences(given.data / "cluener.train.jsonl.gz")
    parts = NameParts(train, chance)
    again = [renamed(s, parts) for s in train if s.names]
    tagger = train_tagger([*train, *again, *spoken(parts, 40)], given.epochs, chance)
    tagger = leaning_to_names(tagger)
    save(tagger, given.out)
    precision, recall = quality(tagger, dev)
    sys.stderr.write(f"dev: precision {precision:.3f}, recall {recall:.3f}\n")


if __name__ == "__main__":
    main()
