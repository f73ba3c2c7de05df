"""Makes a head's probabilities believable: how much each part's logits count, fitted on dev."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from models.extractor.dataset import Ticket
from models.extractor.features import Float32
from models.extractor.model import ExtractorModel
from models.extractor.weights import ExtractorWeights, Share

_START = (3.0, 0.7)


def calibrate(
    weights: ExtractorWeights,
    dev: Sequence[Ticket],
    label_of: Mapping[str, Callable[[Ticket], str | None]],
) -> ExtractorWeights:
    """Fit each head's shares by the likelihood of the dev labels.

    With one part this is a temperature (Guo et al. 2017); with two it also weighs them.
    """
    model = ExtractorModel(weights)
    heard = [(ticket, *model.part_logits(ticket.content)) for ticket in dev]
    shares = {}
    for name, labels in model.labels.items():
        index = {label: number for number, label in enumerate(labels)}
        linear, encoder, gold = [], [], []
        for ticket, by_ngrams, by_encoder in heard:
            label = label_of[name](ticket)
            if by_ngrams is not None and label in index:
                linear.append(by_ngrams[name])
                encoder.append(by_encoder.get(name, np.zeros_like(by_ngrams[name])))
                gold.append(index[str(label)])
        shares[name] = Share(*_START)
        if gold:
            shares[name] = fit_share(np.stack(linear), np.stack(encoder), np.array(gold))
    return replace(weights, shares=shares)


def fit_share(linear: Float32, encoder: Float32, gold: npt.NDArray[np.int64]) -> Share:
    """Return the shares that make `gold` (texts,) likeliest under the logits (texts, labels)."""

    def loss(logs: npt.NDArray[np.float64]) -> float:
        mixed = np.exp(logs[0]) * linear + np.exp(logs[1]) * encoder
        peak = mixed.max(axis=1)
        norm = np.log(np.exp(mixed - peak[:, None]).sum(axis=1)) + peak
        return float((norm - mixed[np.arange(len(gold)), gold]).mean())

    best = minimize(loss, np.log(_START), method="Nelder-Mead", options={"maxiter": 200})
    by_ngrams, by_encoder = (float(value) for value in np.exp(best.x))
    return Share(by_ngrams, by_encoder if encoder.any() else 0.0)
