"""What the address tagger looks at: the characters around a place, and the next division mark."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

UInt32 = npt.NDArray[np.uint32]

_PAD = "\u2402"
_WINDOW: tuple[tuple[int, ...], ...] = (
    (-3,), (-2,), (-1,), (0,), (1,), (2,), (3,),
    (-2, -1), (-1, 0), (0, 1), (1, 2), (-1, 1), (-2, 0), (0, 2),
    (-2, -1, 0), (-1, 0, 1), (0, 1, 2), (1, 2, 3),
    (-3, -2, -1, 0), (-2, -1, 0, 1), (-1, 0, 1, 2), (0, 1, 2, 3),
)  # fmt: skip
_MARGIN = 4
_MARKS = frozenset("省市区县旗镇乡街道路巷弄村社园场厦城苑庄楼幢栋座号室层单元店院校厂司")
"""Characters that end an element more often than not."""
_FAR = 7


def feature_names(text: str) -> Iterator[list[str]]:
    """Yield each character's features."""
    signs = [_sign(character) for character in text]
    padded = [_PAD] * _MARGIN + signs + [_PAD] * _MARGIN
    for at in range(len(text)):
        names = [
            f"{number}:" + "".join(padded[at + _MARGIN + offset] for offset in offsets)
            for number, offsets in enumerate(_WINDOW)
        ]
        ahead, behind = _mark(signs, at, 1), _mark(signs, at, -1)
        names += [f"a:{ahead}", f"b:{behind}", f"ab:{ahead}{behind}", f"a0:{ahead}{signs[at]}"]
        names.append("first" if at == 0 else "last" if at == len(text) - 1 else "within")
        yield names


def hashed(names: list[str]) -> UInt32:
    """Return each feature's hash."""
    return np.array([zlib.crc32(name.encode()) for name in names], dtype=np.uint32)


def _mark(signs: list[str], at: int, way: int) -> str:
    """Return the nearest mark in a direction with its distance."""
    for distance in range(1, _FAR):
        place = at + way * distance
        if not 0 <= place < len(signs):
            return f"{_PAD}{distance}"
        if signs[place] in _MARKS:
            return f"{signs[place]}{distance}"
    return ""


def _sign(character: str) -> str:
    """One sign for all digits and one for all letters: numbers are masked anyway."""
    if character.isdigit():
        return "0"
    return "a" if character.isascii() and character.isalpha() else character
