"""Tables of the store, the same in SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import JSON, DateTime, Dialect, Float, ForeignKey, Index, MetaData, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

CallState = Literal["live", "queued", "processing", "done", "failed"]
"""A live call is `live` until its end; an upload is `queued`, then `processing`."""

CallSource = Literal["upload", "live", "demo", "batch"]
"""How a call came in: a recording over HTTP, a telephone system, the demonstration, a batch."""


CorrectionKind = Literal["corrected", "returned"]
"""A person chose another agency, or the agency sent the ticket back."""


class UtcMoment(TypeDecorator[datetime]):
    """A moment, kept as UTC: SQLite has no time zones of its own."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Take aware moments only."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without an offset cannot be stored; give it one")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Hand back aware moments."""
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


Json = JSON().with_variant(JSONB(), "postgresql")


class Base(DeclarativeBase):
    """Base of all tables; constraints get names, so that migrations can change them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Call(Base):
    """One call and how far its processing is; `result` is the contract's JSON object."""

    __tablename__ = "calls"
    __table_args__ = (Index("ix_calls_state_received_at", "state", "received_at"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    source: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    node: Mapped[str] = mapped_column(String(64))
    """Which of the processes that share the store has the call, and finds it after a crash."""
    profile: Mapped[str] = mapped_column(String(128))
    kind: Mapped[str | None] = mapped_column(String(16))
    """`ticket` or `callback`; None until somebody said or the machine heard which."""
    received_at: Mapped[datetime] = mapped_column(UtcMoment(), index=True)
    changed_at: Mapped[datetime] = mapped_column(UtcMoment())
    finished_at: Mapped[datetime | None] = mapped_column(UtcMoment())
    duration_ms: Mapped[int | None]
    filename: Mapped[str | None] = mapped_column(String(255))
    """The name the recording was uploaded under."""
    recording: Mapped[str | None] = mapped_column(String(255))
    """File in the recordings folder; None while a live call is still being recorded."""
    agent_channel: Mapped[str | None] = mapped_column(String(16))
    progress: Mapped[float | None] = mapped_column(Float)
    """Share of the recording that has been worked through, 0 to 1."""
    title: Mapped[str | None] = mapped_column(Text)
    qa_score: Mapped[float | None] = mapped_column(Float)
    error: Mapped[str | None] = mapped_column(String(64))
    """Name of the error that ended the processing."""
    error_message: Mapped[str | None] = mapped_column(Text)
    result: Mapped[dict[str, Any] | None] = mapped_column(Json, deferred=True)


class QAOverride(Base):
    """A person's verdict on one finding; the machine's own stays in the call's result.

    Later ones replace earlier ones on the screen; all are kept.
    """

    __tablename__ = "qa_overrides"

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), index=True)
    rule_id: Mapped[str] = mapped_column(String(128))
    passed: Mapped[bool]
    deduction: Mapped[float] = mapped_column(Float)
    reason: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcMoment())


class FieldEdit(Base):
    """A person's value for one field of a draft; the machine's own stays in the call's result."""

    __tablename__ = "field_edits"

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), index=True)
    field: Mapped[str] = mapped_column(String(64))
    value: Mapped[Any] = mapped_column(Json, nullable=False)
    actor: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcMoment())


class Ticket(Base):
    """A draft that a person submitted, as it stood then."""

    __tablename__ = "tickets"

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), unique=True)
    content: Mapped[dict[str, Any]] = mapped_column(Json)
    actor: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcMoment())


class AgencyCorrection(Base):
    """An agency that a person put right, or that sent a ticket back.

    Kept after the call is deleted, so it holds no words of the call: `features` are what
    `nlu.corrections` remembers a wording by. Of several corrections of a call the last stands.
    """

    __tablename__ = "agency_corrections"
    __table_args__ = (Index("ix_agency_corrections_profile_id", "profile", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[str] = mapped_column(String(64), index=True)
    profile: Mapped[str] = mapped_column(String(128))
    kind: Mapped[str] = mapped_column(String(16))
    right: Mapped[str | None] = mapped_column(String(255))
    """The agency that is right, as far as it is known."""
    wrong: Mapped[str | None] = mapped_column(String(255))
    """The agency that the machine chose, or that sent the ticket back."""
    believed: Mapped[dict[str, float]] = mapped_column(Json)
    """The machine's probabilities at that time, by agency."""
    features: Mapped[list[int]] = mapped_column(Json)
    actor: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcMoment())


class TicketSketch(Base):
    """As much of a ticket call as tells whether another is the same request.

    `caller` is a digest of the telephone number, `topic` the category joined by `/`.
    """

    __tablename__ = "ticket_sketches"
    __table_args__ = (
        Index("ix_ticket_sketches_profile_received_at", "profile", "received_at"),
        Index("ix_ticket_sketches_profile_caller", "profile", "caller"),
    )

    call_id: Mapped[str] = mapped_column(
        ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True
    )
    profile: Mapped[str] = mapped_column(String(128))
    received_at: Mapped[datetime] = mapped_column(UtcMoment())
    caller: Mapped[str | None] = mapped_column(String(32))
    matter: Mapped[str] = mapped_column(Text)
    topic: Mapped[str | None] = mapped_column(String(255))
    place: Mapped[str | None] = mapped_column(Text)
    district: Mapped[str | None] = mapped_column(String(64))
    street: Mapped[str | None] = mapped_column(String(64))


class AuditEntry(Base):
    """Who did what to which call, and when.

    Kept after the call is deleted, so it holds no words of the call and no field's value.
    """

    __tablename__ = "audit_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[str] = mapped_column(String(64), index=True)
    action: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str | None] = mapped_column(String(128))
    """The rule or the field the action was about."""
    actor: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcMoment())
