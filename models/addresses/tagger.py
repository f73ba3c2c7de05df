"""The address tagger at work: a conditional random field over character n-grams, numpy only.

Elements are those of CCKS 2021 task 1 (prov, city, district, devzone, town, community,
village_group, road, roadno, poi, subpoi, houseno, cellno, floorno, roomno …).
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.addresses.features import UInt32, feature_names, hashed
from models.errors import ModelMissingError, WeightsFormatError

WEIGHTS = Path(__file__).resolve().parent.parent / "weights" / "addresses.npz"
LONGEST_TEXT = 400
"""Characters looked at; an address is shorter."""

Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Element:
    """One element of an address: its kind and the characters `start` to `end`."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class AddressTagger:
    """`hashes` uint32 (features,) sorted, `emissions` float32 (features, tags), `transitions`."""

    tags: tuple[str, ...]
    hashes: UInt32
    emissions: Float32
    transitions: Float32

    def elements(self, text: str) -> list[Element]:
        """Return the address's elements in order."""
        return spans([self.tags[number] for number in self.path(text[:LONGEST_TEXT])])

    def path(self, text: str) -> list[int]:
        """Return the likeliest tag of each character (Viterbi)."""
        if not text:
            return []
        scores = self._scores(text)
        total, came_from = scores[0], []
        for row in scores[1:]:
            ways = total[:, None] + self.transitions
            came_from.append(ways.argmax(axis=0))
            total = ways.max(axis=0) + row
        path = [int(total.argmax())]
        for back in reversed(came_from):
            path.append(int(back[path[-1]]))
        path.reverse()
        return path

    def _scores(self, text: str) -> Float32:
        found = np.stack([hashed(names) for names in feature_names(text)])
        places = np.searchsorted(self.hashes, found)
        places[places == len(self.hashes)] = 0
        known = self.hashes[places] == found
        return np.asarray((self.emissions[places] * known[..., None]).sum(axis=1), np.float32)


def spans(tags: list[str]) -> list[Element]:
    """Return the elements of a sequence of BIOES tags; a broken one ends where it breaks."""
    elements: list[Element] = []
    start, kind = 0, ""
    for at, tag in enumerate([*tags, "O"]):
        mark, _, of = tag.partition("-")
        if kind and (mark in "BSO" or of != kind):
            elements.append(Element(kind, start, at))
            kind = ""
        if mark != "O" and not kind:
            start, kind = at, of
        if mark in "ES" and kind:
            elements.append(Element(kind, start, at + 1))
            kind = ""
    return elements


def save_tagger(tagger: AddressTagger, path: Path) -> None:
    """Write the weights sparse and in 8 bits."""
    scale = float(np.abs(tagger.emissions).max()) / 127.0
    rounded = np.rint(tagger.emissions / scale).astype(np.int8)
    rows, columns = np.nonzero(rounded)
    part = path.with_suffix(".part.npz")
    np.savez_compressed(
        part,
        tags=np.frombuffer(json.dumps(tagger.tags).encode(), dtype=np.uint8),
        hashes=tagger.hashes,
        counts=np.bincount(rows, minlength=len(tagger.hashes)).astype(np.uint8),
        columns=columns.astype(np.uint8),
        values=rounded[rows, columns],
        scale=np.float32(scale),
        transitions=tagger.transitions.astype(np.float32),
    )
    part.replace(path)


@lru_cache(maxsize=2)
def load_address_tagger(path: Path = WEIGHTS) -> AddressTagger:
    """Load the weights; ModelMissingError without the file, WeightsFormatError for another."""
    if not path.is_file():
        raise ModelMissingError(
            f"{path} is missing; install jiesu again, or make it: python -m models.addresses.train"
        )
    try:
        with np.load(path) as data:
            tags = tuple(json.loads(data["tags"].tobytes()))
            emissions = np.zeros((len(data["hashes"]), len(tags)), dtype=np.float32)
            rows = np.repeat(np.arange(len(emissions)), data["counts"])
            emissions[rows, data["columns"]] = data["values"] * data["scale"]
            return AddressTagger(tags, data["hashes"], emissions, data["transitions"])
    except (KeyError, ValueError, IndexError, OSError, zipfile.BadZipFile) as error:
        raise WeightsFormatError(f"{path} holds no weights of the address tagger") from error
