"""From how a sentence is written to how it is said: 1月2日 → 一月二日, 139… → 幺三九….

The recogniser is trained to write the left side when it hears the right one.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

_DIGITS_SPOKEN = str.maketrans("0123456789", "零幺二三四五六七八九")
_LONG_NUMBER = re.compile(
    r"(?<!\d)(?:1\d{10}|0\d{2,3}-?\d{7,8}|\d{7,}|12345|12315|12328|11[0249])(?!\d)"
)
_TAIL = re.compile(r"(?<=位是)\d{2,4}|(?<=工号)\d+")
_ROOM = re.compile(r"\d{3,4}(?=室|房|号房)")
_BUS = re.compile(r"(?<!\d)\d{3}(?=路公交|路车)")
_RANGE = re.compile(r"(?<=\d)[-－—~～](?=\d)")


def to_spoken(written: str) -> str:
    """The words a Mandarin speaker says for `written`; telephone numbers digit by digit."""
    text = written
    for pattern in (_LONG_NUMBER, _TAIL, _ROOM, _BUS):
        text = pattern.sub(lambda m: say_digits(m.group()), text)
    text = _RANGE.sub("杠", text)
    return str(_normalizer().normalize(text))


def say_digits(digits: str) -> str:
    """Digit by digit as on the telephone: 1 is 幺."""
    return digits.replace("-", "").translate(_DIGITS_SPOKEN)


@cache
def _normalizer() -> Any:
    from wetext import Normalizer

    return Normalizer(lang="zh", operator="tn")
