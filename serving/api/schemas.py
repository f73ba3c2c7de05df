"""What the HTTP interface hands out; the calls' own results are in `serving.contract`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from serving.contract import (
    CallbackModel,
    CallModel,
    Moment,
    QAModel,
    Share,
    TicketModel,
    WritingModel,
)
from serving.live.events import TranscriptUpdate
from serving.result import CallKind
from serving.store.tables import CallSource, CallState, CorrectionKind


class _Model(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class Problem(BaseModel):
    """An error, after RFC 9457 (`application/problem+json`)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:jiesu:error:call-not-found",
                    "title": "没有这通通话",
                    "status": 404,
                    "detail": "there is no call 'c0ffee'; it may have been deleted",
                    "code": "call-not-found",
                    "retryable": False,
                }
            ]
        }
    )

    type: str
    title: str
    """One line in Chinese, for screens."""
    status: int
    detail: str
    """What happened and what to do, in English, for engineers."""
    code: str
    retryable: bool
    errors: list[dict[str, Any]] | None = None
    """For a request that does not validate: each place and what is wrong there."""


class CallError(BaseModel):
    """Why a call could not be processed."""

    code: str
    title: str
    message: str


class CallStatus(BaseModel):
    """A call without its result."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "call_id": "5f0c6a2e9b1d4c7f8a3e2d1c0b9a8f7e",
                    "source": "upload",
                    "state": "processing",
                    "kind": None,
                    "profile": "haikou",
                    "received_at": "2026-03-01T09:30:00+08:00",
                    "finished_at": None,
                    "duration_ms": None,
                    "filename": "20260301-0930.wav",
                    "progress": 0.42,
                    "title": None,
                    "qa_score": None,
                    "has_audio": True,
                    "error": None,
                }
            ]
        }
    )

    call_id: str
    source: CallSource
    state: CallState
    kind: CallKind | None
    profile: str
    received_at: Moment
    finished_at: Moment | None
    duration_ms: int | None
    filename: str | None
    progress: Share | None
    title: str | None
    qa_score: float | None
    has_audio: bool
    error: CallError | None


class CallList(BaseModel):
    """One page of calls, newest first."""

    calls: list[CallStatus]
    total: int
    offset: int
    limit: int


class Override(_Model):
    """A person's verdict on one QA finding."""

    rule_id: str
    passed: bool
    deduction: float
    reason: str
    actor: str
    at: Moment


class Edit(_Model):
    """A person's value for one field of the draft."""

    field: str
    value: Any
    actor: str
    at: Moment


class SubmittedTicket(BaseModel):
    """A draft that became a ticket, as it stood then."""

    number: str
    content: dict[str, Any]
    actor: str
    at: Moment


class AuditRow(_Model):
    """Who did what, and when."""

    action: str
    subject: str | None
    actor: str
    at: Moment


class DraftStanding(_Model):
    """What follows from the draft's fields with people's values in them."""

    due_at: Moment | None
    respond_by: Moment | None = None
    sign_off: str | None
    missing: list[str]


class RepeatView(_Model):
    """An earlier request that a call may repeat; `number` of its ticket once submitted."""

    call_id: str
    kind: Literal["same_caller", "same_matter"]
    received_at: Moment
    similarity: Share
    reason: str
    title: str | None
    number: str | None


class CallView(BaseModel):
    """All there is to see of a call: how far it is, what the machine made of it, what people did.

    For a call that is going on, `live_transcript` has the utterances so far and `cursor` says
    how far they reach: go on from there at `/api/calls/{id}/events?after=`.
    """

    status: CallStatus
    result: CallModel | None
    cursor: str | None = None
    live_transcript: list[TranscriptUpdate] = []
    ticket: TicketModel | None = None
    qa: QAModel | None = None
    callback: CallbackModel | None = None
    reviewed_qa_score: float | None = None
    overrides: list[Override] = []
    edits: list[Edit] = []
    standing: DraftStanding | None = None
    submitted: SubmittedTicket | None = None
    writing: WritingModel | None = None
    """How the ticket is written, with people's values in it."""


class OverrideRequest(BaseModel):
    """What QA staff send to overrule a finding."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"passed": True, "deduction": 0, "reason": "已说结束语，被来电人打断"}]
        },
    )

    passed: bool
    deduction: float = Field(default=0, ge=0, le=1000, allow_inf_nan=False)
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=500)]


class ReturnRequest(BaseModel):
    """Which unit sent a ticket back, and where it goes instead if that is known."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"agency": "美兰区城管局", "to": "市公安局"}]},
    )

    agency: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    to: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
        | None
    ) = None


class CorrectedAgency(_Model):
    """What a correction taught: which agency was right, which was wrong."""

    kind: CorrectionKind
    right: str | None
    wrong: str | None
    actor: str
    at: Moment


class DemoRequest(BaseModel):
    """Which sample call to play."""

    model_config = ConfigDict(extra="forbid")

    sample: str | None = None
    speed: float = Field(default=1.0, ge=0.5, le=4.0)


class DemoCall(BaseModel):
    """A sample call that is being played."""

    call_id: str
    page: str


class Health(BaseModel):
    """Whether the process lives."""

    status: Literal["ok"] = "ok"
    software: str


class Readiness(BaseModel):
    """Whether calls are taken, and how much room there is."""

    status: Literal["ready", "not ready"]
    reasons: list[str]
    live_calls: int
    max_live_calls: int
    queued_uploads: int
