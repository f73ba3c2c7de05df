"""Drafts from calls: every word of a draft was said, and says where."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr.types import Transcript, Utterance
from nlu.types import Caller, Evidence, Extraction, Field, Location, Signal
from ticket_draft.deadlines import DeadlineTable
from ticket_draft.drafter import draft_ticket
from ticket_draft.errors import RuleError
from ticket_draft.rules import TicketRules
from ticket_draft.types import TicketDraft
from ticket_draft.wording import third_person

from .conftest import call_of

RECEIVED_AT = datetime(2026, 1, 8, 15, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
CALL = call_of(
    "a: 您好，12345政务服务便民热线，请问有什么可以帮您？",
    "c: 你好，我要投诉一个问题。我们小区旁边的工地，在海府路15号，"
    "每天凌晨两点还在施工，吵得我家老人睡不着，",
    "a: 嗯，您请讲。",
    "c: 希望你们让他们晚上不要施工，尽快处理。",
    "a: 按照规定夜间十点以后需要有许可证才可以施工。",
    "a: 请问您贵姓，联系电话是多少？",
    "c: 我姓周，电话是13912345678。",
    "a: 感谢您的来电，再见。",
)
OPENING = len("你好，我要投诉一个问题。")


def demand(transcript: Transcript = CALL) -> tuple[Evidence, ...]:
    first, second = transcript.utterance("u1"), transcript.utterance("u3")
    return (
        Evidence.of(first, OPENING, len(first.text)),
        Evidence.of(second, 0, len(second.text)),
    )


def extraction(**changes: object) -> Extraction:
    spans = demand()
    base = Extraction(
        request_type=Field("投诉类", 0.9, spans[:1]),
        category=Field(("城管问题", "扩展事件", "噪音"), 0.8, spans[:1]),
        agency=Field("龙华区城管局", 0.7, spans[:1]),
        location=Field(Location("海府路15号"), 0.8, spans[:1]),
        occurred_at=Field(None),
        caller=Caller(Field("周", 0.9), Field("13912345678", 0.9)),
        demand=spans,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


@pytest.fixture
def draft(ticket_rules: TicketRules, deadline_table: DeadlineTable) -> TicketDraft:
    return draft_ticket(CALL, extraction(), ticket_rules, deadline_table, received_at=RECEIVED_AT)


def test_title_reads_like_a_title(draft: TicketDraft) -> None:
    assert draft.title.value is not None
    assert re.fullmatch(r"关于.+的问题", draft.title.value)
    assert "海府路15号" in draft.title.value
    assert "施工" in draft.title.value
    assert "我" not in draft.title.value
    assert "希望" not in draft.title.value


def test_content_has_every_demand_in_the_third_person(draft: TicketDraft) -> None:
    content = draft.content.value or ""
    assert content.startswith("来电人反映：")
    for said in ("海府路15号", "施工", "睡不着", "晚上不要施工", "尽快处理"):
        assert said in content
    assert "我" not in content
    assert "投诉一个问题" not in content
    assert "话务员已答复：按照规定夜间10点以后需要有许可证才可以施工" in content
    assert "贵姓" not in content


def test_summary_is_short_and_ends_with_the_request(draft: TicketDraft) -> None:
    summary = draft.summary.value or ""
    assert summary.startswith("来电人反映")
    assert "希望" in summary
    assert len(summary) <= 100


def test_evidence_points_at_the_words(draft: TicketDraft) -> None:
    for field in (draft.title, draft.summary, draft.content, draft.urgency):
        assert field.evidence
        for piece in field.evidence:
            utterance = CALL.utterance(piece.utterance_id)
            assert 0 <= piece.char_start < piece.char_end <= len(utterance.text)
            assert utterance.start_ms <= piece.start_ms <= piece.end_ms <= utterance.end_ms


def test_nothing_is_invented(draft: TicketDraft) -> None:
    spoken = "".join(u.text for u in CALL.utterances)
    ours = "关于的问题来电人反映话务员已答复其：，。10相关部门尽快"
    for field in (draft.title, draft.summary, draft.content):
        assert set(field.value or "") <= set(spoken + ours)


def test_rules_give_limit_signature_and_handling(draft: TicketDraft) -> None:
    assert draft.urgency.value == "一般"
    assert draft.due_at == datetime(2026, 1, 27, 23, 59, 59, tzinfo=RECEIVED_AT.tzinfo)
    assert draft.sign_off == "班组长"
    assert draft.handling == "转办"
    assert draft.missing == ()


def test_an_answered_question_is_handled_by_the_hotline(
    ticket_rules: TicketRules, deadline_table: DeadlineTable
) -> None:
    asked = extraction(request_type=Field("咨询类", 0.9, demand()[:1]))
    draft = draft_ticket(CALL, asked, ticket_rules, deadline_table, received_at=RECEIVED_AT)
    assert draft.handling == "直办"
    assert (draft.content.value or "").startswith("来电人咨询：")
    silent = Transcript(
        tuple(u for u in CALL.utterances if u.channel == "citizen"), CALL.duration_ms
    )
    draft = draft_ticket(silent, asked, ticket_rules, deadline_table, received_at=RECEIVED_AT)
    assert draft.handling == "转办"


def test_signals_raise_the_urgency(
    ticket_rules: TicketRules, deadline_table: DeadlineTable
) -> None:
    span = Evidence.of(CALL.utterance("u3"), 0, 4)
    for level, urgency in (("yellow", "一般"), ("orange", "紧急"), ("red", "特急")):
        signalled = extraction(signals=(Signal("扬言", level, span),))  # type: ignore[arg-type]
        draft = draft_ticket(CALL, signalled, ticket_rules, deadline_table, received_at=RECEIVED_AT)
        assert draft.urgency.value == urgency
        assert span in draft.urgency.evidence
        assert any("扬言" in flag for flag in draft.flags)
    quiet = extraction(
        request_type=Field("紧急类", 0.9, demand()[:1]), signals=(Signal("拖欠", "yellow", span),)
    )
    draft = draft_ticket(CALL, quiet, ticket_rules, deadline_table, received_at=RECEIVED_AT)
    assert draft.urgency.value == "紧急"


def test_missing_fields_follow_the_request_type(
    ticket_rules: TicketRules, deadline_table: DeadlineTable
) -> None:
    nothing = Field[str].empty("没有说到")
    bare = extraction(location=Field(None), caller=Caller(nothing, nothing))
    draft = draft_ticket(CALL, bare, ticket_rules, deadline_table, received_at=RECEIVED_AT)
    assert draft.missing == ("问题发生地", "来电人姓氏", "联系电话")
    question = replace(bare, request_type=Field("咨询类", 0.9))
    draft = draft_ticket(CALL, question, ticket_rules, deadline_table, received_at=RECEIVED_AT)
    assert "问题发生地" not in draft.missing


def test_no_demand_leaves_empty_fields_with_a_reason(
    ticket_rules: TicketRules, deadline_table: DeadlineTable
) -> None:
    draft = draft_ticket(
        CALL, extraction(demand=()), ticket_rules, deadline_table, received_at=RECEIVED_AT
    )
    for field in (draft.title, draft.summary, draft.content):
        assert field.value is None
        assert field.reason == "来电人未说明诉求"
    assert "诉求内容" in draft.missing


def test_an_unknown_calendar_costs_only_the_deadline(
    ticket_rules: TicketRules, deadline_table: DeadlineTable
) -> None:
    late = datetime(2026, 12, 31, 9, 0, tzinfo=RECEIVED_AT.tzinfo)
    draft = draft_ticket(CALL, extraction(), ticket_rules, deadline_table, received_at=late)
    assert draft.due_at is None
    assert draft.flags[0].startswith("办结时限落在节假日安排未知的年份")
    assert draft.content.value


def test_flags_say_what_to_look_at(
    ticket_rules: TicketRules, deadline_table: DeadlineTable
) -> None:
    call = call_of(
        "c: 这个噪音我之前反映过三次了，还有一个问题要说。",
        "a: 好的。",
        "c: 我催一下，不要透露我。",
    )
    doubtful = extraction(
        demand=(Evidence.of(call.utterance("u0"), 0, 8),),
        agency=Field("龙华区城管局", 0.2, reason="不确定"),
        confidential=True,
        notes=("不确定", "请核对"),
        request_type=Field("投诉类", 0.9),
        category=Field(("城管问题",), 0.9),
        location=Field(Location("某处"), 0.9),
    )
    draft = draft_ticket(call, doubtful, ticket_rules, deadline_table, received_at=RECEIVED_AT)
    assert "来电人要求保密" in draft.flags
    assert "可能为重复诉求" in draft.flags
    assert "可能有多个诉求，请分别登记" in draft.flags
    assert "来电人催办" in draft.flags
    assert "把握不大，请核对：承办单位" in draft.flags
    assert "请核对" in draft.flags
    assert "不确定" not in draft.flags


def test_a_level_nobody_knows_is_an_error(
    ticket_rules: TicketRules, deadline_table: DeadlineTable
) -> None:
    rules = replace(
        ticket_rules,
        urgency=replace(ticket_rules.urgency, by_request_type={"投诉类": "十万火急"}),
    )
    with pytest.raises(RuleError, match="十万火急"):
        draft_ticket(CALL, extraction(), rules, deadline_table, received_at=RECEIVED_AT)


WORDS = st.text(alphabet="我们家楼上漏水，。？的是请处理吵12点一二！ \n嗯啊", max_size=60)


@given(st.lists(st.tuples(st.sampled_from(["agent", "citizen"]), WORDS), min_size=1, max_size=6))
def test_any_words_make_a_draft(
    ticket_rules: TicketRules, deadline_table: DeadlineTable, lines: list[tuple[str, str]]
) -> None:
    utterances = tuple(
        Utterance(f"u{n}", channel, n * 1000, n * 1000 + 900, text, 0.5)  # type: ignore[arg-type]
        for n, (channel, text) in enumerate(lines)
    )
    transcript = Transcript(utterances, 10_000)
    spans = tuple(
        Evidence.of(u, 0, len(u.text)) for u in utterances if u.channel == "citizen" and u.text
    )
    draft = draft_ticket(
        transcript,
        extraction(demand=spans, location=Field(None)),
        ticket_rules,
        deadline_table,
        received_at=RECEIVED_AT,
    )
    for field in (draft.title, draft.summary, draft.content):
        assert (field.value is None) == (field.reason is not None)
        for piece in field.evidence:
            text = transcript.utterance(piece.utterance_id).text
            assert text[piece.char_start : piece.char_end].strip()


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("希望你们赶紧派人来处理", "希望相关部门尽快派人来处理"),
        ("有个工地额天天晚上打桩", "有个工地天天晚上打桩"),
        ("我交了全额的押金，余额不退", "其交了全额的押金，余额不退"),
        ("嗯，路灯坏了呢，", "，路灯坏了，"),
    ],
)
def test_the_language_of_tickets(said: str, written: str) -> None:
    assert third_person(said) == written
