"""Corrected agencies in the store: added, read back, exported for training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, undefer

from serving.store.tables import AgencyCorrection, AuditEntry, Call, CorrectionKind, Ticket

_PAGE = 200


@dataclass(frozen=True, slots=True)
class LabelledCall:
    """A call whose agency a person decided: its result, and its ticket if it was submitted."""

    call_id: str
    agency: str
    result: dict[str, Any]
    ticket: dict[str, Any] | None


class CorrectionStore:
    """What people corrected; every method may be called from any thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(
        self,
        call_id: str,
        *,
        profile: str,
        kind: CorrectionKind,
        right: str | None,
        wrong: str | None,
        believed: Mapping[str, float],
        features: Sequence[int],
        actor: str,
    ) -> AgencyCorrection:
        """Remember a correction and who made it."""
        made = AgencyCorrection(
            call_id=call_id,
            profile=profile,
            kind=kind,
            right=right,
            wrong=wrong,
            believed=dict(believed),
            features=list(features),
            actor=actor,
            at=datetime.now(UTC),
        )
        entry = AuditEntry(
            call_id=call_id, action=f"agency-{kind}", subject="agency", actor=actor, at=made.at
        )
        with Session(self._engine, expire_on_commit=False) as session, session.begin():
            session.add_all([made, entry])
        return made

    def newest_id(self, profile: str) -> int:
        """Return the number of the newest correction of a hotline; 0 when there is none."""
        chosen = select(func.max(AgencyCorrection.id)).where(AgencyCorrection.profile == profile)
        with Session(self._engine) as session:
            return session.scalar(chosen) or 0

    def latest(self, profile: str, limit: int) -> list[AgencyCorrection]:
        """Return what stands of a hotline's newest corrections, oldest first."""
        chosen = (
            select(AgencyCorrection)
            .where(AgencyCorrection.profile == profile)
            .order_by(AgencyCorrection.id.desc())
            .limit(limit)
        )
        with Session(self._engine, expire_on_commit=False) as session:
            rows = session.scalars(chosen).all()
        # A person may correct themselves; a ticket may come back from several units.
        standing = {
            (row.call_id, row.wrong if row.kind == "returned" else None): row
            for row in reversed(rows)
        }
        return sorted(standing.values(), key=lambda row: row.id)

    def of(self, call_id: str) -> list[AgencyCorrection]:
        """Return the corrections of one call, oldest first."""
        chosen = select(AgencyCorrection).where(AgencyCorrection.call_id == call_id)
        with Session(self._engine, expire_on_commit=False) as session:
            return list(session.scalars(chosen.order_by(AgencyCorrection.id)))

    def labelled(self, profile: str) -> Iterator[LabelledCall]:
        """Yield the calls of a hotline whose right agency people said and whose words remain."""
        newest = (
            select(func.max(AgencyCorrection.id))
            .where(AgencyCorrection.profile == profile, AgencyCorrection.right.is_not(None))
            .group_by(AgencyCorrection.call_id)
        )
        chosen = (
            select(AgencyCorrection, Call, Ticket)
            .join(Call, Call.id == AgencyCorrection.call_id)
            .outerjoin(Ticket, Ticket.call_id == Call.id)
            .where(AgencyCorrection.id.in_(newest), Call.result.is_not(None))
            .order_by(AgencyCorrection.id)
            .options(undefer(Call.result))
            .execution_options(yield_per=_PAGE)
        )
        with Session(self._engine) as session:
            for correction, call, ticket in session.execute(chosen):
                if call.result is not None:
                    yield LabelledCall(
                        call.id,
                        str(correction.right),
                        call.result,
                        ticket.content if ticket else None,
                    )
