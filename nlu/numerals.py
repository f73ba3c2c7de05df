"""Chinese numerals up to thousands, as they stand in dates, times and counts."""

from __future__ import annotations

_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {
    "〇": 0,
    "两": 2,
    "幺": 1,
    "俩": 2,
}
_UNITS = {"十": 10, "百": 100, "千": 1000}

NUMERAL = r"[0-9０-９零〇一二两三四五六七八九十百千]+"
"""Pattern of a numeral in either script."""


def number(text: str) -> int | None:
    """Return the value of 15, 十五, 二十三, 二〇一七 …; None when it is no numeral."""
    if text.isdigit():
        return int(text)
    if not text or any(c not in _DIGITS and c not in _UNITS and not c.isdigit() for c in text):
        return None
    if not any(c in _UNITS for c in text):
        return int("".join(str(_DIGITS.get(c, c)) for c in text))
    total, digit = 0, 0
    for character in text:
        if character in _UNITS:
            total += (digit or 1) * _UNITS[character]
            digit = 0
        else:
            digit = _DIGITS[character] if character in _DIGITS else int(character)
    return total + digit
