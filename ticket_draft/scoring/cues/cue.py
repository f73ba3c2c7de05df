"""One way of answering."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Strength = Literal["explicit", "soft", "bare", "faint"]
"""explicit: says it in so many words; soft: lets it be understood; bare: a yes or no that
means something only as the answer to a question; faint: a mere tone, heard only where
nothing else was said."""

CONFIDENCE: dict[Strength, float] = {"explicit": 0.95, "bare": 0.8, "soft": 0.75, "faint": 0.5}

CLAUSE_START = r"(?:^|(?<=[，。！？,.!?\s]))"
CLAUSE_END = r"(?=$|[，。！？,.!?\s])"
PARTICLES = r"[的啊呀呢哦吧嘛哇欸了咧噻嘞撒哒喽咯额呐哈啦呗哩诶哟]*"


@dataclass(frozen=True, slots=True)
class Cue:
    """A pattern and what it says; `value` None takes words out of the later cues' sight.

    `mark` tells the reading what kind of words these are, where it matters.
    """

    value: str | None
    strength: Strength
    pattern: re.Pattern[str]
    mark: str = ""


def cue(value: str | None, strength: Strength, *ways: str, mark: str = "") -> Cue:
    """Make a cue of the ways to say it, each a pattern."""
    return Cue(value, strength, re.compile("|".join(f"(?:{way})" for way in ways)), mark)
