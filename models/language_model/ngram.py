"""The n-gram model itself: its file, and probabilities for many continuations at once.

A history of three characters and the next one are packed into one integer, 13 bits each.
Every order is a sorted table of such keys; what is not found backs off to the shorter
history (interpolated absolute discounting, so that all continuations sum to one).
A run of digits is one symbol and a run of letters another: no number is in the file, and
the model has no opinion on how long a telephone number should be.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.errors import ModelMissingError, WeightsFormatError

BITS = 13
START, END, UNKNOWN = 0, 1, 2
SPECIAL = ("<s>", "</s>", "<unk>")
NUMBER, LETTERS = "0", "a"
FORMAT = 1

Keys = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float32]

_LEAST_LOG = -20.0
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
class Table:
    """The n-grams of one order: sorted keys, log probabilities, log back-off weights."""

    keys: Keys
    log_probability: Floats
    log_backoff: Floats

    def find(self, keys: Keys) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
        """Return the place of each key and whether it is there."""
        if not len(self.keys):
            return np.zeros(keys.shape, np.intp), np.zeros(keys.shape, bool)
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return places, self.keys[places] == keys


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
    """Write the model: keys as differences, logs in 1/12 (uint8), deflated."""
    arrays: dict[str, npt.NDArray[np.generic]] = {
        "format": np.array(FORMAT),
        "vocabulary": np.array("\n".join(model.vocabulary)),
    }
    for order, table in enumerate(model.tables, start=1):
        arrays[f"steps_{order}"] = _planes(np.diff(table.keys, prepend=np.uint64(0)))
        arrays[f"probability_{order}"] = _quantised(table.log_probability)
        arrays[f"backoff_{order}"] = _quantised(table.log_backoff)
    with path.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def load(path: Path) -> CharacterModel:
    """Read a model; raises ModelMissingError, WeightsFormatError."""
    if not path.is_file():
        raise ModelMissingError(f"no language model at {path}; reinstall jiesu or train one")
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
            if int(data["format"]) != FORMAT:
                raise WeightsFormatError(f"{path} has another format; reinstall jiesu")
            vocabulary = tuple(str(data["vocabulary"]).split("\n"))
            orders = sum(name.startswith("steps_") for name in data.files)
            tables = tuple(_read_table(data, order) for order in range(1, orders + 1))
    except (ValueError, KeyError, EOFError, OSError, zipfile.BadZipFile) as error:
        raise WeightsFormatError(f"{path} is damaged ({error}); reinstall jiesu") from error
    return CharacterModel(vocabulary, tables)


def load_shipped() -> CharacterModel:
    """Read the model that comes with the package (`models/weights/hotline-lm.npz`)."""
    with as_file(files("models") / "weights" / "hotline-lm.npz") as path:
        return load(path)


def _read_table(data: np.lib.npyio.NpzFile, order: int) -> Table:
    planes = data[f"steps_{order}"].astype(np.uint64)
    steps = sum((plane << np.uint64(8 * n) for n, plane in enumerate(planes)), np.uint64(0))
    return Table(
        np.cumsum(steps, dtype=np.uint64),
        _restored(data[f"probability_{order}"]),
        _restored(data[f"backoff_{order}"]),
    )


def _planes(steps: Keys) -> npt.NDArray[np.uint8]:
    """Return uint8 (8, n): byte by byte, since the high bytes are nearly all zero."""
    return steps.astype("<u8").view(np.uint8).reshape(-1, 8).T.copy()


def _quantised(logs: Floats) -> npt.NDArray[np.uint8]:
    return np.round(np.clip(logs, _LEAST_LOG, 0.0) * (255 / _LEAST_LOG)).astype(np.uint8)


def _restored(codes: npt.NDArray[np.uint8]) -> Floats:
    return codes.astype(np.float32) * np.float32(_LEAST_LOG / 255)
