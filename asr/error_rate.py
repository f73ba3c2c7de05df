"""Character error rate as jiesu's figures mean it.

Punctuation, spaces and case do not count, full width equals half width, and a number is
the same number however it is written: 幺三九 = 139, 十二 = 12, 百分之五 = 5%. Numbers are
compared digit by digit, so one wrong digit of a telephone number is one error.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import numpy as np

_DIGITS = {c: str(i) for i, c in enumerate("零一二三四五六七八九")} | {
    "〇": "0",
    "○": "0",
    "幺": "1",
    "两": "2",
}
_UNITS = {"十": 10, "百": 100, "千": 1_000, "万": 10_000, "亿": 100_000_000}
_SECTION = 10_000
_RUN = re.compile(rf"[0-9{''.join(_DIGITS)}{''.join(_UNITS)}]+")
_PERCENT = re.compile(rf"百分之([0-9{''.join(_DIGITS)}十百千万点.]+)")


@dataclass(frozen=True, slots=True)
class ErrorCount:
    """Wrong, missing and added characters against a reference of `length` characters."""

    errors: int = 0
    length: int = 0

    @property
    def rate(self) -> float:
        """Errors per reference character, 0 for an empty reference without errors."""
        if self.length == 0:
            return 0.0 if self.errors == 0 else float("inf")
        return self.errors / self.length

    def __add__(self, other: ErrorCount) -> ErrorCount:
        return ErrorCount(self.errors + other.errors, self.length + other.length)


def count_errors(reference: str, heard: str) -> ErrorCount:
    """Return the edit distance between the normalised texts and the reference's length."""
    truth, guess = normalise(reference), normalise(heard)
    return ErrorCount(edit_distance(truth, guess), len(truth))


def normalise(text: str) -> str:
    """Return what is compared: letters, characters, digits and `%`, nothing else."""
    folded = unicodedata.normalize("NFKC", text).lower()
    folded = _PERCENT.sub(r"\1%", folded)
    kept = "".join(c for c in folded if unicodedata.category(c)[0] in "LN" or c == "%")
    return _RUN.sub(lambda match: _number(match.group()), kept)


def edit_distance(first: str, second: str) -> int:
    """Return the Levenshtein distance, one row at a time."""
    codes = np.array([ord(c) for c in second], np.int64)
    steps = np.arange(len(codes) + 1, dtype=np.int64)
    row = steps.copy()
    for character in first:
        best = row + 1
        best[1:] = np.minimum(best[1:], row[:-1] + (codes != ord(character)))
        # An insertion costs one a step: the running minimum of (cost - position) carries it.
        row = np.minimum.accumulate(best - steps) + steps
    return int(row[-1])


def _number(run: str) -> str:
    """Return a run of numerals in Arabic digits; units without a count stay words (千万别)."""
    if not any(c in _UNITS for c in run):
        return "".join(_DIGITS.get(c, c) for c in run)
    if run[0] in _UNITS and run[0] != "十":
        return run[0] + (_number(run[1:]) if run[1:] else "")
    return str(_value(run))


def _value(run: str) -> int:
    """Return the value of digits with units: 三百零五 is 305, 三百五 is 350, 12万 is 120000."""
    total = section = unit = 0
    pending = ""
    for c in run:
        if c not in _UNITS:
            pending += _DIGITS.get(c, c)
            continue
        unit = _UNITS[c]
        count = int(pending) if pending else None
        pending = ""
        if unit < _SECTION:
            section += (1 if count is None else count) * unit
            continue
        section += count or 0
        # 亿 multiplies all before it, 万 only what came since the last large unit.
        total = (total + section) * unit if unit > _SECTION else total + (section or 1) * unit
        section = 0
    if len(pending) == 1 and unit >= _UNITS["百"] and run[-2] in _UNITS:
        return total + section + int(pending) * unit // 10
    return total + section + int(pending or 0)
