"""Words that raise a ticket's urgency: danger to life, crowds, threats, despair.

The words stand in signals.yaml. The machine may raise a level, only a person lowers it, so a
doubtful word counts; figures of speech (急死人了, 跳楼价) and plain denials do not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Literal

import yaml

from nlu.passage import Passage
from nlu.types import Signal

Level = Literal["red", "orange", "yellow"]

_GRAVITY: dict[Level, int] = {"red": 0, "orange": 1, "yellow": 2}
_DENIED = re.compile(r"(?:没有|没|不是|不会|无|未)[^，。]{0,2}$")
_LOOK_BACK = 5


@dataclass(frozen=True, slots=True)
class RiskRule:
    """One kind of risk and the words that tell it."""

    name: str
    level: Level
    words: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class RiskRules:
    """All kinds of risk, and the words that only sound like one."""

    rules: tuple[RiskRule, ...]
    figures_of_speech: re.Pattern[str]


@lru_cache(maxsize=1)
def standard_rules() -> RiskRules:
    """Return the rules of signals.yaml."""
    data = yaml.safe_load(files("nlu").joinpath("signals.yaml").read_text(encoding="utf-8"))
    return RiskRules(
        tuple(
            RiskRule(rule["name"], rule["level"], re.compile("|".join(rule["words"])))
            for rule in data["rules"]
        ),
        re.compile("|".join(data["figures_of_speech"])),
    )


def find_signals(passage: Passage, rules: RiskRules | None = None) -> tuple[Signal, ...]:
    """Return the risks in the caller's words, the gravest first, each kind once."""
    rules = rules or standard_rules()
    text = passage.text
    figures = [match.span() for match in rules.figures_of_speech.finditer(text)]
    signals = []
    for rule in rules.rules:
        for match in rule.words.finditer(text):
            if _is_figure(match.span(), figures) or _is_denied(text, match.start()):
                continue
            evidence = passage.evidence(*match.span())
            signals.append(Signal(rule.name, rule.level, evidence[0]))
            break
    return tuple(sorted(signals, key=lambda signal: _GRAVITY[signal.level]))


def _is_figure(span: tuple[int, int], figures: list[tuple[int, int]]) -> bool:
    return any(low < span[1] and span[0] < high for low, high in figures)


def _is_denied(text: str, start: int) -> bool:
    return _DENIED.search(text[max(0, start - _LOOK_BACK) : start]) is not None
