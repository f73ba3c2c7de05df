"""The multi-task encoder in torch: a pre-trained body, a mean over its pieces, one head a task."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from transformers import BertConfig, BertModel

from models.extractor.backbone import Backbone

POOL_SCALE = 4.0
"""Pooled vectors are small; scaled, the fresh heads learn at the body's pace."""

_MATRICES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
}
_NORMS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}


@dataclass(frozen=True, slots=True)
class NetShape:
    """What must be known to build the network again."""

    vocabulary: int
    layers: int
    width: int
    attention_heads: int
    feed_forward: int
    positions: int
    epsilon: float
    labels: dict[str, tuple[str, ...]]

    def described(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


class ExtractorNet(nn.Module):
    """Pieces int64 (batch, pieces) and mask float32 (batch, pieces) to logits per task."""

    def __init__(self, shape: NetShape, dropout: float = 0.2) -> None:
        super().__init__()
        self.shape = shape
        self.body = BertModel(
            BertConfig(
                vocab_size=shape.vocabulary,
                hidden_size=shape.width,
                num_hidden_layers=shape.layers,
                num_attention_heads=shape.attention_heads,
                intermediate_size=shape.feed_forward,
                max_position_embeddings=shape.positions,
                layer_norm_eps=shape.epsilon,
            ),
            add_pooling_layer=False,
        )
        self.dropout = nn.Dropout(dropout)
        self.heads = nn.ModuleDict(
            {task: nn.Linear(shape.width, len(labels)) for task, labels in shape.labels.items()}
        )

    def forward(self, pieces: torch.Tensor, mask: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return float32 (batch, labels) per task."""
        with torch.autocast("cpu", dtype=torch.bfloat16):
            hidden = self.body(pieces, attention_mask=mask).last_hidden_state
        spoken = mask.unsqueeze(-1)
        pooled = (hidden.float() * spoken).sum(1) / spoken.sum(1) * POOL_SCALE
        pooled = self.dropout(pooled)
        return {task: head(pooled) for task, head in self.heads.items()}


def from_backbone(
    backbone: Backbone, kept: np.ndarray[Any, Any], layers: int, labels: dict[str, tuple[str, ...]]
) -> ExtractorNet:
    """Build the network from the backbone's first layers and the pieces kept of it.

    The piece embeddings stay as they are: frozen, they can be stored in the 4 bits they came in.
    """
    shape = NetShape(
        vocabulary=len(kept),
        layers=layers,
        width=backbone.width,
        attention_heads=backbone.attention_heads,
        feed_forward=backbone.feed_forward,
        positions=backbone.positions,
        epsilon=backbone.epsilon,
        labels=labels,
    )
    net = ExtractorNet(shape)
    state = net.body.state_dict()
    state["embeddings.word_embeddings.weight"] = torch.from_numpy(
        backbone.embeddings.rows(kept).unpacked()
    )
    for name, tensor in _renamed(backbone, layers).items():
        state[name] = torch.from_numpy(tensor).reshape(state[name].shape)
    net.body.load_state_dict(state)
    net.body.embeddings.word_embeddings.weight.requires_grad_(False)
    return net


def _renamed(backbone: Backbone, layers: int) -> dict[str, np.ndarray[Any, Any]]:
    """Return the backbone's tensors under the names of a BertModel."""
    tensors = backbone.tensors
    found = {
        "embeddings.position_embeddings.weight": tensors["emb.pos"][: backbone.positions],
        "embeddings.token_type_embeddings.weight": tensors["emb.type"],
        "embeddings.LayerNorm.weight": tensors["emb.ln.w"],
        "embeddings.LayerNorm.bias": tensors["emb.ln.b"],
    }
    for layer in range(layers):
        for short, long in (_MATRICES | _NORMS).items():
            at = f"encoder.layer.{layer}.{long}"
            found[f"{at}.weight"] = tensors[f"l{layer}.{short}.w"]
            found[f"{at}.bias"] = tensors[f"l{layer}.{short}.b"]
    return found
