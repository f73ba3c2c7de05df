"""The extractor's weights: a linear part, heads on a shared encoder, a mixture of both.

Both parts give each head's logits over the same labels; the mixture adds them, so many times
the one and so many times the other, as fitted on dev, and adds what broader heads say of the
label's parents. The encoder is a file of its own (`encoder_file.py`) that several hotlines use.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.errors import ModelMissingError, WeightsFormatError
from models.extractor.features import Float32, Vocabulary

ARCHITECTURE = "ngram-encoder-3"
WEIGHTS_FOLDER = Path(__file__).resolve().parent.parent / "weights"


@dataclass(frozen=True, slots=True)
class Head:
    """One task's dense layer: labels, float32 (width, labels) and (labels,)."""

    labels: tuple[str, ...]
    matrix: Float32
    bias: Float32

    def logits(self, hidden: Float32) -> Float32:
        """Return float32 (..., labels) for hidden vectors float32 (..., width)."""
        return np.asarray(hidden @ self.matrix + self.bias, dtype=np.float32)


Heads = dict[str, Head]
"""By task: request_type, category (path joined by `/`), agency, function, district, street."""


@dataclass(frozen=True, slots=True)
class LinearPart:
    """Hashed n-grams and one projection that all heads share.

    `projection` is int8 (features, width), `scales` float32 (features,).
    """

    vocabulary: Vocabulary
    projection: npt.NDArray[np.int8]
    scales: Float32
    heads: Heads

    def logits(self, text: str) -> dict[str, Float32] | None:
        """Return each head's logits; None when no n-gram of the text is known."""
        vector = self.vocabulary.vector(text)
        if not len(vector.indices):
            return None
        rows = self.projection[vector.indices].astype(np.float32)
        hidden = np.asarray((vector.weights * self.scales[vector.indices]) @ rows, np.float32)
        return {name: head.logits(hidden) for name, head in self.heads.items()}


@dataclass(frozen=True, slots=True)
class EncoderPart:
    """The encoder by its file's name and fingerprint, and the heads on its hidden vector."""

    name: str
    fingerprint: str
    heads: Heads


@dataclass(frozen=True, slots=True)
class Share:
    """How many times a head's linear and encoder logits count, and its parents' heads.

    A parent is a broader head (an agency's function, a path's first level): `parents` says how
    many times the log probability of the parent's label is added.
    """

    linear: float
    encoder: float
    parents: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExtractorWeights:
    """Everything the extractor learned; `about` says from what.

    `parents` gives, by head and parent head, each label's number in the parent, -1 for none.
    """

    linear: LinearPart
    encoder: EncoderPart | None
    shares: dict[str, Share]
    parents: dict[str, dict[str, npt.NDArray[np.int32]]] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)


def save_weights(weights: ExtractorWeights, path: Path) -> None:
    """Write one compressed .npz that needs no pickle; the old file stays until it is whole."""
    linear = weights.linear
    arrays: dict[str, Any] = {
        "hashes": linear.vocabulary.hashes,
        "idf": linear.vocabulary.idf.astype(np.float16),
        "projection": linear.projection,
        "scales": linear.scales.astype(np.float32),
    }
    described = {
        "architecture": ARCHITECTURE,
        "orders": linear.vocabulary.orders,
        "about": weights.about,
        "shares": {
            name: [share.linear, share.encoder, dict(share.parents)]
            for name, share in weights.shares.items()
        },
        "labels": {name: head.labels for name, head in linear.heads.items()},
        "parents": {name: list(of_head) for name, of_head in weights.parents.items()},
        "encoder": None,
    }
    arrays |= _head_arrays("linear", linear.heads)
    for name, of_head in weights.parents.items():
        arrays |= {f"parent.{name}.{parent}": index for parent, index in of_head.items()}
    if encoder := weights.encoder:
        described["encoder"] = {
            "name": encoder.name,
            "fingerprint": encoder.fingerprint,
            "heads": list(encoder.heads),
        }
        arrays |= _head_arrays("encoder", encoder.heads)
    arrays["description"] = bytes_array(json.dumps(described, ensure_ascii=False).encode())
    write_arrays(arrays, path)


def load_weights(path: Path) -> ExtractorWeights:
    """Read weights; ModelMissingError or WeightsFormatError say what to do."""
    if not path.is_file():
        raise ModelMissingError(
            f"no extractor weights at {path}; train them with `jiesu models train` or check the "
            "profile's `extractor` name"
        )
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            return _assemble(arrays)
    except (ValueError, KeyError, TypeError, OSError, zipfile.BadZipFile) as error:
        raise WeightsFormatError(
            f"{path} holds no extractor weights ({error}); restore the file or train again"
        ) from error


def _assemble(arrays: Any) -> ExtractorWeights:
    described = json.loads(arrays["description"].tobytes())
    check_architecture(described, ARCHITECTURE)
    labels = {name: tuple(of_head) for name, of_head in described["labels"].items()}
    vocabulary = Vocabulary(
        arrays["hashes"], arrays["idf"].astype(np.float32), tuple(described["orders"])
    )
    linear = LinearPart(
        vocabulary, arrays["projection"], arrays["scales"], _heads(arrays, "linear", labels)
    )
    encoder = None
    if named := described["encoder"]:
        kept = {name: labels[name] for name in named["heads"]}
        encoder = EncoderPart(named["name"], named["fingerprint"], _heads(arrays, "encoder", kept))
    parents = {
        name: {parent: arrays[f"parent.{name}.{parent}"] for parent in of_head}
        for name, of_head in described["parents"].items()
    }
    shares = {name: Share(*all_of) for name, all_of in described["shares"].items()}
    return ExtractorWeights(linear, encoder, shares, parents, described["about"])


def check_architecture(described: Mapping[str, Any], wanted: str) -> None:
    """Raise ValueError where a file was written for another reader."""
    if described.get("architecture") != wanted:
        raise ValueError(f"architecture {described.get('architecture')}, wanted {wanted}")


def write_arrays(arrays: Mapping[str, Any], path: Path) -> None:
    """Write a compressed .npz; the old file stays until the new one is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part.npz")
    np.savez_compressed(part, **arrays)
    part.replace(path)


def bytes_array(data: bytes) -> npt.NDArray[np.uint8]:
    """Return bytes as an array that an .npz can hold."""
    return np.frombuffer(data, dtype=np.uint8)


def _head_arrays(prefix: str, heads: Heads) -> dict[str, Any]:
    arrays: dict[str, Any] = {}
    for name, head in heads.items():
        arrays[f"{prefix}.{name}.matrix"] = head.matrix.astype(np.float16)
        arrays[f"{prefix}.{name}.bias"] = head.bias.astype(np.float32)
    return arrays


def _heads(arrays: Any, prefix: str, labels: dict[str, tuple[str, ...]]) -> Heads:
    return {
        name: Head(
            of_head,
            arrays[f"{prefix}.{name}.matrix"].astype(np.float32),
            arrays[f"{prefix}.{name}.bias"].astype(np.float32),
        )
        for name, of_head in labels.items()
    }
