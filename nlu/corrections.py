"""What people corrected: evidence for the next ticket like it, at once and without retraining.

Each correction keeps the wording's features and which agency was right and wrong. Together they
are a kernel machine: a text's odds move by its likeness to every correction, as one step of
logistic regression on each would move them. A text all but the same as a corrected one takes
its agency over.

Features are hashes of character n-grams in so few buckets that the words cannot be read back.
"""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt

BUCKETS = 1 << 15
MOST_REMEMBERED = 5_000
"""The newest corrections count; older ones are left to the next training."""

_ORDERS = (1, 2, 3)
_STEP = 2.0
_FURTHEST = 3.5
"""No number of corrections moves an agency's odds by more than e to this power."""
_SAME = 0.8
"""From this likeness on a correction speaks for a text as if it were the same matter."""
_TAKEN_OVER = 0.9
_CHINESE = re.compile(r"[\u4e00-\u9fff]+")

Features = tuple[int, ...]
"""Buckets of the n-grams that occur in a text, sorted, each once."""


@dataclass(frozen=True, slots=True)
class Correction:
    """A dispatch that a person put right (`right`), or a unit sent back (`wrong`), or both.

    `believed` are the machine's probabilities at that time: what it knew teaches nothing.
    """

    features: Features
    right: str | None
    wrong: str | None
    made_on: date
    believed: Mapping[str, float] = field(default_factory=dict)

    def steps(self) -> Iterator[tuple[str, float]]:
        """Yield by how much each agency gains or loses for a text just like this one."""
        if self.right:
            yield self.right, 1.0 - self.believed.get(self.right, 0.0)
            for name, share in self.believed.items():
                if name != self.right:
                    yield name, -share
        elif self.wrong:
            yield self.wrong, -1.0


@dataclass(frozen=True, slots=True)
class Likeness:
    """A correction and how alike its wording is, 0 to 1."""

    correction: Correction
    similarity: float


@dataclass(frozen=True, slots=True)
class Lesson:
    """What the corrections say of a text: log odds by agency, and the corrections most alike."""

    shifts: Mapping[str, float]
    nearest: tuple[Likeness, ...]

    @property
    def same_matter(self) -> tuple[Likeness, float] | None:
        """Return the correction of all but the same wording, and how far it takes over."""
        for near in self.nearest:
            if near.similarity >= _SAME and near.correction.right:
                return near, _TAKEN_OVER * (near.similarity - _SAME / 2) / (1 - _SAME / 2)
        return None


NO_LESSON = Lesson({}, ())


def features_of(text: str) -> Features:
    """Return the features of a text; leave place names out of it, they are no part of the matter.

    Figures and Latin letters are not looked at: telephone numbers, plates, house numbers.
    """
    grams = {
        run[at : at + order]
        for run in _CHINESE.findall(text)
        for order in _ORDERS
        for at in range(len(run) - order + 1)
    }
    return tuple(sorted({zlib.crc32(gram.encode()) % BUCKETS for gram in grams}))


class CorrectionMemory:
    """All corrections of one hotline; immutable, so that a new one is simply put in its place."""

    def __init__(self, corrections: Sequence[Correction] = ()) -> None:
        self._corrections = tuple(corrections[-MOST_REMEMBERED:])
        count = len(self._corrections)
        lengths = [len(correction.features) for correction in self._corrections]
        buckets = np.fromiter(
            (bucket for correction in self._corrections for bucket in correction.features),
            dtype=np.int64,
            count=sum(lengths),
        )
        owners = np.repeat(np.arange(count), lengths)
        spread = np.bincount(buckets, minlength=BUCKETS)
        self._rarity = np.log((count + 2) / (spread + 1.0))
        weights = self._rarity[buckets]
        norms = np.sqrt(np.bincount(owners, weights=np.square(weights), minlength=count))
        order = np.argsort(buckets, kind="stable")
        self._owners = owners[order]
        self._weights = weights[order] / np.maximum(norms[self._owners], 1e-9)
        self._starts = np.concatenate(([0], np.cumsum(spread)))

    def __len__(self) -> int:
        return len(self._corrections)

    def lesson(self, features: Features, nearest: int = 3) -> Lesson:
        """Return what the corrections say of a text with these features."""
        if not self._corrections or not features:
            return NO_LESSON
        likeness = self._likeness(np.array(features))
        shifts: dict[str, float] = defaultdict(float)
        for number in np.flatnonzero(likeness > 0).tolist():
            correction, alike = self._corrections[number], float(likeness[number])
            for name, step in correction.steps():
                shifts[name] += _STEP * step * alike
        # Of equals the newest first.
        best = sorted(range(len(likeness)), key=lambda n: (-likeness[n], -n))[:nearest]
        return Lesson(
            {name: max(-_FURTHEST, min(_FURTHEST, shift)) for name, shift in shifts.items()},
            tuple(Likeness(self._corrections[n], float(likeness[n])) for n in best),
        )

    def _likeness(self, buckets: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Return the cosine of the text with each correction; float64 (corrections,)."""
        weights = self._rarity[buckets]
        norm = float(np.sqrt(np.square(weights).sum())) or 1.0
        places = [np.arange(self._starts[b], self._starts[b + 1]) for b in buckets]
        at = np.concatenate(places)
        of_query = np.repeat(weights / norm, [len(place) for place in places])
        parts = self._weights[at] * of_query
        return np.bincount(self._owners[at], weights=parts, minlength=len(self)).astype(np.float64)
