"""A fine-tuned checkpoint to the form that runs without torch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from models.errors import ModelMissingError
from models.extractor.backbone import BLOCK, PackedMatrix
from models.extractor.encoder import EncoderParts
from models.extractor.features import Float32
from models.extractor.graph import EncoderShape, encoder_graph
from models.extractor.net import POOL_SCALE, NetShape
from models.extractor.weights import EncoderPart, Head


def export_encoder(checkpoint: Path) -> EncoderPart:
    """Draw a checkpoint's graph and take its heads along."""
    if not checkpoint.is_file():
        raise ModelMissingError(
            f"no checkpoint at {checkpoint}; make it with `python -m models.extractor.fit_encoder`"
        )
    stored: dict[str, Any] = torch.load(checkpoint, weights_only=True)
    shape = NetShape(**stored["shape"])
    parts = EncoderParts.of(stored["parts"], b"")
    state = {name: tensor.float().numpy() for name, tensor in stored["net"].items()}
    body = {n.removeprefix("body."): t for n, t in state.items() if n.startswith("body.")}
    graph = encoder_graph(
        EncoderShape(
            layers=shape.layers,
            width=shape.width,
            attention_heads=shape.attention_heads,
            max_pieces=parts.max_pieces,
            epsilon=shape.epsilon,
        ),
        pack_rows(body["embeddings.word_embeddings.weight"]),
        body,
    )
    heads = {
        task: Head(
            tuple(labels),
            np.ascontiguousarray(state[f"heads.{task}.weight"].T * POOL_SCALE),
            state[f"heads.{task}.bias"],
        )
        for task, labels in shape.labels.items()
    }
    return EncoderPart(replace(parts, graph=graph), heads)


def pack_rows(matrix: Float32) -> PackedMatrix:
    """Pack float32 (rows, width) into 4-bit blocks; values that came from such stay the same."""
    blocks = matrix.reshape(len(matrix), -1, BLOCK)
    furthest = np.take_along_axis(blocks, np.abs(blocks).argmax(axis=-1, keepdims=True), axis=-1)[
        ..., 0
    ]
    scales = (furthest / -8.0).astype(np.float16)
    divisor = scales.astype(np.float32)[..., None]
    levels = np.divide(blocks, divisor, out=np.zeros_like(blocks), where=divisor != 0)
    nibbles = np.clip(np.rint(levels) + 8, 0, 15).astype(np.uint8)
    half = BLOCK // 2
    return PackedMatrix(scales, nibbles[..., :half] | (nibbles[..., half:] << 4))
