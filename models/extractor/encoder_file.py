"""The shared encoder as a file, `encoder-NAME.npz`: its graph and what describes its input."""

from __future__ import annotations

import hashlib
import json
import zipfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from models.errors import ModelMissingError, WeightsFormatError
from models.extractor.encoder import Encoder, EncoderParts
from models.extractor.weights import bytes_array, check_architecture, write_arrays

ENCODER_ARCHITECTURE = "encoder-1"


def encoder_path(folder: Path, name: str) -> Path:
    """Return where an encoder of this name lies."""
    return folder / f"encoder-{name}.npz"


def fingerprint(parts: EncoderParts) -> str:
    """Return what tells encoders apart: heads fit the one they were trained on."""
    return hashlib.sha256(parts.graph + parts.described()).hexdigest()[:16]


def save_encoder(parts: EncoderParts, path: Path, about: dict[str, Any]) -> None:
    """Write an encoder; `about` says from what it was trained."""
    described = {"architecture": ENCODER_ARCHITECTURE, "about": about}
    arrays = {
        "graph": bytes_array(parts.graph),
        "parts": bytes_array(parts.described()),
        "description": bytes_array(json.dumps(described, ensure_ascii=False).encode()),
    }
    write_arrays(arrays, path)


def load_encoder_parts(path: Path) -> EncoderParts:
    """Read an encoder; ModelMissingError or WeightsFormatError say what to do."""
    if not path.is_file():
        raise ModelMissingError(
            f"no encoder at {path}; the extractor's weights need it beside them: restore the "
            "file, or train with `jiesu models train --no-encoder`"
        )
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            check_architecture(json.loads(arrays["description"].tobytes()), ENCODER_ARCHITECTURE)
            return EncoderParts.of(arrays["parts"].tobytes(), arrays["graph"].tobytes())
    except (ValueError, KeyError, TypeError, OSError, zipfile.BadZipFile) as error:
        raise WeightsFormatError(
            f"{path} holds no encoder ({error}); restore the file or train again"
        ) from error


@lru_cache(maxsize=4)
def shared_encoder(path: Path, wanted: str) -> Encoder:
    """Load an encoder once for all extractors of the process.

    Raises ModelMissingError; WeightsFormatError where its fingerprint is not the one `wanted`.
    """
    parts = load_encoder_parts(path)
    if fingerprint(parts) != wanted:
        raise WeightsFormatError(
            f"{path} is not the encoder that the extractor's heads were trained on "
            f"({fingerprint(parts)}, wanted {wanted}); restore the file or train again"
        )
    return Encoder(parts)
