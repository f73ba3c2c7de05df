"""The loaded extractor: a text in, each head's probabilities out. No torch, no scikit-learn."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from models.extractor.encoder import Encoder
from models.extractor.features import Float32
from models.extractor.weights import ExtractorWeights, load_weights


class ExtractorModel:
    """Predicts with both parts mixed; safe to share between threads."""

    def __init__(self, weights: ExtractorWeights) -> None:
        self.weights = weights
        self.labels = {name: head.labels for name, head in weights.linear.heads.items()}
        self._encoder = Encoder(weights.encoder.parts) if weights.encoder else None

    def predict(self, text: str) -> dict[str, Float32] | None:
        """Return float32 (labels,) per head, summing to 1; None when no n-gram is known."""
        linear, encoder = self.part_logits(text)
        if linear is None:
            return None
        mixed = {}
        for name, logits in linear.items():
            share = self.weights.shares[name]
            total = share.linear * logits
            if name in encoder:
                total = total + share.encoder * encoder[name]
            mixed[name] = _softmax(total)
        return mixed

    def part_logits(self, text: str) -> tuple[dict[str, Float32] | None, dict[str, Float32]]:
        """Return the linear part's logits per head, and the encoder's."""
        linear = self.weights.linear.logits(text)
        if linear is None or self._encoder is None or self.weights.encoder is None:
            return linear, {}
        hidden = self._encoder.hidden(text)
        heads = self.weights.encoder.heads
        return linear, {name: head.logits(hidden) for name, head in heads.items()}


def load_extractor(path: Path) -> ExtractorModel:
    """Load a weights file; ModelMissingError or WeightsFormatError say what to do."""
    return ExtractorModel(load_weights(path))


def _softmax(logits: Float32) -> Float32:
    odds = np.exp(logits - logits.max())
    return np.asarray(odds / odds.sum(), dtype=np.float32)
