"""A small call as the rooms would hand it over, for tests of what comes after them."""

from __future__ import annotations

from datetime import datetime

from asr.types import Transcript, Utterance
from nlu.types import Caller, Evidence, Extraction, Field, Location
from serving.clock import CHINA_TIME
from ticket_draft.types import (
    CallbackScore,
    DraftCaller,
    Finding,
    QAReport,
    TicketDraft,
)

RECEIVED_AT = datetime(2026, 3, 2, 9, 30, tzinfo=CHINA_TIME)

HELLO = Utterance("u1", "agent", 400, 2400, "您好，请讲。", 0.95)
MATTER = Utterance("u2", "citizen", 3000, 8000, "我姓林，河口镇沙洲村有人占道经营。", 0.912345)
CALL = Transcript((HELLO, MATTER), 9000)


def words(quote: str) -> tuple[Evidence, ...]:
    start = MATTER.text.index(quote)
    return (Evidence.of(MATTER, start, start + len(quote)),)


PLACE = Location("河口镇沙洲村", "安陵省", "安陵市", "东区", "河口镇", "沙洲村", "990102001001")

EXTRACTION = Extraction(
    request_type=Field("投诉类", 0.9, words("占道经营")),
    category=Field(("城管", "市容", "占道经营"), 0.8, words("占道经营")),
    agency=Field("东区城管局", 0.7, words("占道经营"), (("市城管局", 0.2), ("市公安局", 0.1))),
    location=Field(PLACE, 0.95, words("河口镇沙洲村")),
    occurred_at=Field.empty("未提及时间"),
    caller=Caller(Field("林", 0.9, words("林")), Field.empty("未留电话")),
    demand=words("河口镇沙洲村有人占道经营"),
)

DRAFT = TicketDraft(
    title=Field("关于占道经营的问题", 0.9, words("占道经营")),
    request_type=EXTRACTION.request_type,
    category=EXTRACTION.category,
    summary=Field("来电人反映占道经营。", 0.9, words("占道经营")),
    content=Field("来电人反映：占道经营。", 0.9, words("占道经营")),
    location=EXTRACTION.location,
    occurred_at=Field(datetime(2026, 3, 1, 8, 0), 0.6),
    agency=EXTRACTION.agency,
    urgency=Field("一般", 1.0),
    caller=DraftCaller(EXTRACTION.caller.surname, EXTRACTION.caller.phone),
    due_at=RECEIVED_AT,
    sign_off="班长",
    missing=("联系电话",),
    flags=("可能为重复诉求",),
)

QA = QAReport(95, 100, (Finding("greeting", False, 5, words("我"), "没有问候"),))

CALLBACK = CallbackScore(
    contacted=Field("yes", 0.9, words("有人")),
    resolved=Field("unknown", 0.0, reason="话务员未询问"),
    satisfaction=Field("dissatisfied", 0.8),
    reasons=("拖延",),
    reopen=True,
)
