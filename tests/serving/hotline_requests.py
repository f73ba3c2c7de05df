"""What a shipped hotline makes of a citizen's words, for the tests of its profile."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from asr.types import Transcript, Utterance
from nlu.extractor import Extractor
from nlu.types import Extraction
from serving.profile import Profile, load_profile
from ticket_draft.drafter import draft_ticket
from ticket_draft.types import TicketDraft

CALLED_AT = datetime(2026, 11, 20, 10, 0)
"""A Friday in the heating season."""


@lru_cache(maxsize=8)
def hotline(name: str) -> tuple[Profile, Extractor]:
    """Return a shipped profile with its extractor."""
    profile = load_profile(name)
    return profile, Extractor(profile.nlu)


def understood(name: str, text: str) -> Extraction:
    """Return what the hotline understands of a citizen's words."""
    return hotline(name)[1].extract_text(text, call_time=CALLED_AT)


def drafted(name: str, text: str) -> TicketDraft:
    """Return the ticket that the hotline would draft."""
    profile, extractor = hotline(name)
    transcript = Transcript((Utterance("u0", "citizen", 0, 9000, text, 1.0),), 9000)
    extraction = extractor.extract(transcript, call_time=CALLED_AT)
    return draft_ticket(
        transcript, extraction, profile.tickets, profile.deadlines, received_at=CALLED_AT
    )


def candidates(extraction: Extraction, count: int) -> list[str | None]:
    """Return the first agencies proposed."""
    return [extraction.agency.value, *(name for name, _ in extraction.agency.alternatives)][:count]


def due_day(ticket: TicketDraft) -> str:
    """Return the day a ticket is due, as YYYY-MM-DD."""
    assert ticket.due_at is not None
    return ticket.due_at.date().isoformat()
