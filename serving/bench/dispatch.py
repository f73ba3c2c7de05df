"""Dispatch without a trained model: by the directory alone, and as people correct it.

Corrections come from every so many-th training ticket, in their order: whatever the directory and
the corrections so far got wrong is put right, and the next ticket knows it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime

from asr.types import Transcript, Utterance
from models.extractor.dataset import Ticket
from nlu.corrections import Correction, CorrectionMemory
from nlu.extractor import Extractor
from nlu.profile import NluProfile
from nlu.types import Field
from serving.bench.report import Figure, Goal
from serving.clock import CHINA_TIME

_TICKETS = 2_000
_DAY = date(2018, 1, 15)
_CALL_TIME = datetime(2018, 1, 15, 12, tzinfo=CHINA_TIME)
_CONFIDENT = 0.9
_RELOAD_EVERY = 10
"""Corrections are taken up in tens: the service does so at once, which takes longer here."""


def dispatch_figures(
    profile: NluProfile,
    train: Sequence[Ticket],
    dev: Sequence[Ticket],
    frequent: set[str],
    on_part: Callable[[str, int, int], None],
) -> list[Figure]:
    """Return how often the agency is among the first, before and after corrections."""
    extractor = Extractor(replace(profile, extractor=None))
    rows = [ticket for ticket in dev if ticket.agency in frequent]
    before = _figures(extractor, rows, "directory alone")
    corrections = _corrected(extractor, train[:: max(1, len(train) // _TICKETS)], on_part)
    extractor.remember(CorrectionMemory(corrections))
    return before + _figures(extractor, rows, f"directory, {len(corrections)} corrections")


def _figures(extractor: Extractor, rows: Sequence[Ticket], of: str) -> list[Figure]:
    fields = [_agency(extractor, ticket.content) for ticket in rows]
    first, third, wrong = (
        sum(
            ticket.agency in list(believed(field))[:1]
            for ticket, field in zip(rows, fields, strict=True)
        ),
        sum(
            ticket.agency in list(believed(field))[:3]
            for ticket, field in zip(rows, fields, strict=True)
        ),
        sum(
            field.confidence > _CONFIDENT and field.value != ticket.agency
            for ticket, field in zip(rows, fields, strict=True)
        ),
    )
    count, among = max(len(rows), 1), f"{len(rows)} tickets, {of}"
    return [
        Figure("agency top-1", first / count, "share", among),
        Figure("agency top-3", third / count, "share", among, Goal(">=", 0.75)),
        Figure("wrong but confident dispatches", wrong / count, "share", among, Goal("<=", 0.02)),
    ]


def _corrected(
    extractor: Extractor, tickets: Sequence[Ticket], on_part: Callable[[str, int, int], None]
) -> list[Correction]:
    corrections: list[Correction] = []
    for number, ticket in enumerate(tickets, start=1):
        on_part("corrections", number, len(tickets))
        field = _agency(extractor, ticket.content)
        shares = believed(field)
        if next(iter(shares), None) == ticket.agency:
            continue
        features = extractor.features(_transcript(ticket.content))
        corrections.append(Correction(features, ticket.agency, field.value, _DAY, shares))
        if len(corrections) % _RELOAD_EVERY == 0:
            extractor.remember(CorrectionMemory(corrections))
    return corrections


def believed(field: Field[str]) -> dict[str, float]:
    """Return a field's candidates with their probabilities, the likeliest first."""
    value = {} if field.value is None else {field.value: field.confidence}
    return value | dict(field.alternatives)


def _agency(extractor: Extractor, text: str) -> Field[str]:
    return extractor.extract(_transcript(text), call_time=_CALL_TIME).agency


def _transcript(text: str) -> Transcript:
    return Transcript((Utterance("text", "citizen", 0, 0, text, 1.0),), 0)
