"""Characters that sound alike, by pinyin: what a recogniser may have confused.

Three classes: the same syllable and tone, the same syllable, and a syllable that many
speakers do not tell apart (zh/z, ch/c, sh/s, n/l, final n/ng).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from pypinyin import Style, pinyin


class Likeness(IntEnum):
    """How near the sound of another character is."""

    SAME_CHARACTER = 0
    SAME_TONE = 1
    SAME_SYLLABLE = 2
    NEAR_SYLLABLE = 3


@dataclass(frozen=True, slots=True)
class Homophone:
    """A character that may have been meant."""

    character: str
    likeness: Likeness


class Homophones:
    """The homophones of each of `characters`, which are given by falling frequency."""

    def __init__(self, characters: Sequence[str], most: int = 24) -> None:
        """`most` bounds the choices of one character, itself included; the frequent stay."""
        self._tones = {c: _readings(c) for c in characters}
        self._most = most
        self._by_syllable: dict[str, list[str]] = defaultdict(list)
        self._by_blurred: dict[str, list[str]] = defaultdict(list)
        for character, tones in self._tones.items():
            syllables = _syllables(tones)
            for syllable in syllables:
                self._by_syllable[syllable].append(character)
            for blurred in {_blurred(s) for s in syllables}:
                self._by_blurred[blurred].append(character)
        self._rank = {c: i for i, c in enumerate(characters)}
        self._known: dict[str, tuple[Homophone, ...]] = {}

    def of(self, character: str) -> tuple[Homophone, ...]:
        """Return the character itself and what it may stand for."""
        if character not in self._known:
            self._known[character] = self._find(character)
        return self._known[character]

    def _find(self, character: str) -> tuple[Homophone, ...]:
        tones = self._tones.get(character) or _readings(character)
        syllables = _syllables(tones)
        found = {character: Likeness.SAME_CHARACTER}
        for syllable in syllables:
            for other in self._by_syllable[syllable]:
                near = Likeness.SAME_TONE if tones & self._tones[other] else Likeness.SAME_SYLLABLE
                found[other] = min(near, found.get(other, near))
        for blurred in {_blurred(s) for s in syllables}:
            for other in self._by_blurred[blurred]:
                found.setdefault(other, Likeness.NEAR_SYLLABLE)
        ranked = sorted(found, key=lambda c: (found[c] > 0, self._rank.get(c, 0)))
        return tuple(Homophone(c, found[c]) for c in ranked[: self._most])


def _readings(character: str) -> frozenset[str]:
    """Return the syllables with tones of a Han character, nothing for any other sign."""
    if not "\u4e00" <= character <= "\u9fff":
        return frozenset()
    return frozenset(pinyin(character, style=Style.TONE3, heteronym=True)[0])


def _syllables(tones: Iterable[str]) -> set[str]:
    return {tone.rstrip("012345") for tone in tones}


def _blurred(syllable: str) -> str:
    if syllable[:2] in {"zh", "ch", "sh"}:
        syllable = syllable[0] + syllable[2:]
    if syllable.startswith("l"):
        syllable = "n" + syllable[1:]
    return syllable.removesuffix("g") if syllable.endswith("ng") else syllable
