"""Trains the extractor from tickets: `python -m models.extractor.train --help`.

One linear support vector machine per head over hashed character n-grams; the heads' weights
are then factored into one shared low-rank projection, quantised to int8, and each head's
temperature is fitted on dev, so that its probabilities can be believed.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import scipy.sparse as sparse
from scipy.optimize import minimize_scalar

from models.extractor.dataset import Ticket, read_tickets, views
from models.extractor.evaluate import figures
from models.extractor.features import Float32, Vocabulary, learn_vocabulary
from models.extractor.weights import WEIGHTS_FOLDER, ExtractorWeights, Head, save_weights

ORDERS = (1, 2, 3)
MIN_DOCUMENTS = 2
DISTRICTS = ("秀英区", "龙华区", "琼山区", "美兰区")

LABELS: dict[str, Callable[[Ticket], str | None]] = {
    "request_type": lambda ticket: ticket.request_type,
    "category": lambda ticket: "/".join(ticket.category) if ticket.category else None,
    "agency": lambda ticket: ticket.agency,
}


def train(
    tickets: Sequence[Ticket], dev: Sequence[Ticket], size: int, rank: int, seed: int
) -> ExtractorWeights:
    """Train on `tickets`, fit the temperatures on `dev`."""
    chance = random.Random(seed)
    owners, texts = [], []
    for number, ticket in enumerate(tickets):
        for view in views(ticket, chance):
            owners.append(number)
            texts.append(view)
    vocabulary = learn_vocabulary(texts, ORDERS, MIN_DOCUMENTS * 3, size)
    features = matrix_of(vocabulary, texts)
    linear = {}
    for name, label in LABELS.items():
        _say(f"training {name}")
        linear[name] = _fit_head(features, [label(tickets[owner]) for owner in owners], seed)
    weights = _factor(vocabulary, linear, rank)
    return calibrate(weights, dev)


def matrix_of(vocabulary: Vocabulary, texts: Sequence[str]) -> sparse.csr_matrix:
    """Return the texts' vectors as one sparse matrix (texts, features)."""
    vectors = [vocabulary.vector(text) for text in texts]
    starts = np.cumsum([0, *(len(vector.indices) for vector in vectors)])
    return sparse.csr_matrix(
        (
            np.concatenate([vector.weights for vector in vectors]),
            np.concatenate([vector.indices for vector in vectors]),
            starts,
        ),
        shape=(len(texts), len(vocabulary.hashes)),
    )


def _fit_head(
    features: sparse.csr_matrix, labels: Sequence[str | None], seed: int
) -> tuple[tuple[str, ...], Float32, Float32]:
    from sklearn.svm import LinearSVC

    rows = [row for row, label in enumerate(labels) if label]
    machine = LinearSVC(C=0.5, random_state=seed)
    machine.fit(features[rows], [labels[row] for row in rows])
    return (
        tuple(str(label) for label in machine.classes_),
        machine.coef_.astype(np.float32),
        machine.intercept_.astype(np.float32),
    )


def _factor(
    vocabulary: Vocabulary,
    linear: dict[str, tuple[tuple[str, ...], Float32, Float32]],
    rank: int,
) -> ExtractorWeights:
    """Share one projection between the heads: truncated SVD of their stacked weights."""
    stacked = np.concatenate([coefficients for _, coefficients, _ in linear.values()])
    values, vectors = np.linalg.eigh((stacked @ stacked.T).astype(np.float64))
    basis = vectors[:, np.argsort(-values)[:rank]].astype(np.float32)
    projection = stacked.T @ basis
    quantised, scales = quantise_rows(projection)
    heads, start = {}, 0
    for name, (labels, _, bias) in linear.items():
        heads[name] = Head(labels, basis[start : start + len(labels)].T.copy(), bias, 1.0)
        start += len(labels)
    return ExtractorWeights(vocabulary, quantised, scales, heads, about={})


def quantise_rows(matrix: Float32) -> tuple[npt.NDArray[np.int8], Float32]:
    """Return int8 rows and one scale per row: `matrix ≈ rows * scales[:, None]`."""
    scales = np.abs(matrix).max(axis=1) / 127.0
    scales[scales == 0] = 1.0
    rows = np.clip(np.rint(matrix / scales[:, None]), -127, 127).astype(np.int8)
    return rows, scales.astype(np.float32)


def calibrate(weights: ExtractorWeights, dev: Sequence[Ticket]) -> ExtractorWeights:
    """Fit each head's temperature by the likelihood of the dev labels."""
    heads = {}
    for name, head in weights.heads.items():
        index = {label: number for number, label in enumerate(head.labels)}
        rows = [
            (prediction, index[label])
            for ticket in dev
            if (label := LABELS[name](ticket)) in index
            and (prediction := weights.predict(ticket.content)) is not None
        ]
        logits = np.log(np.stack([row[0][name] for row in rows]) + 1e-12) * head.temperature
        gold = np.array([row[1] for row in rows])

        def loss(log_temperature: float, logits: Float32 = logits, gold: object = gold) -> float:
            scaled = logits / np.exp(log_temperature)
            peak = scaled.max(axis=1, keepdims=True)
            norm = np.log(np.exp(scaled - peak).sum(axis=1)) + peak[:, 0]
            return float((norm - scaled[np.arange(len(scaled)), gold]).mean())

        best = minimize_scalar(loss, bounds=(-4.0, 4.0), method="bounded")
        heads[name] = Head(head.labels, head.matrix, head.bias, float(np.exp(best.x)))
    return ExtractorWeights(
        weights.vocabulary, weights.projection, weights.scales, heads, weights.about
    )


def main() -> None:
    """Train, print the dev figures, write `models/weights/extractor-<profile>.npz`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--profile", default="haikou")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=WEIGHTS_FOLDER)
    parser.add_argument("--features", type=int, default=60_000)
    parser.add_argument("--rank", type=int, default=128)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    tickets = read_tickets(options.data / f"{options.profile}_tickets.train.jsonl.gz")
    dev = read_tickets(options.data / f"{options.profile}_tickets.dev.jsonl.gz")
    weights = train(tickets, dev, options.features, options.rank, options.seed)
    counts = Counter(ticket.source for ticket in tickets)
    about = {
        "data": f"{options.profile}_tickets train, {len(tickets)} tickets",
        "sources": dict(counts),
        "seed": options.seed,
    }
    weights = ExtractorWeights(
        weights.vocabulary, weights.projection, weights.scales, weights.heads, about
    )
    path = options.out / f"extractor-{options.profile}.npz"
    save_weights(weights, path)
    _say(f"wrote {path}, {path.stat().st_size / 1e6:.1f} MB")
    for name, value in figures(weights, tickets, dev).items():
        print(f"{name:40} {value:.4f}")


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
