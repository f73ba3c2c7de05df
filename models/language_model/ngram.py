"""The n-gram model itself: its file, and probabilities for many continuations at once.

A history of three characters and the next one are packed into one integer, 13 bits each.
Every order is a sorted table of such keys; what is not found backs off to the shorter
history (interpolated absolute discounting, so that all continuations sum to one).
A run of digits is one symbol and a run of letters another: no number is in the file, and
the model has no opinion on how long a telephone number should be.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np

from models.language_model.tables import Floats, Keys, Table, load_tables, save_tables

BITS = 13
START, END, UNKNOWN = 0, 1, 2
SPECIAL = ("<s>", "</s>", "<unk>")
NUMBER, LETTERS = "0", "a"
FORMAT = 1

_LETTER_RUN = re.compile("[A-Za-z]+")
_NUMBER_RUN = re.compile(r"[0-9][0-9*]*")


def symbols(text: str) -> str:
    """Return what the model sees: Han characters, `0` for a number, `a` for a run of letters."""
    folded = _LETTER_RUN.sub(LETTERS, _NUMBER_RUN.sub(NUMBER, text))
    return "".join(c for c in folded if "\u4e00" <= c <= "\u9fff" or c in NUMBER + LETTERS)


def shifted(histories: Keys, ids: Keys, order: int) -> Keys:
    """Return the histories (any shape) after `ids` (same shape) were said."""
    mask = np.uint64((1 << BITS * (order - 1)) - 1)
    return ((histories << np.uint64(BITS)) | ids) & mask


@dataclass(slots=True)
class CharacterModel:
    """Tables of order 1, 2, …; the first holds every character of `vocabulary`."""

    vocabulary: tuple[str, ...]
    tables: tuple[Table, ...]
    index: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.index = {c: i for i, c in enumerate(self.vocabulary)}

    @property
    def order(self) -> int:
        """Length of the longest n-grams."""
        return len(self.tables)

    def ids(self, characters: Sequence[str]) -> Keys:
        """Return the number of each symbol, `UNKNOWN` for those outside the vocabulary."""
        return np.array([self.index.get(c, UNKNOWN) for c in characters], np.uint64)

    def log_probabilities(self, histories: Keys, ids: Keys) -> Floats:
        """Return the natural log probability of each of `ids` after each history.

        `histories` are uint64 (n, 1), `START` repeated at the beginning of an utterance;
        `ids` are uint64 (n, k) or (1, k). The result is float32 (n, k).
        """
        keys = (histories << np.uint64(BITS)) | ids
        return self._scored(keys, histories, self.order)

    def _scored(self, keys: Keys, histories: Keys, order: int) -> Floats:
        if order == 1:
            return self.tables[0].log_probability[keys.astype(np.intp)]
        table = self.tables[order - 1]
        places, found = table.find(keys)
        scores = table.log_probability[places]
        if not found.all():
            shorter = np.uint64((1 << BITS * (order - 1)) - 1)
            ends = np.uint64((1 << BITS * (order - 2)) - 1)
            lower = self._scored(keys & shorter, histories & ends, order - 1)
            scores = np.where(found, scores, lower + self._backoff(histories, order - 1))
        return np.asarray(scores, np.float32)

    def _backoff(self, histories: Keys, length: int) -> Floats:
        places, found = self.tables[length - 1].find(histories)
        return np.where(found, self.tables[length - 1].log_backoff[places], np.float32(0.0))

    def score(self, text: str) -> float:
        """Return the natural log probability of a whole utterance, its end included."""
        ids = np.append(self.ids(symbols(text)), np.uint64(END))
        histories = np.zeros(len(ids), np.uint64)
        for place in range(1, len(ids)):
            histories[place] = shifted(histories[place - 1], ids[place - 1], self.order)
        return float(self.log_probabilities(histories[:, None], ids[:, None]).sum())


def save(model: CharacterModel, path: Path) -> None:
    """Write the model; see `tables.save_tables`."""
    save_tables(path, FORMAT, model.vocabulary, model.tables)


def load(path: Path) -> CharacterModel:
    """Read a model; raises ModelMissingError, WeightsFormatError."""
    return CharacterModel(*load_tables(path, FORMAT))


@cache
def load_shipped() -> CharacterModel:
    """Return the one model that comes with the package (`models/weights/hotline-lm.npz`)."""
    with as_file(files("models") / "weights" / "hotline-lm.npz") as path:
        return load(path)
