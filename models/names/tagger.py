"""The tagger of names at work: weights, the best sequence of tags, and how sure it is.

A linear model over hashed character n-grams with transitions between tags (Collins 2002), its
weights averaged over training and kept in 8 bits; numpy only.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.errors import ModelMissingError, WeightsFormatError
from models.names.features import FEATURES, TAGS, feature_rows

WEIGHTS = Path(__file__).resolve().parent.parent / "weights" / "names.npz"
LONGEST_TEXT = 4000
"""Characters looked at in one go; longer texts are cut."""

_FOLLOWS = {"O": "OBT", "B": "ME", "M": "ME", "E": "OBT", "T": "OBT"}
_NEVER = -1e9

Float32 = npt.NDArray[np.float32]


def allowed_transitions() -> Float32:
    """Return float32 (tags + 1, tags): 0 where a tag may follow, the last row for a start."""
    table = np.full((len(TAGS) + 1, len(TAGS)), _NEVER, dtype=np.float32)
    for before, tag in enumerate(TAGS):
        for after in _FOLLOWS[tag]:
            table[before, TAGS.index(after)] = 0.0
    for after in "OBT":
        table[len(TAGS), TAGS.index(after)] = 0.0
    return table


@dataclass(frozen=True, slots=True)
class NameTagger:
    """`emissions` float32 (features, tags), `transitions` float32 (tags + 1, tags)."""

    emissions: Float32
    transitions: Float32

    def names(self, text: str) -> Iterator[tuple[int, int, float]]:
        """Yield start, end and margin of each name: how far it beats reading it as no name."""
        for offset in range(0, len(text), LONGEST_TEXT):
            piece = text[offset : offset + LONGEST_TEXT]
            scores = self.emissions[feature_rows(piece)].sum(axis=1)
            tags = best_path(scores, self.transitions)
            for start, end in spans(tags):
                outside = scores[start:end, TAGS.index("O")].mean()
                margin = scores[np.arange(start, end), tags[start:end]].mean() - outside
                yield offset + start, offset + end, float(margin)


def best_path(scores: Float32, transitions: Float32) -> list[int]:
    """Return the best tags for float32 (characters, tags) (Viterbi); ends outside a name."""
    if not len(scores):
        return []
    total = scores[0] + transitions[-1]
    came_from = []
    between = transitions[:-1]
    for row in scores[1:]:
        ways = total[:, None] + between
        came_from.append(ways.argmax(axis=0))
        total = ways.max(axis=0) + row
    total = total.copy()
    for tag in "BM":
        total[TAGS.index(tag)] = _NEVER
    path = [int(total.argmax())]
    for back in reversed(came_from):
        path.append(int(back[path[-1]]))
    path.reverse()
    return path


def spans(tags: list[int]) -> Iterator[tuple[int, int]]:
    """Yield start and end of each name in a sequence of tags."""
    first, last = TAGS.index("B"), TAGS.index("E")
    start = None
    for at, tag in enumerate(tags):
        if tag == first:
            start = at
        elif tag == last and start is not None:
            yield start, at + 1
            start = None


@lru_cache(maxsize=2)
def load_tagger(path: Path = WEIGHTS) -> NameTagger:
    """Load the weights; ModelMissingError without the file, WeightsFormatError for another."""
    try:
        with np.load(path) as data:
            emissions = data["emissions"].astype(np.float32) * float(data["scale"])
            transitions = data["transitions"].astype(np.float32)
    except FileNotFoundError as error:
        raise ModelMissingError(
            f"{path} is missing; install jiesu again, or make it: python -m models.names.train"
        ) from error
    except (KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise WeightsFormatError(f"{path} holds no weights of the name tagger") from error
    if emissions.shape != (FEATURES, len(TAGS)):
        raise WeightsFormatError(f"{path} was made by another version; make it anew")
    return NameTagger(emissions, transitions)
