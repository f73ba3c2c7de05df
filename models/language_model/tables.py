"""Tables of n-grams: sorted keys with log probabilities, and how they lie in a file.

Keys are written as differences, byte by byte, since the high bytes are nearly all zero;
logs in steps of 1/12, one byte each.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.errors import ModelMissingError, WeightsFormatError

Keys = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float32]

_LEAST_LOG = -20.0


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


def changes(row: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_]:
    """Return where a sorted row begins a new value."""
    return np.append(True, row[1:] != row[:-1])


def save_tables(
    path: Path, file_format: int, vocabulary: Sequence[str], tables: Sequence[Table]
) -> None:
    """Write a model's vocabulary and its tables of order 1, 2, …"""
    arrays: dict[str, npt.NDArray[np.generic]] = {
        "format": np.array(file_format),
        "vocabulary": np.array("\n".join(vocabulary)),
    }
    for order, table in enumerate(tables, start=1):
        arrays[f"steps_{order}"] = _planes(np.diff(table.keys, prepend=np.uint64(0)))
        arrays[f"probability_{order}"] = _quantised(table.log_probability)
        arrays[f"backoff_{order}"] = _quantised(table.log_backoff)
    with path.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def load_tables(path: Path, file_format: int) -> tuple[tuple[str, ...], tuple[Table, ...]]:
    """Read vocabulary and tables; raises ModelMissingError, WeightsFormatError."""
    with _opened(path) as data:
        if int(data["format"]) != file_format:
            raise WeightsFormatError(f"{path} has another format; reinstall jiesu")
        vocabulary = tuple(str(data["vocabulary"]).split("\n"))
        orders = sum(name.startswith("steps_") for name in data.files)
        return vocabulary, tuple(_read_table(data, order) for order in range(1, orders + 1))


@contextmanager
def _opened(path: Path) -> Iterator[np.lib.npyio.NpzFile]:
    if not path.is_file():
        raise ModelMissingError(f"no language model at {path}; reinstall jiesu or train one")
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
            yield data
    except (ValueError, KeyError, EOFError, OSError, zipfile.BadZipFile) as error:
        raise WeightsFormatError(f"{path} is damaged ({error}); reinstall jiesu") from error


def _read_table(data: np.lib.npyio.NpzFile, order: int) -> Table:
    planes = data[f"steps_{order}"].astype(np.uint64)
    steps = sum((plane << np.uint64(8 * n) for n, plane in enumerate(planes)), np.uint64(0))
    return Table(
        np.cumsum(steps, dtype=np.uint64),
        _restored(data[f"probability_{order}"]),
        _restored(data[f"backoff_{order}"]),
    )


def _planes(steps: Keys) -> npt.NDArray[np.uint8]:
    """Return uint8 (8, n), the bytes of each place together."""
    return steps.astype("<u8").view(np.uint8).reshape(-1, 8).T.copy()


def _quantised(logs: Floats) -> npt.NDArray[np.uint8]:
    return np.round(np.clip(logs, _LEAST_LOG, 0.0) * (255 / _LEAST_LOG)).astype(np.uint8)


def _restored(codes: npt.NDArray[np.uint8]) -> Floats:
    return codes.astype(np.float32) * np.float32(_LEAST_LOG / 255)
