"""Finding phrases by their sound, since a recogniser writes 贵兴 for 贵姓.

A character is compared by its toneless syllable, with the distinctions that southern
speakers and telephone bands lose (zh/z, ch/c, sh/s, n/l, front and back nasals) folded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pypinyin import Style, lazy_pinyin

_DIGIT_SYLLABLES = dict(
    zip("0123456789", ["lin", "yi", "er", "san", "si", "wu", "liu", "qi", "ba", "jiu"], strict=True)
)
_SPOKEN = {"幺": "yi", "两": "er", "〇": "lin", "零": "lin"}
_INITIALS = ("zh", "ch", "sh", *"bpmfdtnlgkhjqxrzcsyw")
_SAME_INITIAL_COST = 0.6
_SAME_FINAL_COST = 0.5


@dataclass(frozen=True, slots=True)
class SoundMatch:
    """`text[start:end]` sounds like a phrase; `similarity` 1.0 is the same sound."""

    start: int
    end: int
    similarity: float


@lru_cache(maxsize=4096)
def syllables(text: str) -> tuple[str, ...]:
    """Return one folded syllable per character; '' for punctuation and blanks."""
    raw = lazy_pinyin(text, style=Style.NORMAL, errors=_each)
    if len(raw) != len(text):
        # A character pypinyin reads as several or none: read one by one, without context.
        raw = ["".join(lazy_pinyin(c, style=Style.NORMAL, errors=_each)) for c in text]
    return tuple(_folded(_SPOKEN.get(c, sound)) for c, sound in zip(text, raw, strict=True))


def find_sound(text: str, phrase: str, min_similarity: float) -> SoundMatch | None:
    """Return the best place in `text` that sounds like `phrase`, None below the threshold.

    Of two equally good places the first is returned. Punctuation does not count.
    """
    wanted = tuple(s for s in syllables(phrase) if s)
    heard = [(s, i) for i, s in enumerate(syllables(text)) if s]
    if not wanted or len(heard) * 2 < len(wanted):
        return None
    cost, first, last = _best_window([s for s, _ in heard], wanted)
    similarity = 1.0 - cost / len(wanted)
    if similarity < min_similarity or last < first:
        return None
    return SoundMatch(heard[first][1], heard[last][1] + 1, similarity)


def similarity(left: str, right: str) -> float:
    """Return how alike two texts sound as wholes, 0 to 1 (edit distance over syllables)."""
    a = [s for s in syllables(left) if s]
    b = [s for s in syllables(right) if s]
    if not a or not b:
        return 0.0
    row = [float(j) for j in range(len(b) + 1)]
    for i, syllable in enumerate(a, start=1):
        previous, row[0] = row[0], float(i)
        for j, other in enumerate(b, start=1):
            best = min(row[j] + 1, row[j - 1] + 1, previous + _cost(syllable, other))
            previous, row[j] = row[j], best
    return 1.0 - row[-1] / max(len(a), len(b))


def _best_window(heard: Sequence[str], wanted: Sequence[str]) -> tuple[float, int, int]:
    """Align `wanted` with a stretch of `heard`: cost, first and last index (Sellers 1980)."""
    row: list[tuple[float, int]] = [(0.0, j) for j in range(len(heard) + 1)]
    for i, syllable in enumerate(wanted, start=1):
        previous, row[0] = row[0], (float(i), 0)
        for j, other in enumerate(heard, start=1):
            best = min(
                (previous[0] + _cost(syllable, other), previous[1]),
                (row[j][0] + 1.0, row[j][1]),
                (row[j - 1][0] + 1.0, row[j - 1][1]),
            )
            previous, row[j] = row[j], best
    end = min(range(len(row)), key=lambda j: (row[j][0], j))
    return row[end][0], row[end][1], end - 1


@lru_cache(maxsize=65536)
def _cost(left: str, right: str) -> float:
    if left == right:
        return 0.0
    left_initial, left_final = _split(left)
    right_initial, right_final = _split(right)
    if left_final and left_final == right_final:
        return _SAME_FINAL_COST
    if left_initial and left_initial == right_initial:
        return _SAME_INITIAL_COST
    return 1.0


def _split(syllable: str) -> tuple[str, str]:
    for initial in _INITIALS:
        if syllable.startswith(initial):
            return initial, syllable[len(initial) :]
    return "", syllable


def _each(characters: str) -> Any:
    """Stand for what is not Chinese, one sound per character (pypinyin's type knows only str)."""
    return [_DIGIT_SYLLABLES.get(c, c.lower() if c.isalnum() else "") for c in characters]


def _folded(syllable: str) -> str:
    if len(syllable) < 2:
        return syllable
    for wide, narrow in (("zh", "z"), ("ch", "c"), ("sh", "s")):
        if syllable.startswith(wide):
            syllable = narrow + syllable[2:]
    if syllable.endswith("ng") and not syllable.endswith("ong"):
        syllable = syllable[:-1]
    if syllable.startswith("n") and len(syllable) > 1:
        syllable = "l" + syllable[1:]
    return syllable
