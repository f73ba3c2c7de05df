"""Makes a head's probabilities believable: how much each part counts, fitted on dev."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from models.extractor.corpora import ReadLabel
from models.extractor.dataset import Ticket
from models.extractor.features import Float32
from models.extractor.mixture import log_softmax, mix, parent_logs
from models.extractor.model import ExtractorModel
from models.extractor.weights import Share

_START = (3.0, 0.7)
_START_PARENT = 0.1
_PARENT_WORTH = 0.002
"""What a parent must better the mean log likelihood by to be listened to."""


def fit_shares(
    model: ExtractorModel, dev: Sequence[Ticket], heads: Mapping[str, ReadLabel]
) -> dict[str, Share]:
    """Fit each head's shares by the likelihood of the dev labels.

    With one part this is a temperature (Guo et al. 2017); with two it also weighs them.
    """
    heard = [(ticket, *model.part_logits(ticket.content or ticket.title)) for ticket in dev]
    known = [(ticket, linear, encoder) for ticket, linear, encoder in heard if linear is not None]
    linear = {name: np.stack([parts[name] for _, parts, _ in known]) for name in model.labels}
    encoder = {
        name: np.stack([parts[name] for _, _, parts in known])
        for name in model.labels
        if known[0][2].get(name) is not None
    }
    shares: dict[str, Share] = {}
    rows_of, gold_of = {}, {}
    for name, labels in model.labels.items():
        index = {label: number for number, label in enumerate(labels)}
        wanted = [index.get(heads[name](ticket) or "") for ticket, _, _ in known]
        rows_of[name] = np.array([row for row, label in enumerate(wanted) if label is not None])
        gold_of[name] = np.array([label for label in wanted if label is not None])
        rows = rows_of[name]
        shares[name] = Share(*_START)
        if len(rows):
            by_encoder = encoder[name][rows] if name in encoder else None
            shares[name] = fit_share(linear[name][rows], by_encoder, gold_of[name])
    for name, of_head in model.weights.parents.items():
        rows = rows_of[name]
        if not len(rows):
            continue
        told = {
            parent: parent_logs(
                log_softmax(mix(shares[parent], linear[parent], encoder.get(parent)))[rows], at
            )
            for parent, at in of_head.items()
        }
        by_encoder = encoder[name][rows] if name in encoder else None
        shares[name] = with_parents(
            shares[name], linear[name][rows], by_encoder, told, gold_of[name]
        )
    return shares


def fit_share(linear: Float32, encoder: Float32 | None, gold: npt.NDArray[np.int64]) -> Share:
    """Return the shares that make `gold` (texts,) likeliest under the logits (texts, labels)."""
    start = np.log(_START if encoder is not None else _START[:1])

    def loss(logs: npt.NDArray[np.float64]) -> float:
        odds = np.exp(logs)
        share = Share(odds[0], odds[1] if encoder is not None else 0.0)
        return _loss(mix(share, linear, encoder), gold)

    best = np.exp(minimize(loss, start, method="Nelder-Mead", options={"maxiter": 200}).x)
    return Share(float(best[0]), float(best[1]) if encoder is not None else 0.0)


def with_parents(
    share: Share,
    linear: Float32,
    encoder: Float32 | None,
    told: Mapping[str, Float32],
    gold: npt.NDArray[np.int64],
) -> Share:
    """Return shares in which the parents' logs (texts, labels) count too, where it helps."""
    names = list(told)

    def of(logs: npt.NDArray[np.float64]) -> Share:
        odds = [float(value) for value in np.exp(logs)]
        return Share(odds[0], odds[1], dict(zip(names, odds[2:], strict=True)))

    def loss(logs: npt.NDArray[np.float64]) -> float:
        tried = of(logs)
        total = mix(tried, linear, encoder)
        for name in names:
            total = total + tried.parents[name] * told[name]
        return _loss(total, gold)

    start = np.log([share.linear, max(share.encoder, 1e-6), *([_START_PARENT] * len(names))])
    best = minimize(loss, start, method="Nelder-Mead", options={"maxiter": 400})
    if _loss(mix(share, linear, encoder), gold) - best.fun < _PARENT_WORTH:
        return share
    found = of(best.x)
    return found if encoder is not None else replace(found, encoder=0.0)


def _loss(logits: Float32, gold: npt.NDArray[np.int64]) -> float:
    return -float(log_softmax(logits)[np.arange(len(gold)), gold].mean())
