"""Digits as people say them and as recognisers write them: 幺三九, 139, 三个八, 要三久."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from pypinyin import Style, lazy_pinyin

DIGIT_OF = {
    **{str(n): str(n) for n in range(10)},
    **{chr(0xFF10 + n): str(n) for n in range(10)},
    **{
        character: str(digit)
        for digit, characters in enumerate(
            (
                "零〇○洞",
                "一幺壹",
                "二两贰",
                "三叁",
                "四肆",
                "五伍",
                "六陆",
                "七拐柒",
                "八捌",
                "九勾玖",
            )
        )
        for character in characters
    },
}
_SOUNDED_FIRST = "要腰妖邀药"
_MAY_START = re.compile(f"[{''.join(DIGIT_OF)}{_SOUNDED_FIRST}]")
_SYLLABLE_DIGIT = {
    "yao": "1", "yi": "1", "er": "2", "liang": "2", "san": "3", "si": "4", "wu": "5",
    "liu": "6", "qi": "7", "ba": "8", "jiu": "9", "ling": "0", "dong": "0",
}  # fmt: skip
_GAP = re.compile(r"[\s,，、.。\-—:：]{0,2}(?:嗯|呃|然后|再|那个)?[\s,，、.。\-—]{0,2}")
_REPEAT = re.compile(r"([两三四234])个([零一二三四五六七八九幺0-9])")
_REPEATS = {"两": 2, "三": 3, "四": 4, "2": 2, "3": 3, "4": 4}


@dataclass(frozen=True, slots=True)
class DigitRun:
    """A run of digits in a text: what they are, and `text[char_start:char_end]`.

    `places` has where each digit was read: three digits may stand in one place (三个八).
    """

    digits: str
    char_start: int
    char_end: int
    places: tuple[tuple[int, int], ...] = ()


@lru_cache(maxsize=4096)
def sounded_digit(character: str) -> str | None:
    """Return the digit a character sounds like (要 → 1, 久 → 9), or None."""
    if not "\u4e00" <= character <= "\u9fff":
        return None
    return _SYLLABLE_DIGIT.get(lazy_pinyin(character, style=Style.NORMAL)[0])


def digit_runs(text: str, at_least: int = 3) -> Iterator[DigitRun]:
    """Yield runs of digits, groups with small gaps joined.

    A character that only sounds like a digit counts when it stands between digits.
    """
    start = _MAY_START.search(text)
    while start is not None:
        run = _run_at(text, start.start())
        if run is not None and len(run.digits) >= at_least:
            yield run
        start = _MAY_START.search(text, max(run.char_end if run else 0, start.end()))


def _run_at(text: str, start: int) -> DigitRun | None:
    digits: list[str] = []
    places: list[tuple[int, int]] = []
    position, end = start, start
    while position < len(text):
        read = _digits_at(text, position, bool(digits))
        if read is None:
            gap = _GAP.match(text, position)
            ahead = gap.end() if gap else position
            if not digits or ahead == position or _digits_at(text, ahead, True) is None:
                break
            position = ahead
            continue
        taken, length = read
        digits.append(taken)
        places += [(position, position + length)] * len(taken)
        position += length
        end = position
    return DigitRun("".join(digits), start, end, tuple(places)) if digits else None


def _digits_at(text: str, position: int, inside: bool) -> tuple[str, int] | None:
    """Return the digits written at a position and how many characters they take."""
    if position >= len(text):
        return None
    repeat = _REPEAT.match(text, position)
    if repeat:
        return DIGIT_OF[repeat[2]] * _REPEATS[repeat[1]], repeat.end() - position
    character = text[position]
    if character in DIGIT_OF:
        return DIGIT_OF[character], 1
    sounded = sounded_digit(character)
    if sounded is None:
        return None
    following = text[position + 1 : position + 3]
    if len(following) == 2 and all(c in DIGIT_OF for c in following):
        return (sounded, 1) if inside or character in _SOUNDED_FIRST else None
    if inside and following and following[0] in DIGIT_OF:
        return sounded, 1
    return None
