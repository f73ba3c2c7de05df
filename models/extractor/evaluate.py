"""Figures of the extractor's own heads on labelled tickets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from models.extractor.dataset import MIN_AGENCY_TICKETS, Ticket
from models.extractor.model import ExtractorModel

TOP = (1, 3)
_BALANCED_LABELS = 20
"""Macro-F1 is told for heads of at most so many labels."""


def figures(
    model: ExtractorModel, train: Sequence[Ticket], dev: Sequence[Ticket]
) -> dict[str, float]:
    """Return each head's accuracy on the labels that the dev tickets give.

    Read from the content alone, as a call would be, and from title and content. Agencies count
    where they have at least ten tickets in train and dev together, as the figures define it.
    """
    result: dict[str, float] = {}
    for view in ("content", "title and content"):
        rows = [ticket for ticket in dev if view != "content" or ticket.content]
        texts = [ticket.content if view == "content" else ticket.text for ticket in rows]
        predictions = [model.predict(text) for text in texts]
        for head, labels in model.labels.items():
            counted = frequent_labels(head, [*train, *dev])
            heard = [
                (
                    prediction[head] if prediction else np.zeros(len(labels), np.float32),
                    ticket.labels[head],
                )
                for prediction, ticket in zip(predictions, rows, strict=True)
                if ticket.labels.get(head) in counted
            ]
            if heard:
                result |= _head_figures(f"{head}, {view}", labels, heard)
    return result


def frequent_labels(head: str, tickets: Sequence[Ticket]) -> set[str]:
    """Return the labels of a head that count: all, but of agencies only the frequent."""
    counts = Counter(ticket.labels[head] for ticket in tickets if head in ticket.labels)
    least = MIN_AGENCY_TICKETS if head == "agency" else 1
    return {label for label, count in counts.items() if count >= least}


def _head_figures(
    name: str, labels: Sequence[str], rows: Sequence[tuple[npt.NDArray[np.float32], str]]
) -> dict[str, float]:
    ranked = [[labels[i] for i in np.argsort(-odds, kind="stable")[: max(TOP)]] for odds, _ in rows]
    gold = [label for _, label in rows]
    found = {
        f"{name}, top-{k}": sum(g in r[:k] for g, r in zip(gold, ranked, strict=True)) / len(gold)
        for k in TOP
        if k < len(labels)
    }
    if len(labels) <= _BALANCED_LABELS:
        found[f"{name}, macro-F1"] = macro_f1(gold, [first[0] for first in ranked])
    return found


def macro_f1(gold: Sequence[str], predicted: Sequence[str]) -> float:
    """Return the mean F1 over the labels that occur in `gold` or `predicted`."""
    hits = Counter(g for g, p in zip(gold, predicted, strict=True) if g == p)
    wanted, given = Counter(gold), Counter(predicted)
    scores = [2 * hits[label] / (wanted[label] + given[label]) for label in wanted | given]
    return sum(scores) / len(scores)


def rates(found: Mapping[str, float]) -> str:
    """Return figures as lines of text."""
    width = max(map(len, found), default=0)
    return "\n".join(f"{name:{width}}  {value:.4f}" for name, value in found.items())
