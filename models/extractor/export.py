"""A fine-tuned checkpoint to the form that runs without torch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from models.errors import ModelMissingError, WeightsFormatError
from models.extractor.backbone import BLOCK, PackedMatrix
from models.extractor.encoder import EncoderParts
from models.extractor.features import Float32
from models.extractor.graph import EncoderShape, encoder_graph

_DRAWN = "bert"
"""The architecture that graph.py draws."""


def export_encoder(checkpoint: Path) -> EncoderParts:
    """Draw a checkpoint's graph.

    Raises ModelMissingError; WeightsFormatError for a backbone that is no BERT.
    """
    from models.extractor.tuning import load_net

    if not checkpoint.is_file():
        raise ModelMissingError(
            f"no checkpoint at {checkpoint}; make it with `jiesu models train --tune`"
        )
    net, parts = load_net(checkpoint)
    config = net.body.config
    if config.model_type != _DRAWN or config.hidden_size % BLOCK:
        raise WeightsFormatError(
            f"{checkpoint} holds a {config.model_type} of width {config.hidden_size}; only BERT "
            f"encoders whose width {BLOCK} divides can be exported"
        )
    body = {name: tensor.float().numpy() for name, tensor in net.body.state_dict().items()}
    graph = encoder_graph(
        EncoderShape(
            layers=config.num_hidden_layers,
            width=config.hidden_size,
            attention_heads=config.num_attention_heads,
            max_pieces=parts.max_pieces,
            epsilon=config.layer_norm_eps,
        ),
        pack_rows(body["embeddings.word_embeddings.weight"]),
        body,
    )
    return replace(parts, graph=graph)


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
