"""What an extractor learns from: the tickets of a hotline and how each head's label is read.

Several hotlines' tickets can train one encoder together; each keeps heads of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from models.errors import TrainingDataError
from models.extractor.agency_parts import function_and_district
from models.extractor.dataset import Ticket, read_tickets
from models.extractor.labels import WeakLabels, read_weak_labels

ReadLabel = Callable[[Ticket], str | None]

PLACE_HEADS = frozenset({"district", "street"})
"""Learned from n-grams alone: what an encoder makes of a road's name is no help."""

AUXILIARY_HEADS = frozenset({"newer_category"})
"""Heads that help to train the encoder and are of no use afterwards."""

_LEAST_LABELS = 2


@dataclass(frozen=True, slots=True)
class Corpus:
    """One hotline's tickets; `heads` read a ticket's label, None where it has none.

    `epoch_share` of them, drawn anew, are shown to the encoder in each epoch.
    """

    name: str
    tickets: tuple[Ticket, ...]
    heads: Mapping[str, ReadLabel]
    weak: WeakLabels | None = None
    epoch_share: float = 1.0

    def labels(self) -> dict[str, tuple[str, ...]]:
        """Return each head's labels, sorted."""
        return {
            head: tuple(sorted({label for ticket in self.tickets if (label := read(ticket))}))
            for head, read in self.heads.items()
        }


def read_corpus(
    name: str,
    files: Sequence[Path],
    columns: Mapping[str, str] | None = None,
    profile: Path | None = None,
) -> Corpus:
    """Read ticket files; with a profile's folder, also what its agencies and places tell.

    Raises TrainingDataError.
    """
    tickets = tuple(ticket for file in files for ticket in read_tickets(file, columns))
    weak = read_weak_labels(profile) if profile and (profile / "agencies.yaml").is_file() else None
    heads: dict[str, ReadLabel] = {}
    for head in sorted({head for ticket in tickets for head in ticket.labels}):
        heads[head] = _given(head)
    if any(len(ticket.category or ()) > 1 for ticket in tickets):
        heads["category_first"] = lambda ticket: (ticket.category or (None,))[0]
    if weak is not None:
        heads |= {"function": weak.function, "district": weak.district, "street": weak.street}
    elif "agency" in heads:
        heads |= {"function": _function, "district": _district}
    corpus = Corpus(name, tickets, heads, weak)
    useful = {head for head, labels in corpus.labels().items() if len(labels) >= _LEAST_LABELS}
    if not useful:
        raise TrainingDataError(f"the tickets of {name} have no head with two labels to tell apart")
    return Corpus(name, tickets, {head: heads[head] for head in heads if head in useful}, weak)


def _given(head: str) -> ReadLabel:
    return lambda ticket: ticket.labels.get(head)


def _function(ticket: Ticket) -> str | None:
    return function_and_district(ticket.agency)[0] if ticket.agency else None


def _district(ticket: Ticket) -> str | None:
    if named := ticket.labels.get("district"):
        return named
    return function_and_district(ticket.agency)[1] if ticket.agency else None
