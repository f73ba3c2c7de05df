"""What syllables sound alike to a recogniser and in southern accents.

A folded syllable has no tone and one form for pairs that are mixed up: zh/z, ch/c, sh/s,
n/l, f/h, r/l, and -n/-ng.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from pypinyin import Style, lazy_pinyin

_INITIALS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"), ("r", "l"), ("hu", "fu"))


@lru_cache(maxsize=16_384)
def folded(character: str) -> str:
    """Return the folded syllable of one character; other characters stand for themselves."""
    if not "\u4e00" <= character <= "\u9fff":
        return character.lower()
    syllable = lazy_pinyin(character, style=Style.NORMAL)[0]
    for written, common in _INITIALS:
        if syllable.startswith(written) and not syllable.startswith(common):
            syllable = common + syllable[len(written) :]
            break
    if syllable.startswith("h") and len(syllable) > 2 and syllable[1] == "u":
        syllable = "f" + syllable[2:]
    return syllable[:-1] if syllable.endswith("ng") else syllable


def folded_syllables(text: Sequence[str]) -> tuple[str, ...]:
    """Return the folded syllables of a text, one per character."""
    return tuple(folded(character) for character in text)
