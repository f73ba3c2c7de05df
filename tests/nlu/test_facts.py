"""Sums, people, numbers, mood and wishes: read from the words, empty where nobody said them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.affected import find_affected
from nlu.amounts import find_amounts
from nlu.confidentiality import find_confidentiality
from nlu.mood import find_earlier_calls, find_mood
from nlu.numerals import quantity
from nlu.party import find_party
from nlu.references import find_references
from nlu.signals import find_signals, is_before_holiday
from tests.nlu.build import call, passage, quotes

_NAMES = "零一二三四五六七八九"


def in_words(value: int) -> str:
    """A number below a hundred million as it is read out."""
    if value >= 10_000:
        rest = value % 10_000
        joint = "零" if rest < 1000 else ""
        return in_words(value // 10_000) + "万" + (joint + in_words(rest) if rest else "")
    said = ""
    gap = False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, value = divmod(value, unit)
        if digit:
            said += ("零" if gap else "") + _NAMES[digit] + name
            gap = False
        else:
            gap = bool(said) and value > 0
    return said or "零"


@given(st.integers(1, 99_999_999))
def test_a_sum_is_read_back_however_it_is_written(yuan: int) -> None:
    for said in (in_words(yuan), str(yuan), f"{yuan:,}"):
        assert quantity(said) == yuan
        (field,) = find_amounts(passage(f"欠了{said}元。"))
        assert field.value == yuan


@given(st.integers(1, 9), st.integers(1, 9))
def test_the_unit_of_a_last_digit_is_left_out(head: int, tail: int) -> None:
    assert quantity(f"{_NAMES[head]}万{_NAMES[tail]}") == head * 10_000 + tail * 1000
    assert quantity(f"{_NAMES[head]}百{_NAMES[tail]}") == head * 100 + tail * 10
    assert quantity(f"{_NAMES[head]}百零{_NAMES[tail]}") == head * 100 + tail


@pytest.mark.parametrize(
    ("text", "yuan"),
    [
        ("老板欠我三万八不给", [38000.0]),
        ("交了两千五百元押金", [2500.0]),
        ("每斤三块五毛，水费八毛钱", [3.5, 0.8]),
        ("一共欠了12.5万元工资", [125000.0]),
        ("买了两块地砖，铺在三块地上", []),
        ("住在3单元，元旦回来", []),
        ("一百二十人排队", []),
        ("", []),
    ],
)
def test_sums(text: str, yuan: list[float]) -> None:
    assert [field.value for field in find_amounts(passage(text))] == yuan


def test_a_rough_sum_is_less_sure() -> None:
    (exact,) = find_amounts(passage("三千块"))
    (rough,) = find_amounts(passage("三千多块"))
    (bare,) = find_amounts(passage("欠我三千五"))
    assert exact.confidence > rough.confidence > bare.confidence


@pytest.mark.parametrize(
    ("text", "count", "unit"),
    [
        ("我们三十多户业主都没水", 30, "户"),
        ("有二十几个工人没拿到工资", 20, "人"),
        ("我们村五百多人没水喝", 500, "人"),
        ("影响两百户居民，其中三十个老人", 200, "户"),
        ("整栋楼都停电了", None, "栋楼"),
    ],
)
def test_who_is_affected(text: str, count: int | None, unit: str) -> None:
    field = find_affected(passage(text))
    assert field.value is not None
    assert (field.value.count, field.value.unit) == (count, unit)
    assert field.evidence


@pytest.mark.parametrize("text", ["三个人打我", "一个老人摔倒", "B栋305业主养狗", "路灯坏了", ""])
def test_others_are_not_counted(text: str) -> None:
    field = find_affected(passage(text))
    assert field.value is None
    assert field.reason


@pytest.mark.parametrize(
    ("text", "kind", "number"),
    [
        ("工单号是20240101123456", "工单号", "20240101123456"),
        ("订单号幺二三四五六七八", "订单号", "12345678"),
        ("快递单号SF1234567890123", "快递单号", "SF1234567890123"),
        ("户号是三三零零幺二", "户号", "330012"),
        ("坐32路公交车等了一小时", "公交线路", "32路"),
        ("车架号LSVAA4182E2123456", "车架号", "LSVAA4182E2123456"),
    ],
)
def test_numbers_that_name_a_thing(text: str, kind: str, number: str) -> None:
    (field,) = find_references(passage(text))
    assert field.value is not None
    assert (field.value.kind, field.value.number) == (kind, number)


def test_a_telephone_number_names_nothing() -> None:
    assert find_references(passage("我的电话号码是13900001234")) == ()


@pytest.mark.parametrize(
    ("text", "party"),
    [
        ("我们公司想咨询注册", "enterprise"),
        ("我开了一家小店，想办执照", "enterprise"),
        ("我是金山花园业主", "person"),
        ("我在我们公司上班，公司欠我工资", "person"),
        ("路灯坏了", None),
    ],
)
def test_a_person_or_an_enterprise(text: str, party: str | None) -> None:
    assert find_party(passage(text)).value == party


@pytest.mark.parametrize(
    ("text", "mood"),
    [
        ("气死我了", "angry"),
        ("很着急", "anxious"),
        ("不着急", None),
        ("我活不下去了", "distressed"),
    ],
)
def test_moods(text: str, mood: str | None) -> None:
    assert find_mood(passage(text)).value == mood


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("这是第三次打电话了", 2),
        ("我打了五次电话", 5),
        ("之前反映过", 1),
        ("第一次打", None),
        ("路灯坏了三次", None),
    ],
)
def test_how_often_before(text: str, times: int | None) -> None:
    assert find_earlier_calls(passage(text)).value == times


def test_the_last_word_on_confidentiality_counts() -> None:
    said = call(
        ("citizen", "请帮我保密"), ("agent", "您的信息需要保密吗"), ("citizen", "不用，可以公开")
    )
    field = find_confidentiality(said)
    assert field.value is False
    assert quotes(said, field.evidence)
    assert find_confidentiality(call(("citizen", "路灯坏了"))).value is None


def test_wages_before_a_festival_are_a_risk_of_their_own() -> None:
    said = passage("老板拖欠我们三个月工资")
    before, after = date(2026, 2, 1), date(2026, 4, 1)
    assert [s.name for s in find_signals(said, before)] == ["节前欠薪"]
    assert [s.name for s in find_signals(said, after)] == ["讨薪"]


def test_festivals_of_years_without_a_calendar() -> None:
    assert is_before_holiday(date(2040, 9, 25))
    assert is_before_holiday(date(2040, 12, 20))
    assert not is_before_holiday(date(2040, 2, 5))


@given(st.decimals(min_value=0, max_value=99999, places=2))
def test_decimals(value: Decimal) -> None:
    assert quantity(str(value)) == value
