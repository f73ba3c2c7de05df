"""Due dates over holidays, weekends that are worked, unknown years."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticket_draft.deadlines import (
    DeadlineRule,
    DeadlineTable,
    HolidayYear,
    Season,
    add_working_days,
    deadline_for,
    is_working_day,
)
from ticket_draft.errors import CalendarError, RuleError
from ticket_draft.rules import Matter, Scope

CHINA = ZoneInfo("Asia/Shanghai")
COMPLAINT = Matter("投诉类", "一般", ("城管问题", "噪音"), "城管局")


def table(*rules: DeadlineRule, **more: object) -> DeadlineTable:
    return DeadlineTable("test", rules, **more)  # type: ignore[arg-type]


def due(rule: DeadlineRule, received_at: datetime, **more: object) -> datetime:
    deadline = deadline_for(table(rule, **more), COMPLAINT, received_at)
    assert deadline is not None
    return deadline.due_at


@pytest.mark.parametrize(
    ("received", "days", "last"),
    [
        # Friday the 13th of February 2026; Saturday is worked, the festival lasts to the 23rd.
        ("2026-02-13T10:00", 1, "2026-02-14"),
        ("2026-02-13T23:59", 2, "2026-02-24"),
        # A call on a holiday counts from the next working day too.
        ("2026-02-17T09:00", 1, "2026-02-24"),
        # Thursday: Friday, then over the weekend.
        ("2026-01-08T15:00", 1, "2026-01-09"),
        ("2026-01-08T15:00", 3, "2026-01-13"),
        ("2026-01-08T15:00", 7, "2026-01-19"),
    ],
)
def test_working_days(received: str, days: int, last: str) -> None:
    received_at = datetime.fromisoformat(received).replace(tzinfo=CHINA)
    due_at = due(DeadlineRule(days, "working_days"), received_at)
    assert due_at.isoformat() == f"{last}T23:59:59+08:00"


def test_hours_and_calendar_days_run_on() -> None:
    received_at = datetime(2026, 2, 14, 22, 30, tzinfo=CHINA)
    assert due(DeadlineRule(24, "hours"), received_at) == received_at + timedelta(hours=24)
    last = due(DeadlineRule(7, "calendar_days"), received_at, end_of_day="18:00")
    assert last == datetime(2026, 2, 21, 18, 0, tzinfo=CHINA)


def test_unknown_years_are_loud() -> None:
    received_at = datetime(2026, 12, 31, 12, tzinfo=CHINA)
    with pytest.raises(CalendarError, match="2027"):
        due(DeadlineRule(1, "working_days"), received_at)
    assert due(DeadlineRule(2, "hours"), received_at).year == 2026
    with pytest.raises(CalendarError, match="1999"):
        due(DeadlineRule(1, "working_days"), datetime(1999, 3, 1, tzinfo=CHINA))


def test_a_year_of_the_table_replaces_the_national_one() -> None:
    year = HolidayYear(days_off=(date(2027, 1, 1),), working_days=(date(2027, 1, 2),))
    received_at = datetime(2026, 12, 31, 12, tzinfo=CHINA)
    due_at = due(DeadlineRule(1, "working_days"), received_at, years={2027: year})
    assert due_at.date() == date(2027, 1, 2)  # a Saturday that is worked


def test_local_days_off_come_on_top() -> None:
    local = HolidayYear(days_off=(date(2026, 4, 20),), working_days=(date(2026, 4, 25),))
    with_local = table(local=local)
    assert not is_working_day(with_local, date(2026, 4, 20))
    assert is_working_day(with_local, date(2026, 4, 25))
    assert is_working_day(table(), date(2026, 4, 20))


def test_the_first_rule_that_covers_decides() -> None:
    rules = table(
        DeadlineRule(2, "hours", Scope(urgencies=("特急",)), respond_minutes=30),
        DeadlineRule(1, "working_days", Scope(categories=("噪音",))),
        DeadlineRule(7, "working_days"),
    )
    received_at = datetime(2026, 1, 8, 15, tzinfo=CHINA)
    urgent = deadline_for(rules, Matter("投诉类", "特急", ("噪音",), None), received_at)
    noise = deadline_for(rules, COMPLAINT, received_at)
    other = deadline_for(rules, Matter(None, None, (), None), received_at)
    assert urgent is not None
    assert noise is not None
    assert other is not None
    assert urgent.due_at == received_at + timedelta(hours=2)
    assert urgent.respond_by == received_at + timedelta(minutes=30)
    assert noise.due_at.date() == date(2026, 1, 9)
    assert noise.respond_by is None
    assert other.due_at.date() == date(2026, 1, 19)


def test_no_rule_no_deadline() -> None:
    rules = table(DeadlineRule(1, "hours", Scope(request_types=("咨询类",))))
    assert deadline_for(rules, COMPLAINT, datetime(2026, 1, 8, tzinfo=CHINA)) is None


def test_a_wrong_end_of_day_says_what_to_write() -> None:
    with pytest.raises(RuleError, match="18:00"):
        due(DeadlineRule(1, "calendar_days"), datetime(2026, 1, 8), end_of_day="six")


@given(
    st.dates(date(2025, 1, 1), date(2026, 9, 1)),
    st.integers(1, 20),
)
def test_working_days_add_up(start: date, count: int) -> None:
    empty = table()
    end = add_working_days(empty, start, count)
    assert is_working_day(empty, end)
    between = [start + timedelta(days=n) for n in range(1, (end - start).days + 1)]
    assert sum(is_working_day(empty, day) for day in between) == count


def test_shipped_limits(deadline_table: DeadlineTable) -> None:
    received_at = datetime(2026, 1, 8, 15, tzinfo=CHINA)
    urgent = deadline_for(deadline_table, Matter("紧急类", "紧急", (), None), received_at)
    question = deadline_for(deadline_table, Matter("咨询类", "普通", (), None), received_at)
    assert urgent is not None
    assert question is not None
    assert urgent.due_at == received_at + timedelta(hours=24)
    assert urgent.respond_by == received_at + timedelta(minutes=30)
    assert question.due_at.date() == date(2026, 1, 13)


HEATING = Season("11-15", "03-15")


@pytest.mark.parametrize(
    ("day", "inside"),
    [
        (date(2026, 11, 14), False),
        (date(2026, 11, 15), True),
        (date(2026, 12, 31), True),
        (date(2027, 1, 1), True),
        (date(2027, 3, 15), True),
        (date(2027, 3, 16), False),
    ],
)
def test_a_season_runs_across_the_new_year(day: date, inside: bool) -> None:
    assert (day in HEATING) is inside


def test_a_rule_of_the_season_comes_first_in_its_season_only() -> None:
    rules = table(
        DeadlineRule(24, "hours", season=HEATING),
        DeadlineRule(5, "calendar_days"),
    )
    winter = deadline_for(rules, COMPLAINT, datetime(2026, 1, 8, 9, tzinfo=CHINA))
    summer = deadline_for(rules, COMPLAINT, datetime(2026, 7, 8, 9, tzinfo=CHINA))
    assert winter is not None
    assert summer is not None
    assert winter.due_at == datetime(2026, 1, 9, 9, tzinfo=CHINA)
    assert summer.due_at.date() == date(2026, 7, 13)


def test_a_season_that_is_none_says_what_to_write() -> None:
    with pytest.raises(RuleError, match="11-15"):
        _ = date(2026, 1, 1) in Season("13-01", "03-15")
