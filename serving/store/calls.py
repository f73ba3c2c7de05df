"""Calls in the store: added, claimed, finished, listed, deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import CursorResult, Engine, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, undefer

from serving.contract import CallModel
from serving.errors import CallNotFoundError, CallStateError
from serving.sketch import sketch_of
from serving.store.sketches import row_of
from serving.store.tables import AuditEntry, Call, CallSource, CallState


@dataclass(frozen=True, slots=True)
class CallPage:
    """One page of the list of calls, newest first, and how many there are in all."""

    calls: Sequence[Call]
    total: int


class CallStore:
    """The calls; every method is one transaction and may be called from any thread.

    `node` names this process among those that share the store.
    """

    def __init__(self, engine: Engine, node: str = "local") -> None:
        self._engine = engine
        self._node = node

    def add(
        self,
        call_id: str,
        *,
        source: CallSource,
        state: CallState,
        profile: str,
        kind: str | None = None,
        received_at: datetime | None = None,
        filename: str | None = None,
        recording: str | None = None,
        agent_channel: str | None = None,
    ) -> Call:
        """Remember a new call; CallStateError when its id is taken."""
        now = datetime.now(UTC)
        call = Call(
            id=call_id,
            source=source,
            state=state,
            node=self._node,
            profile=profile,
            kind=kind,
            received_at=received_at or now,
            changed_at=now,
            filename=filename,
            recording=recording,
            agent_channel=agent_channel,
        )
        try:
            with Session(self._engine, expire_on_commit=False) as session, session.begin():
                session.add(call)
        except IntegrityError as error:
            raise CallStateError(f"there is a call {call_id!r} already") from error
        return call

    def get(self, call_id: str) -> Call:
        """Return a call with its result; CallNotFoundError when there is none of this id."""
        with Session(self._engine, expire_on_commit=False) as session:
            call = session.get(Call, call_id, options=[undefer(Call.result)])
        if call is None:
            raise _not_found(call_id)
        return call

    def exists(self, call_id: str) -> bool:
        """Return whether a call of this id is known."""
        with Session(self._engine) as session:
            return session.scalar(select(Call.id).where(Call.id == call_id)) is not None

    def page(
        self, *, states: Sequence[CallState] = (), offset: int = 0, limit: int = 50
    ) -> CallPage:
        """Return calls, newest first, without their results."""
        chosen = select(Call)
        if states:
            chosen = chosen.where(Call.state.in_(states))
        with Session(self._engine, expire_on_commit=False) as session:
            total = session.scalar(select(func.count()).select_from(chosen.subquery())) or 0
            newest = chosen.order_by(Call.received_at.desc(), Call.id.desc())
            calls = session.scalars(newest.offset(offset).limit(limit)).all()
        return CallPage(calls, total)

    def counts(self) -> dict[str, int]:
        """Return how many calls are in each state."""
        with Session(self._engine) as session:
            rows = session.execute(select(Call.state, func.count()).group_by(Call.state))
            return {row[0]: row[1] for row in rows}

    def oldest(self, state: CallState) -> list[str]:
        """Return the ids of this process's calls in a state, oldest first."""
        with Session(self._engine) as session:
            chosen = select(Call.id).where(Call.state == state, Call.node == self._node)
            return list(session.scalars(chosen.order_by(Call.received_at, Call.id)))

    def move(self, call_id: str, before: CallState, after: CallState, **values: Any) -> bool:
        """Move a call from one state to another; return False if it was not in the first.

        Of several workers that try to claim a queued call, one is told True.
        """
        changes = {"state": after, "changed_at": datetime.now(UTC), **values}
        with Session(self._engine) as session, session.begin():
            moved = session.execute(
                update(Call).where(Call.id == call_id, Call.state == before).values(**changes)
            )
        return cast("CursorResult[Any]", moved).rowcount == 1

    def set_progress(self, call_id: str, progress: float) -> None:
        """Note how much of a recording has been worked through."""
        with Session(self._engine) as session, session.begin():
            session.execute(update(Call).where(Call.id == call_id).values(progress=progress))

    def finish(self, call_id: str, result: CallModel, *, recording: str | None = None) -> None:
        """Store a call's result; CallNotFoundError when it was deleted meanwhile."""
        changes: dict[str, Any] = {
            "state": "done",
            "kind": result.kind,
            "progress": 1.0,
            "title": _title(result),
            "qa_score": result.qa.score,
            "duration_ms": result.provenance["recording"]["duration_ms"],
            "result": result.model_dump(mode="json"),
            "error": None,
            "error_message": None,
        }
        if recording is not None:
            changes["recording"] = recording
        self._close(call_id, changes, result)

    def fail(self, call_id: str, error: str, message: str) -> None:
        """Note why a call could not be processed."""
        self._close(call_id, {"state": "failed", "error": error, "error_message": message})

    def _close(
        self, call_id: str, changes: dict[str, Any], result: CallModel | None = None
    ) -> None:
        now = datetime.now(UTC)
        with Session(self._engine) as session, session.begin():
            call = session.get(Call, call_id)
            if call is None:
                raise _not_found(call_id)
            for name, value in changes.items():
                setattr(call, name, value)
            call.changed_at = call.finished_at = now
            if result is not None and result.ticket is not None:
                sketch = sketch_of(call_id, call.received_at, call.profile, result.ticket)
                session.merge(row_of(sketch, call.profile))

    def delete(self, call_id: str, actor: str) -> str | None:
        """Forget a call and all decisions on it; return the name of its recording.

        Raises CallStateError while the call is going on or being processed.
        """
        with Session(self._engine) as session, session.begin():
            call = session.get(Call, call_id)
            if call is None:
                raise _not_found(call_id)
            if call.state in ("live", "processing"):
                raise CallStateError(
                    f"call {call_id} is {call.state}; wait until it has ended, then delete it"
                )
            recording = call.recording
            session.execute(delete(Call).where(Call.id == call_id))
            session.add(
                AuditEntry(call_id=call_id, action="delete", actor=actor, at=datetime.now(UTC))
            )
        return recording


def _not_found(call_id: str) -> CallNotFoundError:
    return CallNotFoundError(f"there is no call {call_id!r}; it may have been deleted")


def _title(result: CallModel) -> str | None:
    if result.ticket is not None:
        return result.ticket.title.value
    return None
