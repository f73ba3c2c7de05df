"""The JSON that other programs read: `jiesu process --json`, batch results and the API.

The keys are a contract (docs/architecture.md); the inner dataclasses may change, these
models follow them here and nowhere else.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    model_serializer,
)

from asr.types import Channel
from serving.clock import iso_china
from serving.result import CallKind
from ticket_draft.types import Contacted, Resolved, Satisfaction

T = TypeVar("T")


Moment = Annotated[datetime, PlainSerializer(iso_china, return_type=str)]
"""ISO 8601 with the offset of China, +08:00."""
Share = Annotated[float, PlainSerializer(lambda value: round(value, 4), return_type=float)]
"""A probability, to four digits."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EvidenceModel(_Model):
    """The words a value came from, and when they were said.

    `quote` is `text[char_start:char_end]` of the utterance; results of older versions lack
    the two.
    """

    utterance_id: str
    quote: str
    start_ms: int
    end_ms: int
    char_start: int | None = None
    char_end: int | None = None


class AlternativeModel(_Model, Generic[T]):
    """What else a value might be."""

    value: T
    confidence: Share


class FieldModel(_Model, Generic[T]):
    """A value with its confidence and evidence; `reason` says why one is empty or unknown."""

    value: T | None
    confidence: Share
    evidence: list[EvidenceModel]
    alternatives: list[AlternativeModel[T]]
    reason: str | None = None

    @model_serializer(mode="wrap")
    def _without_empty_reason(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        data: dict[str, Any] = handler(self)
        if data.get("reason") is None:
            data.pop("reason", None)
        return data


class UtteranceModel(_Model):
    """One speaker's stretch of speech between pauses."""

    id: str
    channel: Channel
    start_ms: int
    end_ms: int
    text: str
    confidence: Share


class TranscriptModel(_Model):
    """The call in words."""

    utterances: list[UtteranceModel]


class LocationModel(_Model):
    """A place as said and its administrative divisions, null where not known."""

    text: str
    province: str | None
    city: str | None
    district: str | None
    street: str | None
    community: str | None
    code: str | None


class CallerModel(_Model):
    """Who calls, as far as they said it."""

    surname: FieldModel[str]
    phone: FieldModel[str]


class TicketModel(_Model):
    """The ticket draft."""

    title: FieldModel[str]
    request_type: FieldModel[str]
    category: FieldModel[list[str]]
    summary: FieldModel[str]
    content: FieldModel[str]
    location: FieldModel[LocationModel]
    occurred_at: FieldModel[Moment]
    agency: FieldModel[str]
    urgency: FieldModel[str]
    caller: CallerModel
    due_at: Moment | None
    sign_off: str | None
    missing: list[str]
    flags: list[str]


class FindingModel(_Model):
    """One QA rule's verdict."""

    rule_id: str
    passed: bool
    deduction: float
    evidence: list[EvidenceModel]
    note: str


class QAModel(_Model):
    """The QA card applied to the call."""

    score: float
    max_score: float
    findings: list[FindingModel]


class CallbackModel(_Model):
    """The answers of a satisfaction callback."""

    contacted: FieldModel[Contacted]
    resolved: FieldModel[Resolved]
    satisfaction: FieldModel[Satisfaction]
    reasons: list[str]
    reopen: bool
    flags: list[str]


class CallModel(_Model):
    """One call: the object that `jiesu process --json` prints."""

    call_id: str
    kind: CallKind
    profile: str
    provenance: dict[str, Any]
    transcript: TranscriptModel
    ticket: TicketModel | None
    qa: QAModel
    callback: CallbackModel | None
