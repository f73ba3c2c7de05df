"""Written tickets judged: elements, wording, form, and what they leave out of the call."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nlu.types import Facts, Field, Reference
from ticket_draft.errors import RuleError
from ticket_draft.scoring.writing import (
    Known,
    WritingFinding,
    WrittenTicket,
    check_writing_card,
    score_writing,
)
from ticket_draft.scoring.writing_card import AvoidRule, WritingCard, standard_card

GOOD = WrittenTicket(
    title="关于和平大道18号工地夜间施工噪音扰民的问题",
    content="来电人反映：和平大道18号工地近日夜间施工，噪音扰民，希望尽快处理。",
    request_type="投诉类",
    category=("城乡建设", "施工", "噪音"),
    agency="城管局",
    location="和平大道18号",
    surname="林",
    phone="13900001234",
)


def broken(ticket: WrittenTicket, known: Known | None = None) -> dict[str, WritingFinding]:
    report = score_writing(ticket, standard_card(), known)
    assert report.score == max(0, report.max_score - sum(f.deduction for f in report.findings))
    return {f.rule_id: f for f in report.findings if not f.passed}


def test_a_good_ticket_loses_nothing() -> None:
    report = score_writing(GOOD, standard_card())
    assert report.score == report.max_score
    assert broken(GOOD) == {}


@pytest.mark.parametrize(
    ("change", "rule_id"),
    [
        ({"surname": None}, "who"),
        ({"phone": None}, "contact"),
        ({"location": None}, "where"),
        ({"content": ""}, "what"),
        ({"content": "来电人反映：和平大道18号工地夜间施工，噪音扰民。"}, "request"),
        ({"content": "来电人反映：和平大道18号工地施工，噪音扰民，希望处理。"}, "when"),
        ({"title": "工地施工噪音扰民"}, "title_form"),
        ({"title": "关于噪音的问题"}, "title_length"),
        ({"title": "关于社保卡补办材料咨询的问题"}, "title_fits"),
    ],
)
def test_what_is_missing_or_misshapen(change: dict[str, str | None], rule_id: str) -> None:
    assert rule_id in broken(replace(GOOD, **change))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("words", "rule_id", "quote"),
    [
        ("嗯，夜间施工", "filler", "嗯"),
        ("我家睡不着", "third_person", "我"),
        ("赔偿三千五百元", "digits", "三千五百"),
        ("老板是混蛋", "emotion", "混蛋"),
    ],
)
def test_words_that_do_not_belong_there(words: str, rule_id: str, quote: str) -> None:
    content = f"{GOOD.content}{words}。"
    finding = broken(replace(GOOD, content=content))[rule_id]
    place = finding.places[0]
    assert place.quote == quote
    assert content[place.char_start : place.char_end] == quote
    assert finding.deduction > 0


def test_each_place_counts_up_to_a_limit() -> None:
    assert GOOD.content is not None
    few = broken(replace(GOOD, content=GOOD.content + "嗯，嗯。"))["filler"]
    many = broken(replace(GOOD, content=GOOD.content + "嗯，" * 40))["filler"]
    assert (few.deduction, many.deduction) == (4, 10)


@pytest.mark.parametrize("word", ["我国", "自我", "我市", "第一那个"])
def test_words_that_only_look_wrong(word: str) -> None:
    found = broken(replace(GOOD, content=f"{GOOD.content}{word}。"))
    assert not {"third_person", "filler"} & found.keys()


def test_a_consultation_needs_no_place_and_no_time() -> None:
    asked = replace(
        GOOD,
        title="关于社保卡补办材料的问题",
        content="来电人咨询：社保卡补办需要什么材料？",
        request_type="咨询类",
        location=None,
    )
    assert broken(asked) == {}


def test_what_the_caller_said_must_stand_there() -> None:
    nothing: Field[object] = Field.empty("")
    facts = Facts(
        amounts=(Field(38000.0, 0.95), Field(5.0, 0.5)),
        affected=nothing,  # type: ignore[arg-type]
        party=nothing,  # type: ignore[arg-type]
        references=(Field(Reference("户号", "330012"), 0.9),),
        mood=nothing,  # type: ignore[arg-type]
        earlier_calls=nothing,  # type: ignore[arg-type]
        confidential=nothing,  # type: ignore[arg-type]
    )
    known = Known(facts, (Field("琼A12345", 0.95),))
    finding = broken(GOOD, known)["facts"]
    assert finding.missing == ("琼A12345", "户号330012", "38000元")
    assert finding.deduction == 9
    assert GOOD.content is not None
    whole = replace(GOOD, content=GOOD.content + "车牌琼A12345，户号330012，赔偿3.8万元。")
    assert "facts" not in broken(whole, known)


def test_the_category_is_held_against_the_call_only_where_that_is_sure() -> None:
    right: Field[tuple[str, ...]] = Field(("交通", "路灯", "不亮"), 0.9)
    assert "category" in broken(GOOD, Known(category=right))
    assert "category" not in broken(GOOD, Known(category=replace(right, confidence=0.3)))
    among = replace(right, alternatives=((GOOD.category, 0.05),))
    assert "category" not in broken(GOOD, Known(category=among))


def test_a_wrong_card_is_refused() -> None:
    rule = AvoidRule(
        id="x", name="x", note="x", check="avoid", field="content", patterns=("(",), deduction=1
    )
    with pytest.raises(RuleError, match="pattern"):
        check_writing_card(WritingCard("1", 100, (rule,)))
    fine = replace(rule, patterns=("x",))
    with pytest.raises(RuleError, match="two rules"):
        check_writing_card(WritingCard("1", 100, (fine, fine)))
    check_writing_card(standard_card())
