"""`jiesu bench nlu`: what is understood of tickets and calls, beside what they really were.

Everything goes through the whole Extractor, as a caller's words would. Content is freed of
the agent's hints first; agencies count where train and dev together have ten tickets of them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from asr.types import Transcript, Utterance
from models.extractor.dataset import Ticket, read_tickets
from nlu.extractor import Extractor
from nlu.gazetteer import Gazetteer
from serving.bench.dispatch import dispatch_figures
from serving.bench.incremental import incremental_figures
from serving.bench.misheard import misheard_figures
from serving.bench.nlu_addresses import address_figures
from serving.bench.nlu_goals import data_set
from serving.bench.nlu_tickets import Frequent, Read, candidates, share, ticket_figures
from serving.bench.report import Figure, Goal
from serving.clock import CHINA_TIME

_CALL_TIME = datetime(2018, 1, 15, 12, tzinfo=CHINA_TIME)
"""A day after every ticket of the Haikou set, so that their dates lie in the past."""

_CALLS_OF = "haikou"
"""The hotline that the spoken calls of the data set rang."""


def bench_nlu(
    extractor: Extractor, data: Path, on_part: Callable[[str, int, int], None]
) -> list[Figure]:
    """Return the figures on the hotline's dev tickets and, where they are its, on `calls/`.

    Raises TrainingDataError where the data set is not there.
    """
    name = extractor.profile.name
    of_set = data_set(name)
    train, dev = (
        read_tickets(data / f"{of_set.stem}.{part}.jsonl.gz", of_set.columns)
        for part in ("train", "dev")
    )
    frequent = Frequent.of([*train, *dev])
    figures: list[Figure] = []
    for view, text_of in _VIEWS.items():
        rows = []
        told = [ticket for ticket in dev if text_of(ticket)]
        if view != _FIRST_VIEW and all(ticket.text == ticket.content for ticket in told):
            continue
        for number, ticket in enumerate(told, start=1):
            rows.append(_read(extractor, ticket, text_of(ticket)))
            on_part(view, number, len(told))
        figures += ticket_figures(view, rows, frequent, of_set)
    if agencies := set(frequent.agencies):
        figures += dispatch_figures(extractor.profile, train, dev, agencies, on_part)
    figures += misheard_figures(
        Gazetteer(extractor.profile.places), [ticket.content for ticket in dev]
    )
    figures += address_figures(data)
    calls = sorted((data / "calls").glob("ticket_*.json")) if name == _CALLS_OF else []
    if calls:
        figures += call_figures(extractor, calls)
        figures += incremental_figures(extractor, calls)
    return figures


_FIRST_VIEW = "content"
_VIEWS: dict[str, Callable[[Ticket], str]] = {
    _FIRST_VIEW: lambda ticket: ticket.content,
    "title and content": lambda ticket: ticket.text,
}


def _read(extractor: Extractor, ticket: Ticket, text: str) -> Read:
    started = time.perf_counter()
    extraction = extractor.extract_text(text, call_time=_CALL_TIME)
    return Read(ticket, extraction, (time.perf_counter() - started) * 1000)


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
    of = "tickets, true turns of calls"
    return [
        share("agency top-1", agency, of),
        share("agency top-3", top, of),
        share("request type", request_type, of),
        share("telephone number", phone, of, Goal(">=", 0.9)),
        share("surname", surname, of),
    ]
