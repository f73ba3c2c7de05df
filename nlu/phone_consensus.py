"""Mobile numbers that no hearing holds whole: the eleven digits nearest to all of them.

A recogniser drops or doubles digits of a long number (1856703384 said, 185666703384 read
back); the number one edit from both is then likelier than either.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from rapidfuzz.distance import Levenshtein

MOBILE = re.compile(r"1[3-9]\d{9}")
_LENGTH = 11
_HEARINGS = 6
_EDIT_COST = 0.25


def mobile_candidates(hearings: Mapping[str, float]) -> Iterator[str]:
    """Yield mobile numbers at most one dropped or doubled digit from a weighty hearing.

    `hearings` maps strings of digits to their weight.
    """
    weighty = sorted(hearings, key=lambda digits: -hearings[digits])[:_HEARINGS]
    seen = set()
    for digits in weighty:
        for number in _of_right_length(digits):
            if number not in seen and MOBILE.fullmatch(number):
                seen.add(number)
                yield number


def closeness(number: str, hearings: Mapping[str, float]) -> float:
    """Return how near a number is to all hearings: each edit counts a quarter."""
    return sum(
        weight * _EDIT_COST ** Levenshtein.distance(number, digits)
        for digits, weight in hearings.items()
    )


def _of_right_length(digits: str) -> Iterator[str]:
    if len(digits) == _LENGTH:
        yield digits
    elif len(digits) == _LENGTH + 1:
        for place in range(len(digits)):
            yield digits[:place] + digits[place + 1 :]
    elif len(digits) == _LENGTH - 1:
        for place in range(len(digits) + 1):
            for digit in "0123456789":
                yield digits[:place] + digit + digits[place:]
