"""Finding phrases by their sound, since a recogniser writes 贵兴 for 贵姓.

Characters are compared by their folded syllables (`nlu.sounds`); digits by their names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from nlu.sounds import folded

_SPOKEN = {
    **{
        digit: folded(name)
        for digit, name in zip("0123456789", "零一二三四五六七八九", strict=True)
    },
    "幺": folded("一"),
    "两": folded("二"),
    "〇": folded("零"),
}
_INITIALS = "bpmfdtlgkhjqxzcsyw"
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
    return tuple(_SPOKEN.get(c) or (folded(c) if c.isalnum() else "") for c in text)


def find_sound(text: str, phrase: str, min_similarity: float) -> SoundMatch | None:
    """Return the best place in `text` that sounds like `phrase`, None below the threshold.

    Of two equally good places the first is returned. Punctuation does not count.
    """
    wanted = _heard(phrase).sounds
    heard = _heard(text)
    if not wanted:
        return None
    best: tuple[float, int, int] | None = None
    for first, last in _promising(heard, wanted, (1.0 - min_similarity) * len(wanted)):
        cost, start, end = _best_window(heard.sounds[first:last], wanted)
        if best is None or cost < best[0]:
            best = cost, first + start, first + end
    if best is None or best[2] < best[1]:
        return None
    alike = 1.0 - best[0] / len(wanted)
    if alike < min_similarity:
        return None
    return SoundMatch(heard.places[best[1]], heard.places[best[2]] + 1, alike)


@dataclass(frozen=True, slots=True)
class _Heard:
    """Syllables of a text without its punctuation, where each stood, and where each occurs."""

    sounds: tuple[str, ...]
    places: tuple[int, ...]
    occurrences: dict[str, list[int]]


@lru_cache(maxsize=4096)
def _heard(text: str) -> _Heard:
    spoken = [(sound, place) for place, sound in enumerate(syllables(text)) if sound]
    occurrences: dict[str, list[int]] = {}
    for number, (sound, _) in enumerate(spoken):
        occurrences.setdefault(sound, []).append(number)
    return _Heard(tuple(s for s, _ in spoken), tuple(p for _, p in spoken), occurrences)


def _promising(heard: _Heard, wanted: Sequence[str], max_cost: float) -> list[tuple[int, int]]:
    """Return the stretches with enough exact syllables in place to stay within a cost.

    Every other syllable costs at least the least substitution, so most must be exact; a
    long text is not aligned where nothing of the phrase is heard.
    """
    max_cost += 1e-9
    exact = len(wanted) - int(max_cost / _SAME_FINAL_COST)
    if exact <= 0:
        return [(0, len(heard.sounds))]
    votes: Counter[int] = Counter()
    for offset, sound in enumerate(wanted):
        votes.update(place - offset for place in heard.occurrences.get(sound, ()))
    reach = int(max_cost)
    stretches: list[tuple[int, int]] = []
    for start in sorted(votes):
        if sum(votes[start + shift] for shift in range(-reach, reach + 1)) < exact:
            continue
        first, last = max(start - reach, 0), start + len(wanted) + reach
        if stretches and first <= stretches[-1][1]:
            stretches[-1] = (stretches[-1][0], last)
        else:
            stretches.append((first, last))
    return stretches


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
    if len(syllable) > 1 and syllable[0] in _INITIALS:
        return syllable[0], syllable[1:]
    return "", syllable
