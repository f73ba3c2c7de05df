"""Adds the parts' logits and what broader heads say into one set of probabilities a head."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from models.extractor.features import Float32
from models.extractor.weights import Share

PARENTS: dict[str, tuple[str, ...]] = {
    "category": ("category_first",),
    "agency": ("function", "district"),
}
"""Which broader heads may speak to a head."""

NO_PARENT = -1


def mix(share: Share, linear: Float32, encoder: Float32 | None) -> Float32:
    """Return the parts' weighted sum of logits, float32 (..., labels)."""
    total = share.linear * linear
    return total if encoder is None else total + share.encoder * encoder


def parent_logs(log_probabilities: Float32, index: npt.NDArray[np.int32]) -> Float32:
    """Return each label's parent's log probability; 0 for labels without one.

    float32 (..., parents) to float32 (..., labels).
    """
    known = index != NO_PARENT
    return np.where(known, log_probabilities[..., np.where(known, index, 0)], np.float32(0.0))


def log_softmax(logits: Float32) -> Float32:
    """Return log probabilities over the last axis."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return np.asarray(
        shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)), dtype=np.float32
    )


def mixed_heads(
    linear: Mapping[str, Float32],
    encoder: Mapping[str, Float32],
    shares: Mapping[str, Share],
    parents: Mapping[str, Mapping[str, npt.NDArray[np.int32]]],
) -> dict[str, Float32]:
    """Return every head's log probabilities, float32 (..., labels)."""
    alone = {
        name: log_softmax(mix(shares[name], logits, encoder.get(name)))
        for name, logits in linear.items()
    }
    mixed = dict(alone)
    for name, of_head in parents.items():
        weights = shares[name].parents
        total = mix(shares[name], linear[name], encoder.get(name))
        for parent, index in of_head.items():
            total = total + weights.get(parent, 0.0) * parent_logs(alone[parent], index)
        mixed[name] = log_softmax(total)
    return mixed
