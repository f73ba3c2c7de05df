"""Repeated requests: the same caller again, or the same matter at the same place."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticket_draft.duplicates import RequestSketch, find_repeats, similarity
from ticket_draft.rules import RepeatRules

RULES = RepeatRules()
NOW = datetime(2026, 3, 20, 9, tzinfo=UTC)
NOISE = RequestSketch(
    call_id="c2",
    received_at=NOW,
    caller="a1",
    matter="关于和平大道18号工地夜间施工噪音扰民的问题。来电人反映工地半夜还在施工，吵得睡不着。",
    category=("城乡建设", "施工", "噪音"),
    place="和平大道18号",
    district="美兰区",
    street="和平街道",
)
EARLIER = replace(
    NOISE,
    call_id="c1",
    received_at=NOW - timedelta(days=3),
    matter="关于和平大道18号工地半夜施工的问题。来电人反映工地夜间施工噪音太大。",
)


def kinds(request: RequestSketch, *earlier: RequestSketch) -> list[tuple[str, str]]:
    return [(r.kind, r.call_id) for r in find_repeats(request, earlier, RULES)]


def test_the_same_caller_again() -> None:
    assert kinds(NOISE, EARLIER) == [("same_caller", "c1")]
    (repeat,) = find_repeats(NOISE, [EARLIER], RULES)
    assert "同一来电号码" in repeat.reason


def test_others_about_the_same_matter() -> None:
    assert kinds(replace(NOISE, caller="b2"), EARLIER) == [("same_matter", "c1")]
    assert kinds(replace(NOISE, caller=None), EARLIER) == [("same_matter", "c1")]


@pytest.mark.parametrize(
    "other",
    [
        replace(EARLIER, received_at=NOW - timedelta(days=31)),
        replace(EARLIER, received_at=NOW + timedelta(minutes=1)),
        replace(EARLIER, call_id="c2"),
        replace(EARLIER, matter="咨询社保卡怎么补办，需要带什么材料"),
        replace(EARLIER, caller="b2", place="和平大道20号", matter="和平大道20号工地半夜施工噪音"),
        replace(EARLIER, caller="b2", street="海甸街道"),
        replace(EARLIER, caller="b2", place=None),
    ],
)
def test_what_is_no_repeat(other: RequestSketch) -> None:
    assert kinds(NOISE, other) == []


def test_another_car_is_another_request() -> None:
    parked = replace(NOISE, caller=None, matter="琼A12345违停堵路", place="和平大道")
    assert kinds(parked, replace(parked, call_id="c1")) == [("same_matter", "c1")]
    other = replace(parked, call_id="c1", matter="琼A54321违停堵路")
    assert kinds(parked, other) == []


def test_the_same_caller_comes_first_and_only_a_few_are_shown() -> None:
    others = [replace(EARLIER, call_id=f"x{n}", caller=None) for n in range(5)]
    found = find_repeats(NOISE, [*others, EARLIER], RULES)
    assert [r.kind for r in found] == ["same_caller", "same_matter", "same_matter"]


@given(st.text(max_size=40), st.text(max_size=40))
def test_similarity_is_a_share_and_symmetric(one: str, other: str) -> None:
    alike = similarity(one, other)
    assert 0.0 <= alike <= 1.0
    assert alike == similarity(other, one)
