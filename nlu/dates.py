"""Days as people name them: 昨天, 上周三, 12月25日, 去年11月, 5号, 三天前."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from nlu.numerals import NUMERAL, number

_DAYS_AGO = {
    "大前天": 3, "前天": 2, "前日": 2, "前晚": 2, "昨天": 1, "昨日": 1, "昨晚": 1, "昨夜": 1,
    "今天": 0, "今日": 0, "今早": 0, "今晨": 0, "今晚": 0, "刚才": 0, "刚刚": 0,
}  # fmt: skip
_WEEKDAYS = {c: n for n, c in enumerate("一二三四五六")} | {"日": 6, "天": 6}
_UNIT_DAYS = {"天": 1, "周": 7, "个星期": 7, "个月": 30}
_RELATIVE_YEARS = {"今": 0, "去": 1, "前": 2}
_LONGEST_AGO = 400

DAY = re.compile(
    r"(?:(?:(?P<year>\d{4}|\d{2}|[二一][〇零一二三四五六七八九]{3}|去|今|前)年[的，]?)?"
    rf"(?P<month>{NUMERAL})月(?:份)?(?P<day>{NUMERAL})?(?:日|号)?)"
    r"|(?P<iso>\d{4}[-/.]\d{1,2}[-/.]\d{1,2})"
    rf"|(?P<ago>{NUMERAL}|半)(?P<unit>天|小时|个小时|分钟|个星期|周|个月)(?:之)?前"
    r"|(?P<week>上上|上|这|本)(?:个)?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天])"
    r"|(?:(?P<last>上|这|本)个?月的?|(?<=[于在从到，。])|^)"
    rf"(?P<only>{NUMERAL})(?:号|日)(?![楼栋线路院门店口车位铺馆])"
    r"|(?P<word>大前天|前天|前日|昨天|昨日|昨晚|昨夜|前晚|今天|今日|今早|今晨|今晚|刚才|刚刚)"
)
"""Everything that names a day, or a stretch of time before the call."""


@dataclass(frozen=True, slots=True)
class NamedDay:
    """The moment a mention stands for and how sure its reading is.

    `exact` tells a moment (十分钟前) from the start of a day.
    """

    when: datetime
    confidence: float
    exact: bool = False


def day_of(match: re.Match[str], call_time: datetime) -> NamedDay | None:
    """Return the day that a match of `DAY` names; None for one no calendar has."""
    midnight = call_time.replace(hour=0, minute=0, second=0, microsecond=0)
    if word := match["word"]:
        if word in ("刚才", "刚刚"):
            return NamedDay(call_time.replace(second=0, microsecond=0), 0.75, exact=True)
        return NamedDay(midnight - timedelta(days=_DAYS_AGO[word]), 0.9)
    if match["iso"]:
        parts = [int(part) for part in re.split(r"[-/.]", match["iso"])]
        when = _date(midnight, parts[0], parts[1], parts[2])
        return None if when is None else NamedDay(when, 0.95)
    if match["ago"]:
        if match["ago"] == "半":
            return _half_ago(match["unit"], call_time)
        return _ago(number(match["ago"]), match["unit"], call_time, midnight)
    if match["weekday"]:
        weeks = {"上上": 2, "上": 1}.get(match["week"], 0)
        monday = midnight - timedelta(days=midnight.weekday() + 7 * weeks)
        return NamedDay(monday + timedelta(days=_WEEKDAYS[match["weekday"]]), 0.85)
    return _calendar_day(match, midnight, call_time)


def _calendar_day(match: re.Match[str], midnight: datetime, call_time: datetime) -> NamedDay | None:
    if match["only"]:
        last_month = midnight.replace(day=1) - timedelta(days=1)
        month = last_month.month if match["last"] == "上" else midnight.month
        return _recent(midnight, None, month, number(match["only"]), call_time, 0.6)
    year = _year(match["year"], call_time)
    said_day = number(match["day"] or "")
    if said_day is None and year is None:
        return None
    confidence = 0.95 if said_day is not None else 0.5
    return _recent(midnight, year, number(match["month"]), said_day or 1, call_time, confidence)


def _ago(count: int | None, unit: str, call_time: datetime, midnight: datetime) -> NamedDay | None:
    if count is None or count > _LONGEST_AGO:
        return None
    if unit in ("小时", "个小时"):
        return NamedDay(call_time - timedelta(hours=count), 0.8, exact=True)
    if unit == "分钟":
        return NamedDay(call_time - timedelta(minutes=count), 0.85, exact=True)
    when = midnight - timedelta(days=_UNIT_DAYS[unit] * count)
    return NamedDay(when, 0.8 if unit == "天" else 0.5)


def _half_ago(unit: str, call_time: datetime) -> NamedDay | None:
    if unit in ("小时", "个小时"):
        return NamedDay(call_time - timedelta(minutes=30), 0.8, exact=True)
    if unit in ("天", "个月"):
        hours = 12 if unit == "天" else 15 * 24
        return NamedDay(call_time - timedelta(hours=hours), 0.4, exact=True)
    return None


def _year(text: str | None, call_time: datetime) -> int | None:
    if text is None:
        return None
    if text in _RELATIVE_YEARS:
        return call_time.year - _RELATIVE_YEARS[text]
    year = number(text)
    return year + 2000 if year is not None and year < 100 else year


def _recent(
    midnight: datetime,
    year: int | None,
    month: int | None,
    day: int | None,
    call_time: datetime,
    confidence: float,
) -> NamedDay | None:
    """Return the date; without a year, the last such date before the call."""
    if month is None or day is None:
        return None
    when = _date(midnight, year or midnight.year, month, day)
    if when is not None and year is None and when > call_time:
        when = _date(midnight, midnight.year - 1, month, day)
    return None if when is None else NamedDay(when, confidence)


def _date(midnight: datetime, year: int, month: int, day: int) -> datetime | None:
    try:
        return midnight.replace(year=year, month=month, day=day)
    except ValueError:
        return None
