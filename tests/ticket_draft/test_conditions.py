"""Operators, check ranges and anchors, on cards of a few lines."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from asr.types import Transcript
from ticket_draft.errors import RuleError
from ticket_draft.scoring.card import QACard
from ticket_draft.scoring.qa import check_card, score_qa

from .conftest import call_of

CALL = call_of(
    "a: 您好，请讲。",
    "c: 我要投诉，你们电话好难打。",
    "a: 请您稍等。",
    "a: 让您久等了，请问您在什么地方？",
    "c: 在海府路。",
    "a: 请问您在什么地方？",
    "c: 我说了海府路。",
    "a: 请问您在什么地方呢？电话是13812345678。",
    "c: 海府路。",
    "a: 好的，再见。",
)


def card_of(*conditions: dict[str, Any], **rule: Any) -> QACard:
    return TypeAdapter(QACard).validate_python(
        {
            "version": "t",
            "max_score": 10,
            "conditions": conditions,
            "rules": [
                {"id": "r", "name": "r", "fault_when": "c", "fault_note": "n", "deduction": 2}
                | rule
            ],
        }
    )


def condition(operator: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "c", "operators": [{"id": "o", **operator}]} | more


def finding(card: QACard, call: Transcript = CALL) -> tuple[bool, float, list[str]]:
    found = score_qa(call, card).findings[-1]
    quotes = [
        call.utterance(e.utterance_id).text[e.char_start : e.char_end] for e in found.evidence
    ]
    return found.passed, found.deduction, quotes


ASKED = "请问您在什么地方"
KEYWORD = {"type": "keywords", "keywords": ["再见"]}


@pytest.mark.parametrize(
    ("operator", "check_range", "quotes"),
    [
        (KEYWORD, {"role": "agent"}, ["再见"]),
        (KEYWORD, {"role": "citizen"}, None),
        (KEYWORD, {"first": -1}, ["再见"]),
        (KEYWORD, {"first": 1, "last": 3}, None),
        ({"type": "keywords", "keywords": ["再见", "没有的"], "at_least": "all"}, {}, None),
        ({"type": "keywords", "keywords": ["再见", "您好"], "at_least": 2}, {}, ["您好", "再见"]),
        ({"type": "keywords", "keywords": ["再见"], "unless": ["好"]}, {}, ["再见"]),
        ({"type": "keywords", "keywords": ["再见"], "unless": ["见"]}, {}, None),
        ({"type": "regex", "pattern": "投诉|海府"}, {"first": 2, "last": 2}, ["投诉"]),
        ({"type": "regex", "pattern": "投诉", "unless": "我要"}, {}, None),
        ({"type": "similar", "sentences": ["请问你在什么地方"]}, {"last": 3}, [ASKED]),
        ({"type": "repeat", "times": 3}, {"role": "agent"}, [ASKED, ASKED, ASKED + "呢"]),
        ({"type": "repeat", "times": 4}, {"role": "agent"}, None),
        ({"type": "entity", "entity": "digits"}, {}, ["13812345678"]),
        ({"type": "entity", "entity": "digits"}, {"role": "citizen"}, None),
        ({"type": "speech_rate", "chars_per_minute": 10, "min_chars": 40}, {}, None),
        ({"type": "speech_rate", "chars_per_minute": 900, "min_chars": 2}, {}, None),
    ],
)  # fmt: skip
def test_operators(
    operator: dict[str, Any], check_range: dict[str, Any], quotes: list[str] | None
) -> None:
    passed, deduction, found = finding(card_of(condition(operator, check_range=check_range)))
    assert passed is (quotes is None)
    assert found == (quotes or [])
    assert deduction == (0 if passed else 2)


@pytest.mark.parametrize(
    ("side", "hit", "holds"),
    [("before", 1, False), ("after", 1, True), ("after", -1, False), ("around", 1, True)],
)
def test_anchors(side: str, hit: int, holds: bool) -> None:
    anchor = {
        "id": "anchor",
        "operators": [{"id": "o", "type": "keywords", "keywords": ["什么地方"]}],
    }
    looked_for = condition(
        {"type": "keywords", "keywords": ["我说了"]},
        check_range={"anchor": "anchor", "side": side, "hit": hit},
    )
    passed, _, _ = finding(card_of(anchor, looked_for))
    assert passed is not holds


def test_current_looks_at_the_anchors_own_turn() -> None:
    anchor = {"id": "anchor", "operators": [{"id": "o", "type": "keywords", "keywords": ["难打"]}]}
    same = condition(
        {"type": "keywords", "keywords": ["投诉"]},
        check_range={"anchor": "anchor", "side": "current"},
    )
    assert finding(card_of(anchor, same))[2] == ["投诉"]


def test_each_hit_deducts_where_the_rule_says_so() -> None:
    operator = {"type": "regex", "pattern": "什么地方"}
    assert finding(card_of(condition(operator)))[1] == 2
    assert finding(card_of(condition(operator), per_hit=True))[1] == 6


def test_absence_points_at_where_it_should_have_been() -> None:
    missing = condition(
        {"type": "keywords", "keywords": ["贵姓"]}, check_range={"role": "agent", "last": 1}
    )
    passed, _, quotes = finding(card_of(missing, fault_when="!c"))
    assert not passed
    assert quotes == ["您好，请讲。"]


def test_a_rule_that_does_not_apply_has_passed() -> None:
    absent = condition({"type": "keywords", "keywords": ["贵姓"]})
    card = card_of(absent, fault_when="!c", applies_when="c")
    finding_ = score_qa(CALL, card).findings[0]
    assert finding_.passed
    assert finding_.note == "不涉及"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fault_when": "c&&nobody"}, "nobody"),
        ({"fault_when": "c&&"}, "missing"),
        ({"unless_failed": ["later"]}, "later"),
        ({"evidence_from": ["nobody"]}, "nobody"),
    ],
)
def test_a_wrong_card_says_what_is_wrong(change: dict[str, Any], message: str) -> None:
    with pytest.raises(RuleError, match=message):
        check_card(card_of(condition(KEYWORD), **change))


def test_a_wrong_pattern_is_named() -> None:
    with pytest.raises(RuleError, match="regular expression"):
        score_qa(CALL, card_of(condition({"type": "regex", "pattern": "("})))


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "keywords", "keyword": ["a"]},
        {"type": "unheard_of"},
        {"type": "regex", "pattern": "a", "not_known": 1},
    ],
)
def test_mistyped_keys_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        card_of(condition(wrong))
