"""Seats, neighbouring lines, grades and supervision: what hotlines have of their own."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from asr.types import Transcript
from nlu.facts import find_facts
from nlu.passage import Passage
from nlu.types import Caller, Evidence, Extraction, Facts, Field, Signal
from ticket_draft.deadlines import DeadlineRule, DeadlineTable
from ticket_draft.drafter import draft_ticket
from ticket_draft.rules import (
    GradeRule,
    Scope,
    SeatRule,
    SignOffRule,
    SupervisionRule,
    TicketRules,
    TransferLine,
)
from ticket_draft.scoring.callback import score_callback
from ticket_draft.scoring.script import CallbackScript
from ticket_draft.supervision import supervised
from ticket_draft.types import TicketDraft

from .conftest import call_of

NOON = datetime(2026, 5, 20, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
RULES = {
    "grades": (
        GradeRule("简单咨询", Scope(request_types=("咨询",)), answered=True),
        GradeRule("复杂咨询", Scope(request_types=("咨询",))),
        GradeRule("一般", Scope()),
    ),
    "seats": (
        SeatRule("供热专席", applies_to=Scope(categories=("供热",))),
        SeatRule("疏解专线", patterns=("从北京",)),
        SeatRule("企业专席", key="2", applies_to=Scope(parties=("enterprise",))),
    ),
    "lines": (
        TransferLine("110", "报警", "警情", ("正在打架",), ("昨天",), ("轻生",), three_way=True),
        TransferLine("12368", "诉讼服务", "法院事项", ("法官",)),
    ),
    "supervision": SupervisionRule(
        "营商办", raised_times=2, dissatisfied=True, open_days=30, called_as=("贵公司",)
    ),
    "sign_off": (
        SignOffRule("科长", Scope(grades=("复杂咨询",))),
        SignOffRule("话务员", Scope(grades=("简单咨询",))),
        SignOffRule("主任"),
    ),
}
DEADLINES = DeadlineTable(
    "1",
    (
        DeadlineRule(1, "hours", Scope(grades=("简单咨询",))),
        DeadlineRule(3, "hours", Scope(grades=("复杂咨询",)), dispatch_minutes=120),
        DeadlineRule(7, "hours", respond_minutes=10),
    ),
)


def facts_of(call: Transcript) -> Facts:
    said = Passage.of_utterances(call.of("citizen"))
    return find_facts(call, said, said)


def draft(
    ticket_rules: TicketRules,
    *lines: str,
    request_type: str = "投诉",
    category: tuple[str, ...] = (),
    risk: str | None = None,
) -> TicketDraft:
    call = call_of(*lines)
    first = next(iter(call.of("citizen")))
    spans = (Evidence.of(first, 0, len(first.text)),)
    extraction = Extraction(
        request_type=Field(request_type, 0.9),
        category=Field(category or None, 0.8),
        agency=Field("市局", 0.7),
        location=Field(None),
        occurred_at=Field(None),
        caller=Caller(Field("周", 0.9), Field("13912345678", 0.9)),
        demand=spans,
        facts=facts_of(call),
        signals=(Signal(risk, "red", spans[0]),) if risk else (),
    )
    rules = replace(ticket_rules, **RULES)  # type: ignore[arg-type]
    return draft_ticket(call, extraction, rules, DEADLINES, received_at=NOON)


def test_grade_decides_limit_and_signature(ticket_rules: TicketRules) -> None:
    answered = draft(
        ticket_rules, "c: 请问社保卡怎么补办", "a: 带身份证到服务大厅窗口办理就可以。",
        request_type="咨询",
    )  # fmt: skip
    assert (answered.grade, answered.sign_off) == ("简单咨询", "话务员")
    assert answered.due_at == NOON + timedelta(hours=1)
    asked = draft(ticket_rules, "c: 请问社保卡怎么补办", request_type="咨询")
    assert (asked.grade, asked.sign_off) == ("复杂咨询", "科长")
    assert asked.due_at == NOON + timedelta(hours=3)
    assert asked.dispatch_by == NOON + timedelta(minutes=120)
    other = draft(ticket_rules, "c: 楼下太吵")
    assert (other.grade, other.sign_off, other.dispatch_by) == ("一般", "主任", None)
    assert other.respond_by == NOON + timedelta(minutes=10)


@pytest.mark.parametrize(
    ("said", "category", "seat"),
    [
        ("家里暖气不热", ("公用事业", "供热", "不热"), "供热专席"),
        ("我们公司想咨询政策", (), "企业专席（按2键）"),
        ("我们公司从北京过来", (), "疏解专线"),
        ("我们小区很吵", (), None),
    ],
)
def test_call_belongs_to_the_seat_that_knows(
    ticket_rules: TicketRules, said: str, category: tuple[str, ...], seat: str | None
) -> None:
    found = draft(ticket_rules, f"c: {said}", category=category)
    assert found.seat == seat
    assert (f"可转专席：{seat}" in found.flags) == (seat is not None)


@pytest.mark.parametrize(
    ("said", "risk", "flag"),
    [
        ("楼下正在打架", None, "可三方通话转接110报警：警情"),
        ("他说不想活了", "轻生", "可三方通话转接110报警：警情"),
        ("一直联系不上法官", None, "可一键转接12368诉讼服务：法院事项"),
        ("昨天楼下正在打架的那几个人", None, None),
        ("楼下太吵", "火情", None),
    ],
)
def test_neighbouring_line_is_offered_first(
    ticket_rules: TicketRules, said: str, risk: str | None, flag: str | None
) -> None:
    flags = draft(ticket_rules, f"c: {said}", risk=risk).flags
    assert next((said for said in flags[:1] if "转接" in said), None) == flag


@pytest.mark.parametrize(
    ("said", "flags"),
    [
        ("我们公司门口的路坏了", ["企业诉求，30日内（2026-06-19前）未办结转营商办督办"]),
        (
            "我们公司第二次反映了",
            [
                "企业诉求再次反映，转营商办督办",
                "企业诉求，30日内（2026-06-19前）未办结转营商办督办",
            ],
        ),
        ("我家第二次反映了", []),
    ],
)
def test_requests_of_businesses_are_supervised(
    ticket_rules: TicketRules, said: str, flags: list[str]
) -> None:
    found = draft(ticket_rules, f"c: {said}").flags
    assert [flag for flag in found if flag.endswith("督办")] == flags


@pytest.mark.parametrize(
    ("called", "answer", "supervises"),
    [
        ("贵公司", "不满意", True),
        ("您", "我们公司不满意", True),
        ("贵公司", "满意", False),
        ("您", "不满意", False),
    ],
)
def test_one_dissatisfied_answer_of_a_business_is_enough(
    script: CallbackScript, called: str, answer: str, supervises: bool
) -> None:
    call = call_of(
        f"a: {called}反映的问题，承办单位联系您了吗？", "c: 联系了。",
        "a: 您对办理结果满意吗？", f"c: {answer}。",
    )  # fmt: skip
    rule = RULES["supervision"]
    assert isinstance(rule, SupervisionRule)
    score = supervised(rule, call, facts_of(call), score_callback(call, script))
    assert ("企业诉求一次不满意，转营商办督办" in score.flags) == supervises
