"""What a person should see first on a draft."""

from __future__ import annotations

import re
from collections.abc import Iterator

from asr.types import Transcript
from nlu.types import Extraction
from ticket_draft.particulars import fact_flags
from ticket_draft.rules import PhraseFlag, TicketRules

_LEVEL_NAMES = {"red": "红色", "orange": "橙色", "yellow": "黄色"}
_NO_AGENCY = "承办单位未能确定，请人工确认"


def flags_of(rules: TicketRules, transcript: Transcript, extraction: Extraction) -> tuple[str, ...]:
    """Return the flags of a draft in Chinese, the gravest first.

    Why a field is empty stands with the field itself and is not said again here.
    """
    said_by_fields = {extraction.agency.reason, extraction.location.reason}
    flags = [
        *(f"紧急信号（{_LEVEL_NAMES[s.level]}）：{s.name}" for s in extraction.signals),
        *(["来电人要求保密"] if extraction.confidential else []),
        *(fact_flags(extraction.facts) if extraction.facts else ()),
        *(rule.flag for rule in rules.flags if _said(rule, transcript)),
        *_doubts(rules, extraction),
        *(note for note in extraction.notes if note not in said_by_fields),
    ]
    return tuple(dict.fromkeys(flags))


def _said(rule: PhraseFlag, transcript: Transcript) -> bool:
    texts = [u.text for u in transcript.of(rule.channel)]
    return any(re.search(pattern, text) for pattern in rule.patterns for text in texts)


def _doubts(rules: TicketRules, extraction: Extraction) -> Iterator[str]:
    fields = (
        ("诉求类型", extraction.request_type),
        ("事项分类", extraction.category),
        ("承办单位", extraction.agency),
        ("问题发生地", extraction.location),
        ("联系电话", extraction.caller.phone),
    )
    if extraction.demand and extraction.agency.value is None:
        yield _NO_AGENCY
    doubtful = [
        label
        for label, field in fields
        if field.value is not None and field.confidence < rules.low_confidence
    ]
    if doubtful:
        yield f"把握不大，请核对：{'、'.join(doubtful)}"
