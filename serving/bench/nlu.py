"""`jiesu bench nlu`: what is understood of tickets and calls, beside what they really were.

Everything goes through the whole Extractor, as a caller's words would. Content is freed of
the agent's hints first; agencies count where train and dev together have ten tickets of them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from asr.types import Transcript, Utterance
from models.extractor.dataset import Ticket, frequent_agencies, read_tickets
from nlu.extractor import Extractor
from nlu.gazetteer import Gazetteer
from nlu.types import Extraction, Field
from serving.bench.dispatch import dispatch_figures
from serving.bench.incremental import incremental_figures
from serving.bench.misheard import misheard_figures
from serving.bench.report import Figure, Goal
from serving.clock import CHINA_TIME

_CALL_TIME = datetime(2018, 1, 15, 12, tzinfo=CHINA_TIME)
"""A day after every ticket of the sets, so that their dates lie in the past."""

CONFIDENT = 0.9


@dataclass(frozen=True, slots=True)
class Read:
    """A ticket, what was understood of it, and how long that took."""

    ticket: Ticket
    extraction: Extraction
    took_ms: float


def bench_nlu(
    extractor: Extractor, data: Path, on_part: Callable[[str, int, int], None]
) -> list[Figure]:
    """Return the figures on `<profile>_tickets.dev` and, where it is there, on `calls/`."""
    name = extractor.profile.name
    train = read_tickets(data / f"{name}_tickets.train.jsonl.gz")
    dev = read_tickets(data / f"{name}_tickets.dev.jsonl.gz")
    frequent = frequent_agencies([*train, *dev])
    figures: list[Figure] = []
    for view, text_of in _VIEWS.items():
        rows = []
        for number, ticket in enumerate(dev, start=1):
            rows.append(_read(extractor, ticket, text_of(ticket)))
            on_part(view, number, len(dev))
        figures += ticket_figures(view, rows, frequent)
    figures += dispatch_figures(extractor.profile, train, dev, frequent, on_part)
    figures += misheard_figures(
        Gazetteer(extractor.profile.places), [ticket.content for ticket in dev]
    )
    calls = sorted((data / "calls").glob("ticket_*.json"))
    if calls:
        figures += call_figures(extractor, calls)
        figures += incremental_figures(extractor, calls)
    return figures


_VIEWS: dict[str, Callable[[Ticket], str]] = {
    "content": lambda ticket: ticket.content,
    "title and content": lambda ticket: f"{ticket.title}。{ticket.content}",
}


def _read(extractor: Extractor, ticket: Ticket, text: str) -> Read:
    started = time.perf_counter()
    extraction = extractor.extract_text(text, call_time=_CALL_TIME)
    return Read(ticket, extraction, (time.perf_counter() - started) * 1000)


def ticket_figures(view: str, rows: Sequence[Read], frequent: set[str]) -> list[Figure]:
    """Return the figures of one way to read the tickets."""
    dispatched = [row for row in rows if row.ticket.agency in frequent]
    full = [row for row in dispatched if row.ticket.source == "haikou-full"]
    figures = [
        _agency_figure(dispatched, 1, view, Goal(">=", 0.77), "0.762"),
        _agency_figure(dispatched, 3, view, Goal(">=", 0.90), "0.893"),
        _agency_figure(full, 1, f"{view}, haikou-full", None, "0.806"),
        _agency_figure(full, 3, f"{view}, haikou-full", None, "0.926"),
        _confident_figure(dispatched, view),
        _share(
            "request type",
            [r.extraction.request_type.value == r.ticket.request_type
             for r in rows if r.ticket.request_type],
            view, Goal(">=", 0.86), "0.859",
        ),
        _share(
            "category, first level",
            [(r.extraction.category.value or ("",))[0] == r.ticket.category[0]
             for r in rows if r.ticket.category],
            view, None, "0.526",
        ),
        _share(
            "category path of 3 levels",
            [r.extraction.category.value == r.ticket.category for r in rows if r.ticket.category],
            view, Goal(">=", 0.60), "0.445",
        ),
        _share(
            "district",
            [_part(r, "district") == r.ticket.district for r in rows if r.ticket.district],
            view, Goal(">=", 0.95), "0.804",
        ),
        _share(
            "street",
            [_part(r, "street") == r.ticket.street for r in rows if r.ticket.street],
            view, Goal(">=", 0.80), "0.459",
        ),
        Figure(
            "time to understand, p95",
            float(np.percentile([row.took_ms for row in rows], 95)) / 1000,
            "s", f"{len(rows)} tickets, {view}", Goal("<=", 0.020),
        ),
    ]  # fmt: skip
    return figures


def _part(row: Read, name: str) -> str | None:
    location = row.extraction.location.value
    return None if location is None else getattr(location, name)


def candidates(field: Field[Any]) -> list[Any]:
    """Return a field's value and its alternatives, best first; an abstention's list as it is."""
    value = [] if field.value is None else [field.value]
    return value + [alternative for alternative, _ in field.alternatives]


def _agency_figure(
    rows: Sequence[Read], k: int, of: str, goal: Goal | None, reference: str
) -> Figure:
    hits = [row.ticket.agency in candidates(row.extraction.agency)[:k] for row in rows]
    return _share(f"agency top-{k}", hits, of, goal, reference)


def _confident_figure(rows: Sequence[Read], view: str) -> Figure:
    wrong = [
        row.extraction.agency.confidence > CONFIDENT
        and row.extraction.agency.value != row.ticket.agency
        for row in rows
    ]
    return _share("wrong but confident dispatches", wrong, view, Goal("<=", 0.02), "")


def _share(name: str, hits: Sequence[bool], of: str, goal: Goal | None, reference: str) -> Figure:
    value = sum(hits) / len(hits) if hits else float("nan")
    return Figure(name, value, "share", f"{len(hits)} tickets, {of}", goal, reference)


def call_figures(extractor: Extractor, paths: Iterable[Path]) -> list[Figure]:
    """Return the figures on the true turns of intake calls."""
    agency, top, request_type, phone, surname = [], [], [], [], []
    for path in paths:
        call = json.loads(path.read_text(encoding="utf-8"))
        transcript = Transcript(
            tuple(
                Utterance(f"u{n}", t["channel"], t["start_ms"], t["end_ms"], t["text"], 1.0)
                for n, t in enumerate(call["turns"], start=1)
            ),
            call["duration_ms"],
        )
        extraction = extractor.extract(transcript, call_time=_CALL_TIME)
        ticket, caller = call["ticket"], call.get("caller") or {}
        agency.append(extraction.agency.value == ticket["agency"])
        top.append(ticket["agency"] in candidates(extraction.agency)[:3])
        request_type.append(extraction.request_type.value == ticket["request_type"])
        if caller.get("phone"):
            phone.append(extraction.caller.phone.value == caller["phone"])
        if caller.get("surname"):
            surname.append(extraction.caller.surname.value == caller["surname"])
    of = "true turns of calls"
    return [
        _share("agency top-1", agency, of, None, ""),
        _share("agency top-3", top, of, None, ""),
        _share("request type", request_type, of, None, ""),
        _share("telephone number", phone, of, Goal(">=", 0.9), ""),
        _share("surname", surname, of, None, ""),
    ]
