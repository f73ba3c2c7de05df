"""Figures of the extractor's own heads on labelled tickets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.extractor.dataset import Ticket, frequent_agencies
from models.extractor.features import Float32
from models.extractor.model import ExtractorModel


def figures(
    model: ExtractorModel, train: Sequence[Ticket], dev: Sequence[Ticket]
) -> dict[str, float]:
    """Return accuracy per head on hint-stripped content, as the figures are defined.

    Agencies count where they have at least ten tickets in train and dev together.
    """
    frequent = frequent_agencies([*train, *dev])
    predictions = [model.predict(ticket.content) for ticket in dev]
    result: dict[str, float] = {}
    agency = [
        (prediction, ticket.agency)
        for prediction, ticket in zip(predictions, dev, strict=True)
        if ticket.agency in frequent
    ]
    for k in (1, 3, 5):
        result[f"agency top-{k}"] = _top(model, "agency", agency, k)
    typed = [
        (prediction, ticket.request_type)
        for prediction, ticket in zip(predictions, dev, strict=True)
        if ticket.request_type
    ]
    result["request type"] = _top(model, "request_type", typed, 1)
    filed = [
        (prediction, "/".join(ticket.category))
        for prediction, ticket in zip(predictions, dev, strict=True)
        if ticket.category
    ]
    result["category path of 3 levels"] = _top(model, "category", filed, 1)
    return result


def _top(
    model: ExtractorModel,
    head: str,
    rows: Sequence[tuple[dict[str, Float32] | None, str]],
    k: int,
) -> float:
    labels = model.labels[head]
    hits = 0
    for prediction, gold in rows:
        if prediction is not None:
            hits += gold in {labels[i] for i in np.argsort(-prediction[head])[:k]}
    return hits / len(rows) if rows else float("nan")
