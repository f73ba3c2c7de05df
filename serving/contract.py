"""The JSON that other programs read: `jiesu process --json`, batch results and the API.

The keys are a contract (docs/architecture.md); the inner dataclasses may change, these
models follow them here and nowhere else.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    model_serializer,
)

from asr.types import Channel
from nlu.types import Mood, Party
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


class AffectedModel(_Model):
    """Who is affected; `count` is null where no number was said."""

    count: int | None
    unit: str
    text: str


class ReferenceModel(_Model):
    """A number that names a thing: 工单号, 订单号, 户号, 公交线路 …"""

    kind: str
    number: str


class SignalModel(_Model):
    """A risk that was heard, and the words."""

    name: str
    level: Literal["red", "orange", "yellow"]
    evidence: list[EvidenceModel]


class FactsModel(_Model):
    """What the words say of the matter beside place and time; `amounts` in yuan."""

    amounts: list[FieldModel[float]]
    affected: FieldModel[AffectedModel]
    party: FieldModel[Party]
    plates: list[FieldModel[str]]
    references: list[FieldModel[ReferenceModel]]
    mood: FieldModel[Mood]
    earlier_calls: FieldModel[int]
    confidential: FieldModel[bool]
    signals: list[SignalModel]


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
    handling: str | None = None
    respond_by: Moment | None = None
    dispatch_by: Moment | None = None
    grade: str | None = None
    seat: str | None = None
    facts: FactsModel | None = None


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


class WrittenPlace(_Model):
    """Words of the written ticket: `quote` is `field[char_start:char_end]`."""

    field: str
    quote: str
    char_start: int
    char_end: int


class WritingFindingModel(_Model):
    """One rule's verdict on a written ticket; `missing` is what it leaves out."""

    rule_id: str
    name: str
    passed: bool
    deduction: float
    evidence: list[WrittenPlace]
    missing: list[str]
    note: str


class WritingModel(_Model):
    """The card of ticket writing applied to a ticket as it stands."""

    score: float
    max_score: float
    findings: list[WritingFindingModel]


class CallbackModel(_Model):
    """The answers of a satisfaction callback."""

    contacted: FieldModel[Contacted]
    resolved: FieldModel[Resolved]
    satisfaction: FieldModel[Satisfaction]
    reasons: list[str]
    reopen: bool
    flags: list[str]
    reason_evidence: list[EvidenceModel] = []
    """Where each of `reasons` was said, in the same order."""


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
