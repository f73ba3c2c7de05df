"""What a person should see first on a draft."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from asr.types import Transcript
from nlu.types import Extraction, Field
from ticket_draft.rules import PhraseFlag, TicketRules

_LEVEL_NAMES = {"red": "红色", "orange": "橙色", "yellow": "黄色"}
_CHECKED_FIELDS = (
    ("request_type", "诉求类型"),
    ("category", "事项分类"),
    ("agency", "承办单位"),
    ("location", "问题发生地"),
)


def flags_of(rules: TicketRules, transcript: Transcript, extraction: Extraction) -> tuple[str, ...]:
    """Return the flags of a draft in Chinese, the gravest first."""
    flags = [
        *(f"紧急信号（{_LEVEL_NAMES[s.level]}）：{s.name}" for s in extraction.signals),
        *(["来电人要求保密"] if extraction.confidential else []),
        *(rule.flag for rule in rules.flags if _said(rule, transcript)),
        *_doubts(rules, extraction),
        *extraction.notes,
    ]
    return tuple(dict.fromkeys(flags))


def _said(rule: PhraseFlag, transcript: Transcript) -> bool:
    texts = [u.text for u in transcript.of(rule.channel)]
    return any(re.search(pattern, text) for pattern in rule.patterns for text in texts)


def _doubts(rules: TicketRules, extraction: Extraction) -> Iterator[str]:
    for name, label in _CHECKED_FIELDS:
        value: Field[Any] = getattr(extraction, name)
        if value.value is not None and value.confidence < rules.low_confidence:
            yield f"{label}把握不大，请核对"
    phone = extraction.caller.phone
    if phone.value is not None and phone.confidence < rules.low_confidence:
        yield "联系电话把握不大，请核对"
