"""Chinese numerals as they stand in dates, times, counts and sums."""

from __future__ import annotations

import re
from decimal import Decimal

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


QUANTITY = (
    r"(?:\d[\d,]*(?:\.\d+)?|[零〇一二两俩三四五六七八九十百千])"
    r"[\d零〇一二两三四五六七八九十百千万亿点.]*"
)
"""Pattern of a quantity: 38000, 3.8万, 三万八, 一百二十点五."""


def quantity(text: str) -> Decimal | None:
    """Return the value of 三万八 (38000), 一百二 (120), 2.5万, 三千零五; None for no numeral.

    A last digit right behind a unit stands for the next lower one, as it does in speech.
    """
    text = text.replace(",", "").replace("，", "")
    for sign, scale in (("亿", 100_000_000), ("万", 10_000)):
        head, found, tail = text.partition(sign)
        if found:
            many = quantity(head)
            if many is None:
                return None
            return many * scale + _behind(tail, scale) if _behind_is_read(tail) else None
    return _below_ten_thousand(text)


def _behind_is_read(tail: str) -> bool:
    return not tail or quantity(tail) is not None


def _behind(tail: str, scale: int) -> Decimal:
    if not tail:
        return Decimal(0)
    value = quantity(tail) or Decimal(0)
    return value * scale / 10 if len(tail) == 1 and tail not in "零〇0" else value


def _below_ten_thousand(text: str) -> Decimal | None:
    whole, point, rest = text.partition("点")
    if point:
        digits = "".join(str(_DIGITS.get(c, c)) for c in rest)
        before = _below_ten_thousand(whole)
        if before is None or not digits.isdecimal():
            return None
        return before + Decimal(f"0.{digits}")
    if re.fullmatch(r"\d+(?:\.\d+)?", text):
        return Decimal(text)
    value = number(text)
    if value is None:
        return None
    elliptic = re.search(r"([百千])([一二两三四五六七八九1-9])$", text)
    if elliptic:
        last = number(elliptic[2]) or 0
        value += last * (_UNITS[elliptic[1]] // 10 - 1)
    return Decimal(value)
