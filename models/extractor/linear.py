"""Linear heads: support vector machines over n-grams, factored and quantised together."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sparse

from models.extractor.corpora import PLACE_HEADS, Corpus
from models.extractor.dataset import Ticket, views
from models.extractor.features import Float32, Vocabulary, learn_vocabulary
from models.extractor.weights import Head, LinearPart

ORDERS = (1, 2, 3)
MIN_DOCUMENTS = 2
HEAD_WEIGHTS = {"agency": 1.5, "function": 1.2, "request_type": 2.0, "district": 1.5}
"""How much a head's exactness counts where the shared projection must give way."""

Examples = tuple[list[str], list[str]]
"""Texts and their labels, one for one."""


@dataclass(frozen=True, slots=True)
class LinearHead:
    """Labels, coefficients float32 (labels, features) and intercepts (labels,)."""

    labels: tuple[str, ...]
    coefficients: Float32
    intercepts: Float32


def examples(name: str, corpus: Corpus, chance: random.Random) -> Examples:
    """Return one head's examples: each ticket in its views.

    The place heads also see each text without its divisions' names, so that they learn what
    roads and estates say; names that were said are the gazetteer's business.
    """
    texts: list[str] = []
    labels: list[str] = []
    read = corpus.heads[name]
    for ticket in corpus.tickets:
        label = read(ticket)
        if not label:
            continue
        seen = tuple(views(ticket, chance))
        if name in PLACE_HEADS and corpus.weak is not None:
            seen = (ticket.content, corpus.weak.without_divisions(ticket.content))
        texts.extend(seen)
        labels.extend([label] * len(seen))
    return texts, labels


def fit_linear_heads(
    corpus: Corpus,
    *,
    size: int,
    penalty: float,
    seed: int,
    say: Callable[[str], None],
) -> tuple[Vocabulary, dict[str, LinearHead]]:
    """Fit every head over one vocabulary of `size` n-grams; deterministic by `seed`."""
    chance = random.Random(seed)
    vocabulary = learn_vocabulary(
        [ticket.text for ticket in corpus.tickets], ORDERS, MIN_DOCUMENTS, size
    )
    heads = {}
    for name in corpus.heads:
        texts, labels = examples(name, corpus, chance)
        say(f"n-grams, {name}: {len(texts)} texts, {len(set(labels))} labels")
        heads[name] = _fit(matrix_of(vocabulary, texts), labels, penalty, seed)
    return vocabulary, heads


def uses_of(vocabulary: Vocabulary, tickets: Sequence[Ticket]) -> npt.NDArray[np.int64]:
    """Return in how many tickets each n-gram occurs; int64 (features,)."""
    matrix = matrix_of(vocabulary, [ticket.text for ticket in tickets])
    return np.bincount(matrix.indices, minlength=len(vocabulary.hashes))


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


def _fit(
    features: sparse.csr_matrix, labels: Sequence[str], penalty: float, seed: int
) -> LinearHead:
    from sklearn.svm import LinearSVC

    machine = LinearSVC(C=penalty, random_state=seed).fit(features, labels)
    coefficients = machine.coef_.astype(np.float32)
    intercepts = machine.intercept_.astype(np.float32)
    if len(machine.classes_) == 2:
        coefficients = np.concatenate([-coefficients, coefficients])
        intercepts = np.concatenate([-intercepts, intercepts])
    return LinearHead(tuple(str(name) for name in machine.classes_), coefficients, intercepts)


def factor(
    vocabulary: Vocabulary,
    linear: dict[str, LinearHead],
    uses: npt.NDArray[np.int64],
    *,
    size: int,
    rank: int,
) -> LinearPart:
    """Share one int8 projection between the heads: truncated SVD of their stacked weights.

    Only the `size` n-grams that matter most stay: those of large weight and many `uses`
    (features,). Heads count by `HEAD_WEIGHTS` in what the projection keeps.
    """
    weight = {name: HEAD_WEIGHTS.get(name, 1.0) for name in linear}
    stacked = np.concatenate([head.coefficients * weight[name] for name, head in linear.items()])
    importance = np.sqrt(np.square(stacked).sum(axis=0) * uses)
    kept = np.sort(np.argsort(-importance, kind="stable")[:size])
    stacked = stacked[:, kept]
    values, vectors = np.linalg.eigh((stacked @ stacked.T).astype(np.float64))
    basis = vectors[:, np.argsort(-values, kind="stable")[:rank]].astype(np.float32)
    rows, scales = quantise_rows(stacked.T @ basis)
    heads, start = {}, 0
    for name, head in linear.items():
        matrix = basis[start : start + len(head.labels)].T / weight[name]
        heads[name] = Head(head.labels, np.ascontiguousarray(matrix), head.intercepts)
        start += len(head.labels)
    smaller = Vocabulary(vocabulary.hashes[kept], vocabulary.idf[kept], vocabulary.orders)
    return LinearPart(smaller, rows, scales, heads)


def quantise_rows(matrix: Float32) -> tuple[npt.NDArray[np.int8], Float32]:
    """Return int8 rows and one scale per row: `matrix ≈ rows * scales[:, None]`."""
    scales = np.abs(matrix).max(axis=1) / 127.0
    scales[scales == 0] = 1.0
    rows = np.clip(np.rint(matrix / scales[:, None]), -127, 127).astype(np.int8)
    return rows, scales.astype(np.float32)
