"""Figures on tickets: what was understood of each, beside its labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.extractor.dataset import MIN_AGENCY_TICKETS, Ticket, frequent_agencies
from models.extractor.evaluate import macro_f1
from nlu.types import CategoryPath, Extraction, Field
from serving.bench.nlu_goals import DataSet
from serving.bench.report import Figure, Goal

CONFIDENT = 0.9
_FULL = "haikou-full"
_LEAST_MS_GOAL = Goal("<=", 0.020)


@dataclass(frozen=True, slots=True)
class Read:
    """A ticket, what was understood of it, and how long that took."""

    ticket: Ticket
    extraction: Extraction
    took_ms: float


@dataclass(frozen=True, slots=True)
class Frequent:
    """Agencies and category paths with ten tickets and more in train and dev together."""

    agencies: frozenset[str]
    paths: frozenset[CategoryPath]

    @classmethod
    def of(cls, tickets: Sequence[Ticket]) -> Frequent:
        """Count them."""
        paths = Counter(ticket.category for ticket in tickets if ticket.category)
        many = frozenset(path for path, count in paths.items() if count >= MIN_AGENCY_TICKETS)
        return cls(frozenset(frequent_agencies(tickets)), many)


def ticket_figures(
    view: str, rows: Sequence[Read], frequent: Frequent, of_set: DataSet
) -> list[Figure]:
    """Return the figures of one way to read the tickets; those without labels are left out."""
    told = _Teller(view, of_set)
    dispatched = [row for row in rows if row.ticket.agency in frequent.agencies]
    full = [row for row in dispatched if row.ticket.source == _FULL]
    figures = []
    for k in (1, 3):
        figures += told.share(f"agency top-{k}", [_hit(row, k) for row in dispatched])
    for k in (1, 3):
        figures += told.share(f"agency top-{k}, {_FULL}", [_hit(row, k) for row in full])
    figures += told.share(
        "wrong but confident dispatches",
        [_wrong_but_sure(row) for row in dispatched],
        Goal("<=", 0.02),
    )
    figures += _label_figures(told, rows, frequent)
    p95_s = float(np.percentile([row.took_ms for row in rows], 95)) / 1000
    of = f"{len(rows)} tickets, {view}"
    return [*figures, Figure("time to understand, p95", p95_s, "s", of, _LEAST_MS_GOAL)]


def _label_figures(told: _Teller, rows: Sequence[Read], frequent: Frequent) -> list[Figure]:
    """Return the figures of request type, category, district and street."""
    figures = told.share(
        "request type",
        [
            row.extraction.request_type.value == wanted
            for row in rows
            if (wanted := row.ticket.labels.get("request_type"))
        ],
    )
    filed = [(row, row.ticket.category) for row in rows if row.ticket.category]
    firsts = [((row.extraction.category.value or ("",))[0], path[0]) for row, path in filed]
    figures += told.share("category, first level", [found == wanted for found, wanted in firsts])
    if filed and max(len(path) for _, path in filed) > 1:
        hits = [(row.extraction.category.value == path, path) for row, path in filed]
        figures += told.share("category path of 3 levels", [hit for hit, _ in hits])
        counted = [hit for hit, path in hits if path in frequent.paths]
        figures += told.share("category path of 3 levels, frequent", counted)
    elif firsts:
        score = macro_f1([wanted for _, wanted in firsts], [found for found, _ in firsts])
        figures += told.value("category, macro-F1", score, len(firsts))
    for name in ("district", "street"):
        figures += told.share(
            name,
            [
                _part(row, name) == wanted.rpartition("/")[2]
                for row in rows
                if (wanted := row.ticket.labels.get(name))
            ],
        )
    return figures


@dataclass(frozen=True, slots=True)
class _Teller:
    """Makes figures of one view of one data set."""

    view: str
    of_set: DataSet

    def share(self, name: str, hits: Sequence[bool], goal: Goal | None = None) -> list[Figure]:
        """Return the share of hits, or nothing where nothing was counted."""
        return self.value(name, sum(hits) / len(hits), len(hits), goal) if hits else []

    def value(self, name: str, value: float, count: int, goal: Goal | None = None) -> list[Figure]:
        aim = self.of_set.aim(name)
        of = f"{count} tickets, {self.view}"
        return [Figure(name, value, "share", of, goal or aim.goal, aim.reference)]


def candidates(field: Field[Any]) -> list[Any]:
    """Return a field's value and its alternatives, best first; an abstention's list as it is."""
    value = [] if field.value is None else [field.value]
    return value + [alternative for alternative, _ in field.alternatives]


def share(name: str, hits: Sequence[bool], of: str, goal: Goal | None = None) -> Figure:
    """Return the share of hits as a figure; not a number where nothing was counted."""
    value = sum(hits) / len(hits) if hits else float("nan")
    return Figure(name, value, "share", f"{len(hits)} {of}", goal)


def _hit(row: Read, k: int) -> bool:
    return row.ticket.agency in candidates(row.extraction.agency)[:k]


def _wrong_but_sure(row: Read) -> bool:
    agency = row.extraction.agency
    return agency.confidence > CONFIDENT and agency.value != row.ticket.agency


def _part(row: Read, name: str) -> str | None:
    location = row.extraction.location.value
    return None if location is None else getattr(location, name)
