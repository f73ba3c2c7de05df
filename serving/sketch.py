"""A ticket in the few traits by which a later request is recognised as the same."""

from __future__ import annotations

import hashlib
from datetime import datetime

from serving.contract import TicketModel
from ticket_draft.duplicates import RequestSketch


def sketch_of(
    call_id: str, received_at: datetime, profile: str, ticket: TicketModel
) -> RequestSketch:
    """Return the traits of a draft; the caller's number is a digest in them."""
    place = ticket.location.value
    phone = ticket.caller.phone.value
    return RequestSketch(
        call_id=call_id,
        received_at=received_at,
        caller=caller_digest(phone, profile) if phone else None,
        matter="。".join(filter(None, (ticket.title.value, ticket.summary.value))),
        category=tuple(ticket.category.value or ()),
        place=place.text if place else None,
        district=place.district if place else None,
        street=place.street if place else None,
    )


def caller_digest(phone: str, profile: str) -> str:
    """Return what stands for a number in the list of requests: the same for the same number."""
    key = hashlib.sha256(profile.encode()).digest()
    return hashlib.blake2b(phone.encode(), key=key, digest_size=16).hexdigest()
