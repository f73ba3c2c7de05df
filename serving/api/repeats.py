"""Earlier requests that a call may repeat, as the store and the rules of its hotline find them."""

from __future__ import annotations

from serving.api.roles import Viewer
from serving.api.schemas import RepeatView
from serving.api.services import Services
from serving.api.views import ticket_number
from serving.contract import TicketModel
from serving.errors import CallNotFoundError, ReviewError
from serving.sketch import sketch_of
from serving.store import Call
from ticket_draft.duplicates import Repeat, find_repeats


def repeats_of(
    services: Services, call: Call, ticket: TicketModel, viewer: Viewer
) -> list[RepeatView]:
    """Return the earlier requests of a call's ticket, the likest first."""
    rules = services.hotlines.get(call.profile).profile.tickets.repeats
    sketch = sketch_of(call.id, call.received_at, call.profile, ticket)
    earlier = services.sketches.candidates(sketch, call.profile, within_days=rules.within_days)
    found = find_repeats(sketch, earlier, rules)
    return [view for repeat in found for view in _view(services, repeat, viewer)]


def check_mergeable(services: Services, call_id: str, profile: str, into: str) -> None:
    """Raise ReviewError unless `into` is another ticket call of the same hotline."""
    try:
        other = services.calls.get(into)
    except CallNotFoundError as error:
        raise ReviewError(f"there is no call {into!r} to merge with") from error
    if other.id == call_id or other.profile != profile or other.kind == "callback":
        raise ReviewError(f"call {into!r} is no earlier request of this hotline")


def _view(services: Services, repeat: Repeat, viewer: Viewer) -> list[RepeatView]:
    try:
        call = services.calls.get(repeat.call_id)
    except CallNotFoundError:  # deleted since it was found
        return []
    ticket = services.reviews.of(call.id).ticket
    return [
        RepeatView(
            call_id=call.id,
            kind=repeat.kind,
            received_at=repeat.received_at,
            similarity=repeat.similarity,
            reason=repeat.reason,
            title=viewer.line(call.title, call.profile),
            number=ticket_number(ticket) if ticket else None,
        )
    ]
