"""Drafts, QA reports and callback scores: what the ticket_draft room hands to the others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from nlu.types import CategoryPath, Evidence, Facts, Field, Location, Signal

Contacted = Literal["yes", "no", "unknown"]
Resolved = Literal["yes", "partly", "no", "unknown"]
Satisfaction = Literal["satisfied", "neutral", "dissatisfied", "refused", "unknown"]


@dataclass(frozen=True, slots=True)
class DraftCaller:
    """The caller as the ticket names them."""

    surname: Field[str]
    phone: Field[str]


@dataclass(frozen=True, slots=True)
class TicketDraft:
    """What the software proposes; it becomes a ticket when a person submits it.

    `due_at` and `sign_off` follow the profile's deadline rules; `missing` names the fields
    an agent still has to ask for and `flags` what a person should see first (both in Chinese).
    """

    title: Field[str]
    request_type: Field[str]
    category: Field[CategoryPath]
    summary: Field[str]
    content: Field[str]
    location: Field[Location]
    occurred_at: Field[datetime]
    agency: Field[str]
    urgency: Field[str]
    caller: DraftCaller
    due_at: datetime | None
    sign_off: str | None
    missing: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    handling: str | None = None
    """直办 (the hotline answers it) or 转办 (sent to a unit), by the profile's routing rules."""
    respond_by: datetime | None = None
    """When the unit must first get in touch with the caller, where the profile limits that."""
    facts: Facts | None = None
    plates: tuple[Field[str], ...] = ()
    signals: tuple[Signal, ...] = ()
    """What raised the urgency, the gravest first."""
    dispatch_by: datetime | None = None
    """When the ticket must have been sent out, where the profile limits that."""
    grade: str | None = None
    """The ticket's grade, where the hotline grades them: it decides limit and signature."""
    seat: str | None = None
    """The seat that such calls belong to, where the hotline has seats of experts."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule's verdict on a call; `deduction` is in points of the card, 0 when passed.

    A rule that did not apply to the call has passed, and its note says so.
    """

    rule_id: str
    passed: bool
    deduction: float
    evidence: tuple[Evidence, ...]
    note: str


@dataclass(frozen=True, slots=True)
class QAReport:
    """The QA card applied to a call."""

    score: float
    max_score: float
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class CallbackScore:
    """The answers of a satisfaction callback (回访). Silence is never satisfaction."""

    contacted: Field[Contacted]
    resolved: Field[Resolved]
    satisfaction: Field[Satisfaction]
    reasons: tuple[str, ...] = ()
    reopen: bool = False
    flags: tuple[str, ...] = ()
    reason_evidence: tuple[Evidence, ...] = ()
    """Where each of `reasons` was said, in the same order."""
