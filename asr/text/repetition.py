"""Repetition loops: a recogniser's decoder that says the same words over and over.

People repeat themselves too (满意满意, 对对对), so a stretch counts as a loop only from
the fourth time on, or when it fills more than the utterance could hold.
"""

from __future__ import annotations

import re

_LONGEST_CHARACTERS_PER_S = 11.0
_LOOP = re.compile(r"(.{1,24}?)\1{3,}", re.DOTALL)
_DIGITS = re.compile(r"^[\d幺零一二三四五六七八九]+$")
_KEPT_TIMES = 2
_SLACK_CHARACTERS = 6


def is_looping(text: str, duration_s: float) -> bool:
    """Tell whether the text repeats itself, or has more characters than anyone can say."""
    if len(text) > duration_s * _LONGEST_CHARACTERS_PER_S + _SLACK_CHARACTERS:
        return True
    return any(_is_loop(match) for match in _LOOP.finditer(text))


def without_loops(text: str) -> str:
    """Return the text with every loop cut down to twice its words."""
    return _LOOP.sub(lambda m: m[1] * _KEPT_TIMES if _is_loop(m) else m[0], text)


def _is_loop(match: re.Match[str]) -> bool:
    """A telephone number may hold 1111; a syllable needs more repeats than a phrase."""
    unit, times = match[1], len(match[0]) // len(match[1])
    if _DIGITS.match(unit):
        return times * len(unit) > 12
    return times >= (6 if len(unit) == 1 else 4)
