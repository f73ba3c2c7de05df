"""One way of answering."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Strength = Literal["explicit", "soft", "bare"]
"""explicit: says it in so many words; soft: lets it be understood; bare: a yes or no that
means something only as the answer to a question."""

CONFIDENCE: dict[Strength, float] = {"explicit": 0.95, "soft": 0.75, "bare": 0.8}


@dataclass(frozen=True, slots=True)
class Cue:
    """A pattern and what it says; `value` None takes words out of the later cues' sight.

    `mark` tells the reading what kind of words these are, where it matters.
    """

    value: str | None
    strength: Strength
    pattern: re.Pattern[str]
    mark: str = ""


def cue(value: str | None, strength: Strength, pattern: str, mark: str = "") -> Cue:
    """Make a cue of a pattern in source form."""
    return Cue(value, strength, re.compile(pattern), mark)
