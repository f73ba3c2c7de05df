"""Heads on a finished encoder: linear discriminants over its hidden vectors, in closed form.

They are fitted on what the exported graph gives, rounding and all, so that any hotline's tickets
can have heads on the shipped encoder in minutes, without torch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from models.extractor.corpora import PLACE_HEADS, Corpus
from models.extractor.encoder import Encoder
from models.extractor.features import Float32
from models.extractor.weights import Head, Heads

_SHOWN_TEXTS = 1_000


def hidden_of(
    texts: Sequence[str], encoder: Encoder, say: Callable[[str], None] = lambda line: None
) -> Float32:
    """Return float32 (texts, width)."""
    rows = []
    for number, text in enumerate(texts, start=1):
        rows.append(encoder.hidden(text))
        if number % _SHOWN_TEXTS == 0:
            say(f"encoder: {number} of {len(texts)} texts read")
    return np.stack(rows)


def fit_encoder_heads(
    corpus: Corpus, encoder: Encoder, *, shrinkage: float, say: Callable[[str], None]
) -> Heads:
    """Fit every head but those of places, on the tickets with their titles."""
    hidden = hidden_of([ticket.text for ticket in corpus.tickets], encoder, say)
    heads: Heads = {}
    for name, read in corpus.heads.items():
        if name in PLACE_HEADS:
            continue
        wanted = [read(ticket) for ticket in corpus.tickets]
        rows = [row for row, label in enumerate(wanted) if label]
        heads[name] = discriminant(
            hidden[rows], [str(wanted[row]) for row in rows], shrinkage=shrinkage
        )
    return heads


def discriminant(hidden: Float32, labels: Sequence[str], *, shrinkage: float) -> Head:
    """Return Fisher's linear discriminant: classes of one shape around their means.

    The covariance (width, width) is drawn towards its diagonal by `shrinkage` (0 to 1); the
    mean of a class with few texts is drawn towards the mean of all.
    """
    names = tuple(sorted(set(labels)))
    index = {name: number for number, name in enumerate(names)}
    gold: npt.NDArray[np.int64] = np.array([index[label] for label in labels])
    counts = np.bincount(gold, minlength=len(names)).astype(np.float64)
    sums = np.zeros((len(names), hidden.shape[1]))
    np.add.at(sums, gold, hidden.astype(np.float64))
    centre = hidden.mean(axis=0, dtype=np.float64)
    means = (sums + centre) / (counts[:, None] + 1.0)
    apart = hidden - means[gold]
    covariance = apart.T @ apart / len(hidden)
    covariance = (1 - shrinkage) * covariance + shrinkage * np.diag(np.diag(covariance))
    matrix = np.linalg.solve(covariance, means.T)
    bias = np.log(counts / counts.sum()) - 0.5 * (means.T * matrix).sum(axis=0)
    return Head(names, matrix.astype(np.float32), bias.astype(np.float32))
