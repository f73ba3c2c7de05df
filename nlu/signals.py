"""Words that raise a ticket's urgency: danger to life, crowds, threats, despair.

The words stand in signals.yaml. The machine may raise a level, only a person lowers it, so a
doubtful word counts; figures of speech (急死人了, 跳楼价) and plain denials do not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import Literal

import chinese_calendar
import yaml

from nlu.passage import Passage
from nlu.types import Signal

Level = Literal["red", "orange", "yellow"]

_GRAVITY: dict[Level, int] = {"red": 0, "orange": 1, "yellow": 2}
_DENIED = re.compile(r"(?:没有|没|不是|不会|无|未)[^，。]{0,2}$")
_LOOK_BACK = 5
_WEEKS_BEFORE = {"Spring Festival": 6, "New Year's Day": 3, "National Day": 3}
_FIXED = {(1, 1): "New Year's Day", (10, 1): "National Day"}


@dataclass(frozen=True, slots=True)
class RiskRule:
    """One kind of risk and the words that tell it."""

    name: str
    level: Level
    words: re.Pattern[str]
    only_before_holidays: bool = False
    instead_of: str | None = None
    """The rule that says less of the same words."""


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
            RiskRule(
                rule["name"],
                rule["level"],
                re.compile("|".join(rule["words"])),
                bool(rule.get("only_before_holidays")),
                rule.get("instead_of"),
            )
            for rule in data["rules"]
        ),
        re.compile("|".join(data["figures_of_speech"])),
    )


def find_signals(
    passage: Passage, call_date: date | None = None, rules: RiskRules | None = None
) -> tuple[Signal, ...]:
    """Return the risks in the caller's words, the gravest first, each kind once.

    Some count only in the weeks before a festival, when wages are settled.
    """
    rules = rules or standard_rules()
    text = passage.text
    figures = [match.span() for match in rules.figures_of_speech.finditer(text)]
    signals = []
    festive = call_date is not None and is_before_holiday(call_date)
    for rule in rules.rules:
        if rule.only_before_holidays and not festive:
            continue
        for match in rule.words.finditer(text):
            if _is_figure(match.span(), figures) or _is_denied(text, match.start()):
                continue
            evidence = passage.evidence(*match.span())
            signals.append(Signal(rule.name, rule.level, evidence[0]))
            break
    found = {signal.name for signal in signals}
    lesser = {rule.instead_of for rule in rules.rules if rule.name in found}
    signals = [signal for signal in signals if signal.name not in lesser]
    return tuple(sorted(signals, key=lambda signal: _GRAVITY[signal.level]))


@lru_cache(maxsize=64)
def is_before_holiday(day: date) -> bool:
    """Tell whether wages are to be settled soon: Spring Festival, New Year, National Day.

    A year whose calendar is not published yet counts by its fixed dates alone.
    """
    for ahead in range(1, max(_WEEKS_BEFORE.values()) * 7 + 1):
        later = day + timedelta(days=ahead)
        if ahead <= _WEEKS_BEFORE.get(_festival(later) or "", 0) * 7:
            return True
    return False


def _festival(day: date) -> str | None:
    if (day.month, day.day) in _FIXED:
        return _FIXED[day.month, day.day]
    try:
        is_off, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:  # the State Council has not announced that year yet
        return None
    return name if is_off else None


def _is_figure(span: tuple[int, int], figures: list[tuple[int, int]]) -> bool:
    return any(low < span[1] and span[0] < high for low, high in figures)


def _is_denied(text: str, start: int) -> bool:
    return _DENIED.search(text[max(0, start - _LOOK_BACK) : start]) is not None
