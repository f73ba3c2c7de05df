"""A trigram model of general Chinese words: how likely a sentence is, however it is cut.

It knows longer stretches than the character model, and the words of news and of daily
talk that no ticket holds. Histories of two words and the next one are packed into one
integer, 18 bits each; what is not found backs off (Katz).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np

from models.language_model.ngram import symbols
from models.language_model.tables import Table, load_tables, save_tables

BITS = 18
START, UNKNOWN = 0, 1
SPECIAL = ("<s>", "<unk>")
FORMAT = 1
LONGEST_WORD = 6

_NO_WORD = (1 << BITS) - 1
_WIDTH = 5
"""Cuts of a sentence followed at each character."""

_History = tuple[int, int]


@dataclass(slots=True, eq=False)
class WordModel:
    """Tables of order 1 to 3; the first holds every word of `vocabulary`, in its order."""

    vocabulary: tuple[str, ...]
    tables: tuple[Table, ...]
    index: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.index = {word: i for i, word in enumerate(self.vocabulary)}

    def score(self, text: str) -> float:
        """Return the natural log probability of the text in its most likely cut into words."""
        seen = symbols(text)
        cuts: list[dict[_History, float]] = [{} for _ in range(len(seen) + 1)]
        cuts[0][(_NO_WORD, START)] = 0.0
        for place in range(len(seen)):
            best = sorted(cuts[place].items(), key=lambda cut: -cut[1])[:_WIDTH]
            for end, word in self._words_from(seen, place):
                for (before, last), score in best:
                    total = score + _log_probability(self, before, last, word)
                    history = (last, word)
                    if total > cuts[end].get(history, -math.inf):
                        cuts[end][history] = total
        return max(cuts[-1].values())

    def _words_from(self, seen: str, place: int) -> Iterator[tuple[int, int]]:
        """Yield end and number of each word that begins here; one character always is one."""
        yield place + 1, self.index.get(seen[place], UNKNOWN)
        for end in range(place + 2, min(place + LONGEST_WORD, len(seen)) + 1):
            if (word := self.index.get(seen[place:end])) is not None:
                yield end, word

    def entry(self, order: int, key: int) -> tuple[float, float] | None:
        """Return log probability and log back-off weight of an n-gram, None if it is not kept."""
        keys = self.tables[order - 1].keys
        place = int(np.searchsorted(keys, np.uint64(key)))
        if place == len(keys) or int(keys[place]) != key:
            return None
        table = self.tables[order - 1]
        return float(table.log_probability[place]), float(table.log_backoff[place])


@lru_cache(maxsize=200_000)
def _log_probability(model: WordModel, before: int, last: int, word: int) -> float:
    """Return the natural log probability of `word` after two others."""
    pair = before << BITS | last
    if found := model.entry(3, pair << BITS | word):
        return found[0]
    history = model.entry(2, pair)
    backoff = history[1] if history else 0.0
    if found := model.entry(2, last << BITS | word):
        return backoff + found[0]
    single = model.tables[0]
    return backoff + float(single.log_backoff[last]) + float(single.log_probability[word])


def save(model: WordModel, path: Path) -> None:
    """Write the model; see `tables.save_tables`."""
    save_tables(path, FORMAT, model.vocabulary, model.tables)


def load(path: Path) -> WordModel:
    """Read a model; raises ModelMissingError, WeightsFormatError."""
    return WordModel(*load_tables(path, FORMAT))


@cache
def load_shipped() -> WordModel:
    """Return the one model that comes with the package (`models/weights/general-lm.npz`)."""
    with as_file(files("models") / "weights" / "general-lm.npz") as path:
        return load(path)
