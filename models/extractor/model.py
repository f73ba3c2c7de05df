"""The loaded extractor: a text in, each head's probabilities out. No torch, no scikit-learn."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from models.extractor.encoder import Encoder
from models.extractor.encoder_file import encoder_path, shared_encoder
from models.extractor.features import Float32
from models.extractor.mixture import mixed_heads
from models.extractor.weights import ExtractorWeights, load_weights


class ExtractorModel:
    """Predicts with both parts mixed; safe to share between threads."""

    def __init__(self, weights: ExtractorWeights, encoder: Encoder | None = None) -> None:
        self.weights = weights
        self.labels = {name: head.labels for name, head in weights.linear.heads.items()}
        self._encoder = encoder

    def predict(self, text: str) -> dict[str, Float32] | None:
        """Return float32 (labels,) per head, summing to 1; None when no n-gram is known."""
        linear, encoder = self.part_logits(text)
        if linear is None:
            return None
        mixed = mixed_heads(linear, encoder, self.weights.shares, self.weights.parents)
        return {name: np.exp(logs) for name, logs in mixed.items()}

    def part_logits(self, text: str) -> tuple[dict[str, Float32] | None, dict[str, Float32]]:
        """Return the linear part's logits per head, and the encoder's."""
        linear = self.weights.linear.logits(text)
        if linear is None or self._encoder is None or self.weights.encoder is None:
            return linear, {}
        hidden = self._encoder.hidden(text)
        heads = self.weights.encoder.heads
        return linear, {name: head.logits(hidden) for name, head in heads.items()}


def load_extractor(path: Path) -> ExtractorModel:
    """Load a weights file and the encoder that it names, which lies in the same folder.

    ModelMissingError or WeightsFormatError say what to do.
    """
    weights = load_weights(path)
    if weights.encoder is None:
        return ExtractorModel(weights)
    encoder = encoder_path(path.parent, weights.encoder.name)
    return ExtractorModel(weights, shared_encoder(encoder, weights.encoder.fingerprint))
