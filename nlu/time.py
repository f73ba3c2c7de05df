"""When it happened: 昨晚八点多, 12月25日, 1月4日15点20分 as a point in time.

Relative words count from the call's date. A date without a time of day stands for its start,
a part of the day for its usual hour; the confidence says how precise the words were.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from nlu.dates import DAY, NamedDay, day_of
from nlu.numerals import NUMERAL, number
from nlu.passage import Passage
from nlu.types import Field

_PART_HOUR = {
    "凌晨": 2, "清晨": 6, "早上": 8, "早晨": 8, "今早": 8, "今晨": 6, "上午": 10, "中午": 12,
    "下午": 15, "傍晚": 18, "晚上": 20, "昨晚": 20, "今晚": 20, "前晚": 20, "夜里": 22, "昨夜": 22,
    "半夜": 0, "深夜": 23, "晚间": 20,
}  # fmt: skip
_AFTERNOON = {"下午", "傍晚"}
_NIGHT = {"晚上", "昨晚", "今晚", "前晚", "夜里", "昨夜", "深夜", "晚间", "半夜"}
_SMALL_HOURS = 5

_CLOCK = re.compile(
    r"(?P<part>凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜里|半夜|深夜|晚间)?"
    r"(?:的)?(?:大概|大约|差不多)?"
    rf"(?:(?P<hour>\d{{1,2}})[:：](?P<min>\d{{2}})"
    rf"|(?P<hour2>{NUMERAL})(?:点钟|点|时(?![候间段常]))"
    rf"(?:(?P<half>半)|(?P<quarter>[一三])刻|(?P<min2>{NUMERAL})分?)?)(?:多|左右|许)?"
)
_PART = re.compile("|".join(sorted(_PART_HOUR, key=len, reverse=True)))
_NOT_PAST = re.compile(r"(?:明天|后天|明早|明晚|每天|每晚|天天|下周.)[^，。]{0,4}$")
_BETWEEN = re.compile(r"[ ，,的在]*")


@dataclass(frozen=True, slots=True)
class _Mention:
    when: datetime
    start: int
    end: int
    confidence: float


def find_occurrence(passage: Passage, call_time: datetime) -> Field[datetime]:
    """Return when the matter happened; other times said come as alternatives."""
    found = [m for m in _mentions(passage.text, call_time) if m.when <= call_time]
    if not found:
        return Field.empty("没有说到发生时间")
    ranked = sorted(found, key=lambda mention: -mention.confidence)
    best = ranked[0]
    others = {m.when: round(m.confidence * 0.5, 4) for m in ranked[:0:-1] if m.when != best.when}
    return Field(
        value=best.when,
        confidence=round(best.confidence, 4),
        evidence=passage.evidence(best.start, best.end),
        alternatives=tuple(sorted(others.items(), key=lambda item: -item[1])[:2]),
    )


def _mentions(text: str, call_time: datetime) -> list[_Mention]:
    """Return the days named in a text with their times; without any, the times alone."""
    found = []
    for match in DAY.finditer(text):
        day = day_of(match, call_time)
        if day is not None:
            found.append(_at_its_time(text, match, day))
    return found or list(_clocks_alone(text, call_time))


def _at_its_time(text: str, match: re.Match[str], day: NamedDay) -> _Mention:
    if day.exact:
        return _Mention(day.when, match.start(), match.end(), day.confidence)
    gap = _BETWEEN.match(text, match.end())
    rest = gap.end() if gap else match.end()
    part = match["word"] if match["word"] in _PART_HOUR else None
    clock = _CLOCK.match(text, rest)
    time = _time_of(clock, part) if clock else None
    if clock and time is not None:
        return _Mention(day.when + time, match.start(), clock.end(), day.confidence)
    said = _PART.match(text, rest)
    named = said[0] if said else part
    if named:
        end = said.end() if said else match.end()
        when = day.when + timedelta(hours=_PART_HOUR[named])
        return _Mention(when, match.start(), end, day.confidence * 0.8)
    return _Mention(day.when, match.start(), match.end(), day.confidence * 0.85)


def _clocks_alone(text: str, call_time: datetime) -> Iterator[_Mention]:
    midnight = call_time.replace(hour=0, minute=0, second=0, microsecond=0)
    for match in _CLOCK.finditer(text):
        time = _time_of(match, None)
        if time is not None and not _NOT_PAST.search(text[: match.start()]):
            confidence = 0.4 if match["part"] else 0.3
            yield _Mention(midnight + time, match.start(), match.end(), confidence)


def _time_of(match: re.Match[str], part: str | None) -> timedelta | None:
    """Return the time of day since midnight; evening words move it past noon."""
    hour = number(match["hour"] or match["hour2"] or "")
    if hour is None or hour > 24:
        return None
    named = match["part"] or part
    if named in _NIGHT and (hour <= _SMALL_HOURS or hour == 12):
        # 昨晚两点 is two in the morning of the next day, 晚上12点 the next midnight.
        hour = hour + 24 if hour <= _SMALL_HOURS else 24
    elif named in _AFTERNOON | _NIGHT and hour < 12:
        hour += 12
    minute = number(match["min"] or match["min2"] or "0") or 0
    if match["half"]:
        minute = 30
    elif match["quarter"]:
        minute = 15 if match["quarter"] == "一" else 45
    return timedelta(hours=hour, minutes=minute if minute < 60 else 0)
