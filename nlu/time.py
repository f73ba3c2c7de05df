"""When it happened: 昨晚八点多, 12月25日, 1月4日15点20分 as a point in time.

Relative words count from the call's date. A date without a time of day stands for its start,
a part of the day for its usual hour; the confidence says how precise the words were.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from nlu.numerals import NUMERAL, number
from nlu.passage import Passage
from nlu.types import Field

_DAYS_AGO = {
    "大前天": 3, "前天": 2, "前日": 2, "昨天": 1, "昨日": 1, "昨晚": 1, "昨夜": 1, "前晚": 2,
    "今天": 0, "今日": 0, "今早": 0, "今晨": 0, "今晚": 0, "当天": 0, "刚才": 0, "刚刚": 0, "现在": 0,
}  # fmt: skip
_PART_HOUR = {
    "凌晨": 2, "清晨": 6, "早上": 8, "早晨": 8, "今早": 8, "今晨": 6, "上午": 10, "中午": 12,
    "下午": 15, "傍晚": 18, "晚上": 20, "昨晚": 20, "今晚": 20, "前晚": 20, "夜里": 22, "昨夜": 22,
    "半夜": 0, "深夜": 23, "晚间": 20,
}  # fmt: skip
_EVENING = {"下午", "傍晚", "晚上", "昨晚", "今晚", "前晚", "夜里", "昨夜", "深夜", "晚间"}
_WEEKDAYS = {c: n for n, c in enumerate("一二三四五六")} | {"日": 6, "天": 6}

_DAY = re.compile(
    rf"(?:(?:(?P<year>\d{{4}}|\d{{2}}|[二一][〇零一二三四五六七八九]{{3}}|去|今|前)年[的，]?)?"
    rf"(?P<month>{NUMERAL})月(?:份)?(?P<day>{NUMERAL})?(?:日|号)?)"
    r"|(?P<iso>\d{4}[-/.]\d{1,2}[-/.]\d{1,2})"
    rf"|(?P<ago>{NUMERAL})(?P<unit>天|小时|个小时|分钟|个星期|周|个月)(?:之)?前"
    r"|(?P<week>上上|上|这|本)(?:个)?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天])"
    rf"|(?:(?P<last>上|这|本)个?月的?|(?<=[于在从到，。])|^)(?P<only>{NUMERAL})(?:号|日)(?![楼栋线路院门店口车位铺馆])"
    r"|(?P<word>大前天|前天|前日|昨天|昨日|昨晚|昨夜|前晚|今天|今日|今早|今晨|今晚|刚才|刚刚)"
)
_CLOCK = re.compile(
    r"(?P<part>凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜里|半夜|深夜|晚间)?(?:的)?(?:大概|大约|差不多)?"
    rf"(?:(?P<hour>\d{{1,2}})[:：](?P<min>\d{{2}})|(?P<hour2>{NUMERAL})(?:点钟|点|时(?![候间段常]))"
    rf"(?:(?P<half>半)|(?P<quarter>[一三])刻|(?P<min2>{NUMERAL})分?)?)(?P<about>多|左右|许)?"
)
_PART = re.compile("|".join(_PART_HOUR))


@dataclass(frozen=True, slots=True)
class _Found:
    when: datetime
    start: int
    end: int
    confidence: float


def find_occurrence(passage: Passage, call_time: datetime) -> Field[datetime]:
    """Return when the matter happened, later mentions as alternatives."""
    found = [item for item in _mentions(passage.text, call_time) if item.when <= call_time]
    if not found:
        return Field.empty("没有说到发生时间")
    ranked = sorted(found, key=lambda item: -item.confidence)
    best = ranked[0]
    return Field(
        value=best.when,
        confidence=best.confidence,
        evidence=passage.evidence(best.start, best.end),
        alternatives=tuple(
            (item.when, round(item.confidence * 0.5, 4))
            for item in ranked[1:3]
            if item.when != best.when
        ),
    )


def _mentions(text: str, call_time: datetime) -> list[_Found]:
    found = []
    for match in _DAY.finditer(text):
        day = _day(match, call_time)
        if day is None:
            continue
        found.append(_with_clock(text, match, day, call_time))
    if not found:
        for match in _CLOCK.finditer(text):
            found.append(_clock_alone(match, call_time))
    return [item for item in found if item is not None]


def _day(match: re.Match[str], call_time: datetime) -> tuple[datetime, float] | None:
    """Return the day a match names, with how sure its reading is."""
    midnight = call_time.replace(hour=0, minute=0, second=0, microsecond=0)
    if word := match["word"]:
        return midnight - timedelta(days=_DAYS_AGO[word]), 0.9
    if iso := match["iso"]:
        return _date(midnight, *(int(part) for part in re.split(r"[-/.]", iso))), 0.95
    if match["ago"]:
        return _ago(number(match["ago"]), match["unit"], call_time, midnight)
    if match["weekday"]:
        weeks = {"上上": 2, "上": 1}.get(match["week"], 0)
        monday = midnight - timedelta(days=midnight.weekday() + 7 * weeks)
        return monday + timedelta(days=_WEEKDAYS[match["weekday"]]), 0.85
    if match["only"]:
        day = number(match["only"])
        month = midnight.month - (1 if match["last"] == "上" else 0)
        return _recent(midnight, None, month or 12, day, call_time, 0.6)
    month, day = number(match["month"]), number(match["day"] or "")
    if day is None and match["month"] and not match["year"]:
        return None
    year = _year(match["year"], call_time)
    return _recent(midnight, year, month, day or 1, call_time, 0.95 if match["day"] else 0.5)


def _ago(
    count: int | None, unit: str, call_time: datetime, midnight: datetime
) -> tuple[datetime, float] | None:
    if count is None or count > 400:
        return None
    if unit in ("小时", "个小时"):
        return call_time - timedelta(hours=count), 0.8
    if unit == "分钟":
        return call_time - timedelta(minutes=count), 0.85
    days = {"天": 1, "周": 7, "个星期": 7, "个月": 30}[unit]
    return midnight - timedelta(days=days * count), 0.8 if unit == "天" else 0.5


def _year(text: str | None, call_time: datetime) -> int | None:
    if text is None:
        return None
    if text in ("去", "今", "前"):
        return call_time.year - {"去": 1, "今": 0, "前": 2}[text]
    year = number(text)
    return year + 2000 if year is not None and year < 100 else year


def _recent(
    midnight: datetime,
    year: int | None,
    month: int | None,
    day: int | None,
    call_time: datetime,
    confidence: float,
) -> tuple[datetime, float] | None:
    """Return the date; without a year, the last such date before the call."""
    if month is None or day is None:
        return None
    when = _date(midnight, year or midnight.year, month, day)
    if when is not None and year is None and when > call_time:
        when = _date(midnight, midnight.year - 1, month, day)
    return None if when is None else (when, confidence)


def _date(midnight: datetime, year: int, month: int, day: int) -> datetime:
    try:
        return midnight.replace(year=year, month=month, day=day)
    except ValueError:
        return midnight.replace(year=9999)


def _with_clock(
    text: str, match: re.Match[str], day: tuple[datetime, float], call_time: datetime
) -> _Found:
    when, confidence = day
    if match["unit"] in ("小时", "个小时", "分钟"):
        return _Found(when, match.start(), match.end(), confidence)
    rest = match.end()
    while rest < len(text) and text[rest] in " ，,的在":
        rest += 1
    clock = _CLOCK.match(text, rest)
    part = match["word"] if match["word"] in _PART_HOUR else None
    if clock:
        hour, minute = _time_of(clock, part)
        if hour is not None:
            return _Found(
                when + timedelta(hours=hour, minutes=minute), match.start(), clock.end(), confidence
            )
    said = _PART.match(text, rest)
    if said or part:
        hours = _PART_HOUR[said[0] if said else str(part)]
        end = said.end() if said else match.end()
        return _Found(when + timedelta(hours=hours), match.start(), end, confidence * 0.8)
    if match["word"] in ("刚才", "刚刚"):
        when = call_time.replace(second=0, microsecond=0)
    return _Found(when, match.start(), match.end(), confidence * 0.85)


def _clock_alone(match: re.Match[str], call_time: datetime) -> _Found:
    hour, minute = _time_of(match, None)
    if hour is None:
        return _Found(datetime.max.replace(tzinfo=call_time.tzinfo), 0, 0, 0.0)
    midnight = call_time.replace(hour=0, minute=0, second=0, microsecond=0)
    when = midnight + timedelta(hours=hour, minutes=minute)
    return _Found(when, match.start(), match.end(), 0.4 if match["part"] else 0.3)


def _time_of(match: re.Match[str], part: str | None) -> tuple[int | None, int]:
    hour = number(match["hour"] or match["hour2"] or "")
    if hour is None or hour > 24:
        return None, 0
    if (match["part"] or part) in _EVENING and hour < 12:
        hour += 12
    if match["half"]:
        return hour, 30
    if match["quarter"]:
        return hour, 15 if match["quarter"] == "一" else 45
    minute = number(match["min"] or match["min2"] or "0") or 0
    return hour, minute if minute < 60 else 0
