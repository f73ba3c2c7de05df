"""The trained extractor: a weights file in, probabilities per head out. numpy only.

Architecture: TF-IDF of hashed character n-grams, one int8 projection shared by all heads,
and a small dense layer per head; softmax with one fitted temperature per head.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.errors import ModelMissingError, WeightsFormatError
from models.extractor.features import Float32, SparseVector, Vocabulary

ARCHITECTURE = "ngram-projection-1"
WEIGHTS_FOLDER = Path(__file__).resolve().parent.parent / "weights"


@dataclass(frozen=True, slots=True)
class Head:
    """One task: labels, a dense layer float32 (rank, labels) and (labels,), a temperature."""

    labels: tuple[str, ...]
    matrix: Float32
    bias: Float32
    temperature: float

    def probabilities(self, hidden: Float32) -> Float32:
        """Return float32 (labels,) summing to 1, for a hidden vector float32 (rank,)."""
        logits = (hidden @ self.matrix + self.bias) / self.temperature
        odds = np.exp(logits - logits.max())
        return np.asarray(odds / odds.sum(), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class ExtractorWeights:
    """Everything the extractor learned.

    `projection` is int8 (features, rank), `scales` float32 (features,); `heads` by task name:
    request_type, category (path joined by `/`), agency, district.
    """

    vocabulary: Vocabulary
    projection: npt.NDArray[np.int8]
    scales: Float32
    heads: dict[str, Head]
    about: dict[str, Any]

    def predict(self, text: str) -> dict[str, Float32] | None:
        """Return each head's probabilities; None when no n-gram of the text is known."""
        vector = self.vocabulary.vector(text)
        if not len(vector.indices):
            return None
        hidden = self._hidden(vector)
        return {name: head.probabilities(hidden) for name, head in self.heads.items()}

    def _hidden(self, vector: SparseVector) -> Float32:
        rows = self.projection[vector.indices].astype(np.float32)
        return np.asarray((vector.weights * self.scales[vector.indices]) @ rows, dtype=np.float32)


def save_weights(weights: ExtractorWeights, path: Path) -> None:
    """Write the weights as one compressed .npz, readable without pickle."""
    arrays: dict[str, Any] = {
        "hashes": weights.vocabulary.hashes,
        "idf": weights.vocabulary.idf.astype(np.float16),
        "projection": weights.projection,
        "scales": weights.scales.astype(np.float32),
    }
    described: dict[str, Any] = {
        "architecture": ARCHITECTURE,
        "orders": list(weights.vocabulary.orders),
        "about": weights.about,
        "heads": {},
    }
    for name, head in weights.heads.items():
        arrays[f"{name}.matrix"] = head.matrix.astype(np.float16)
        arrays[f"{name}.bias"] = head.bias.astype(np.float32)
        described["heads"][name] = {"labels": head.labels, "temperature": head.temperature}
    arrays["description"] = np.frombuffer(
        json.dumps(described, ensure_ascii=False).encode(), dtype=np.uint8
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part.npz")
    np.savez_compressed(part, **arrays)
    part.replace(path)


def load_weights(path: Path) -> ExtractorWeights:
    """Read weights; ModelMissingError or WeightsFormatError say what to do."""
    if not path.is_file():
        raise ModelMissingError(
            f"no extractor weights at {path}; train them with "
            "`python -m models.extractor.train` or check the profile's `extractor` name"
        )
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            return _assemble(arrays)
    except (ValueError, KeyError, OSError, zipfile.BadZipFile) as error:
        raise WeightsFormatError(
            f"{path} holds no extractor weights ({error}); restore the file or train again"
        ) from error


def _assemble(arrays: Any) -> ExtractorWeights:
    described = json.loads(arrays["description"].tobytes())
    if described.get("architecture") != ARCHITECTURE:
        raise ValueError(f"architecture {described.get('architecture')}, wanted {ARCHITECTURE}")
    heads = {
        name: Head(
            labels=tuple(head["labels"]),
            matrix=arrays[f"{name}.matrix"].astype(np.float32),
            bias=arrays[f"{name}.bias"].astype(np.float32),
            temperature=float(head["temperature"]),
        )
        for name, head in described["heads"].items()
    }
    return ExtractorWeights(
        vocabulary=Vocabulary(
            hashes=arrays["hashes"],
            idf=arrays["idf"].astype(np.float32),
            orders=tuple(described["orders"]),
        ),
        projection=arrays["projection"],
        scales=arrays["scales"],
        heads=heads,
        about=described["about"],
    )
