"""When a ticket is due: a table of limits, counted in hours, calendar days or working days.

Working days come from `chinesecalendar`, which knows the State Council's yearly holiday
notices, and from an override table in the profile for local days off and for years it
does not know yet. A year that neither knows is an error: a deadline is never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar, Literal

import chinese_calendar

from ticket_draft.errors import CalendarError, RuleError
from ticket_draft.rules import ANY_TICKET, FORBID_UNKNOWN_KEYS, Matter, Scope

LimitUnit = Literal["hours", "calendar_days", "working_days"]

_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class HolidayYear:
    """A year as its holiday notice has it: days off on weekdays, working days on weekends."""

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_UNKNOWN_KEYS

    days_off: tuple[date, ...] = ()
    working_days: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Season:
    """Days of the year, both included, as `MM-DD`; may run across the new year (采暖期)."""

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_UNKNOWN_KEYS

    first_day: str
    last_day: str

    def __contains__(self, day: date) -> bool:
        """Tell whether a day is in season; raises RuleError where a bound is no day."""
        first, last = _day_of_year(self.first_day), _day_of_year(self.last_day)
        today = (day.month, day.day)
        return first <= today <= last if first <= last else today >= first or today <= last


def _day_of_year(written: str) -> tuple[int, int]:
    try:
        day = date.fromisoformat(f"2024-{written}")  # a leap year, so that 02-29 is a day
    except ValueError as error:
        raise RuleError(f"{written!r} is no day of the year; write it as '11-15'") from error
    return day.month, day.day


@dataclass(frozen=True, slots=True)
class DeadlineRule:
    """A limit for tickets of this scope, counted from when the call came in."""

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_UNKNOWN_KEYS

    limit: int
    unit: LimitUnit
    applies_to: Scope = ANY_TICKET
    respond_minutes: int | None = None
    """The unit has to get in touch with the caller within so many minutes."""
    dispatch_minutes: int | None = None
    """The hotline has to send the ticket out within so many minutes."""
    season: Season | None = None
    """The rule holds for calls of these days only."""


@dataclass(frozen=True, slots=True)
class DeadlineTable:
    """A hotline's limits (`deadlines.yaml`); the first rule that covers a ticket decides.

    `years` replaces the national calendar for whole years; `local` adds a region's own
    days off and working days to whatever calendar the year has.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_UNKNOWN_KEYS

    version: str
    rules: tuple[DeadlineRule, ...]
    end_of_day: str = "23:59:59"
    years: dict[int, HolidayYear] = field(default_factory=dict)
    local: HolidayYear = field(default_factory=HolidayYear)


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a ticket must be closed, its caller first be called, and the ticket be sent out."""

    due_at: datetime
    respond_by: datetime | None
    dispatch_by: datetime | None = None


def deadline_for(table: DeadlineTable, matter: Matter, received_at: datetime) -> Deadline | None:
    """Return the deadline of a ticket, None when no rule covers it.

    Working days start with the next working day and calendar days with the next day, both
    ending at the end of the last one; hours run on. The result keeps `received_at`'s zone.

    Raises CalendarError when the count runs into a year of unknown holidays, and RuleError
    where a season is none.
    """
    day = received_at.date()
    rule = next(
        (
            r
            for r in table.rules
            if r.applies_to.covers(matter) and (r.season is None or day in r.season)
        ),
        None,
    )
    if rule is None:
        return None
    return Deadline(
        _due_at(table, rule, received_at),
        _minutes_after(received_at, rule.respond_minutes),
        _minutes_after(received_at, rule.dispatch_minutes),
    )


def _minutes_after(received_at: datetime, minutes: int | None) -> datetime | None:
    return None if minutes is None else received_at + timedelta(minutes=minutes)


def is_working_day(table: DeadlineTable, day: date) -> bool:
    """Tell whether offices work on this day.

    Raises CalendarError for a year that neither the table nor the national calendar knows.
    """
    if day in table.local.days_off:
        return False
    if day in table.local.working_days:
        return True
    year = table.years.get(day.year)
    if year is not None:
        if day.weekday() >= _SATURDAY:
            return day in year.working_days
        return day not in year.days_off
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError as error:
        raise CalendarError(
            f"the holidays of {day.year} are not known: add them under `years: {day.year}:` in the "
            "profile's deadlines.yaml, or install a chinesecalendar that has them"
        ) from error


def add_working_days(table: DeadlineTable, start: date, count: int) -> date:
    """Return the `count`-th working day after `start`, which itself does not count."""
    day = start
    while count > 0:
        day += timedelta(days=1)
        if is_working_day(table, day):
            count -= 1
    return day


def _due_at(table: DeadlineTable, rule: DeadlineRule, received_at: datetime) -> datetime:
    if rule.unit == "hours":
        return received_at + timedelta(hours=rule.limit)
    if rule.unit == "calendar_days":
        last_day = received_at.date() + timedelta(days=rule.limit)
    else:
        last_day = add_working_days(table, received_at.date(), rule.limit)
    return datetime.combine(last_day, _end_of_day(table), tzinfo=received_at.tzinfo)


def _end_of_day(table: DeadlineTable) -> time:
    try:
        return time.fromisoformat(table.end_of_day)
    except ValueError as error:
        raise RuleError(
            f"end_of_day is {table.end_of_day!r}; write a time such as '18:00' or '23:59:59'"
        ) from error
