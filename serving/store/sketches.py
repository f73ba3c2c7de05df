"""The sketches of ticket calls: kept with each result, looked up for a new request."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, Engine, and_, or_, select
from sqlalchemy.orm import Session

from serving.store.tables import TicketSketch
from ticket_draft.duplicates import RequestSketch

_MOST_COMPARED = 500


class SketchStore:
    """Finds earlier requests that are worth comparing with a new one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def candidates(
        self, request: RequestSketch, profile: str, *, within_days: int
    ) -> list[RequestSketch]:
        """Return earlier requests of the same caller, street, or district and topic, newest first.

        At most 500 are returned, so that a busy street costs no more than a quiet one.
        """
        alike = _alike(request)
        if not alike:
            return []
        chosen = (
            select(TicketSketch)
            .where(
                TicketSketch.profile == profile,
                TicketSketch.call_id != request.call_id,
                TicketSketch.received_at <= request.received_at,
                TicketSketch.received_at >= request.received_at - timedelta(days=within_days),
                or_(*alike),
            )
            .order_by(TicketSketch.received_at.desc())
            .limit(_MOST_COMPARED)
        )
        with Session(self._engine) as session:
            return [_sketch(row) for row in session.scalars(chosen)]


def row_of(sketch: RequestSketch, profile: str) -> TicketSketch:
    """Return the row of a sketch."""
    return TicketSketch(
        call_id=sketch.call_id,
        profile=profile,
        received_at=sketch.received_at,
        caller=sketch.caller,
        matter=sketch.matter,
        topic=_topic(sketch),
        place=sketch.place,
        district=sketch.district,
        street=sketch.street,
    )


def _alike(request: RequestSketch) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    topic = _topic(request)
    if request.caller is not None:
        found.append(TicketSketch.caller == request.caller)
    if request.street is not None:
        found.append(TicketSketch.street == request.street)
    if topic is not None and request.place is not None:
        if request.district is not None:
            found.append(
                and_(TicketSketch.topic == topic, TicketSketch.district == request.district)
            )
        else:
            found.append(TicketSketch.topic == topic)
    return found


def _topic(sketch: RequestSketch) -> str | None:
    return "/".join(sketch.category)[:255] or None


def _sketch(row: TicketSketch) -> RequestSketch:
    return RequestSketch(
        call_id=row.call_id,
        received_at=row.received_at,
        caller=row.caller,
        matter=row.matter,
        category=tuple(row.topic.split("/")) if row.topic else (),
        place=row.place,
        district=row.district,
        street=row.street,
    )
