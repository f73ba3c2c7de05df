"""What people decide about a call, kept beside what the machine said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import CursorResult, Engine, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from serving.errors import CallNotFoundError, CallStateError
from serving.store.tables import AuditEntry, Call, FieldEdit, QAOverride, Ticket

TicketContent = Callable[[dict[str, Any] | None, Mapping[str, Any]], dict[str, Any]]
"""Makes a ticket of a call's result and of the values that people set."""


@dataclass(frozen=True, slots=True)
class Reviews:
    """All decisions on one call, oldest first."""

    overrides: tuple[QAOverride, ...]
    edits: tuple[FieldEdit, ...]
    ticket: Ticket | None

    def latest_overrides(self) -> dict[str, QAOverride]:
        """Return the decision that stands for each rule."""
        return {override.rule_id: override for override in self.overrides}

    def latest_edits(self) -> dict[str, FieldEdit]:
        """Return the value that stands for each edited field."""
        return {edit.field: edit for edit in self.edits}


class ReviewStore:
    """Decisions and their audit rows; each decision and its row are one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, call_id: str) -> Reviews:
        """Return the decisions on a call."""
        with Session(self._engine, expire_on_commit=False) as session:
            return Reviews(
                overrides=tuple(
                    session.scalars(
                        select(QAOverride)
                        .where(QAOverride.call_id == call_id)
                        .order_by(QAOverride.id)
                    )
                ),
                edits=tuple(
                    session.scalars(
                        select(FieldEdit).where(FieldEdit.call_id == call_id).order_by(FieldEdit.id)
                    )
                ),
                ticket=session.scalar(select(Ticket).where(Ticket.call_id == call_id)),
            )

    def override(
        self,
        call_id: str,
        rule_id: str,
        *,
        passed: bool,
        deduction: float,
        reason: str,
        actor: str,
    ) -> QAOverride:
        """Overrule a finding."""
        made = QAOverride(
            call_id=call_id,
            rule_id=rule_id,
            passed=passed,
            deduction=deduction,
            reason=reason,
            actor=actor,
            at=datetime.now(UTC),
        )
        with Session(self._engine, expire_on_commit=False) as session, session.begin():
            _lock(session, call_id, made.at)
            session.add_all([made, _audit(call_id, "qa-override", rule_id, actor, made.at)])
        return made

    def edit(self, call_id: str, values: Mapping[str, Any], actor: str) -> list[FieldEdit]:
        """Set fields of a draft; CallStateError once the ticket is submitted."""
        now = datetime.now(UTC)
        made = [
            FieldEdit(call_id=call_id, field=field, value=value, actor=actor, at=now)
            for field, value in values.items()
        ]
        with Session(self._engine, expire_on_commit=False) as session, session.begin():
            _lock(session, call_id, now)
            if session.scalar(select(Ticket.id).where(Ticket.call_id == call_id)) is not None:
                raise _submitted(call_id)
            for edit in made:
                session.add_all([edit, _audit(call_id, "edit", edit.field, actor, now)])
        return made

    def submit(self, call_id: str, content: TicketContent, actor: str) -> Ticket:
        """Make the draft a ticket; CallStateError when it is one already.

        `content` is called with the call's result and the values people set, and what it
        returns is the ticket; no edit can slip in between.
        """
        now = datetime.now(UTC)
        try:
            with Session(self._engine, expire_on_commit=False) as session, session.begin():
                _lock(session, call_id, now)
                call = session.get_one(Call, call_id)
                chosen = select(FieldEdit).where(FieldEdit.call_id == call_id)
                edits = session.scalars(chosen.order_by(FieldEdit.id)).all()
                made = content(call.result, {edit.field: edit.value for edit in edits})
                ticket = Ticket(call_id=call_id, content=made, actor=actor, at=now)
                session.add_all([ticket, _audit(call_id, "submit", None, actor, now)])
        except IntegrityError as error:
            raise _submitted(call_id) from error
        return ticket

    def audit(self, call_id: str) -> list[AuditEntry]:
        """Return who did what to a call, oldest first; also after it was deleted."""
        with Session(self._engine, expire_on_commit=False) as session:
            chosen = select(AuditEntry).where(AuditEntry.call_id == call_id)
            return list(session.scalars(chosen.order_by(AuditEntry.id)))


def _lock(session: Session, call_id: str, now: datetime) -> None:
    """Hold the call's row, so that it is neither deleted nor submitted meanwhile.

    An update, since SQLite has no other lock on what is only read.
    """
    held = session.execute(update(Call).where(Call.id == call_id).values(changed_at=now))
    if cast("CursorResult[Any]", held).rowcount == 0:
        raise CallNotFoundError(f"there is no call {call_id!r}; it may have been deleted")


def _audit(call_id: str, action: str, subject: str | None, actor: str, at: datetime) -> AuditEntry:
    return AuditEntry(call_id=call_id, action=action, subject=subject, actor=actor, at=at)


def _submitted(call_id: str) -> CallStateError:
    return CallStateError(f"the ticket of call {call_id} is submitted and can no longer be changed")
