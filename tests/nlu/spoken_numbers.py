"""Numbers as people say them: digits read in many ways, in groups, with repeats."""

from __future__ import annotations

import random

from hypothesis import strategies as st

_READINGS = {
    "0": "零〇洞0", "1": "一幺1", "2": "二两2", "3": "三3", "4": "四4",
    "5": "五5", "6": "六6", "7": "七拐7", "8": "八8", "9": "九勾9",
}  # fmt: skip
_JOINTS = ("", "", " ", "，", "、", "，嗯，", "-")


def mobile_numbers() -> st.SearchStrategy[str]:
    """Mobile numbers of no network in use: 139 0000, or any digits behind 13 to 19."""
    return st.from_regex(r"1[3-9]\d{9}", fullmatch=True).filter(str.isascii)


def spoken(number: str, seed: int) -> str:
    """Return a number with each digit read in one of its ways and gaps between groups."""
    chance = random.Random(seed)
    said = "".join(chance.choice(_READINGS.get(digit, digit)) for digit in number)
    first, second = sorted(chance.sample(range(1, len(number)), 2)) if len(number) > 2 else (1, 1)
    joints = chance.choice(_JOINTS), chance.choice(_JOINTS)
    return said[:first] + joints[0] + said[first:second] + joints[1] + said[second:]


def in_groups(number: str, seed: int) -> list[str]:
    """Return a mobile number as two or three utterances."""
    chance = random.Random(seed)
    cuts = chance.choice(((3, 7), (3, 11), (4, 8), (7, 11)))
    parts = [number[: cuts[0]], number[cuts[0] : cuts[1]], number[cuts[1] :]]
    return [spoken(part, seed) if len(part) > 2 else part for part in parts if part]
