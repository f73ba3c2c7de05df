"""The multi-task encoder in torch: a pre-trained body, a mean over its pieces, one head a task.

Tasks are named `hotline/head`, so that the tickets of several hotlines train one body.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, cast

import numpy as np
import torch
from torch import nn
from transformers import AutoConfig, AutoModel, BertConfig, PretrainedConfig, PreTrainedModel

from models.extractor.backbone import Backbone

POOL_SCALE = 4.0
"""Pooled vectors are small; scaled, the fresh heads learn at the body's pace."""

Labels = Mapping[str, tuple[str, ...]]

_MATRICES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
}
_NORMS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}
_WITH_POOLER = frozenset({"bert", "roberta", "xlm-roberta", "camembert"})


class ExtractorConfig(PretrainedConfig):  # type: ignore[no-untyped-call]
    """The body's configuration as plain data, and each task's labels."""

    model_type = "jiesu_extractor"

    def __init__(
        self,
        body: dict[str, Any] | None = None,
        tasks: dict[str, list[str]] | None = None,
        head_dropout: float = 0.2,
        **others: Any,
    ) -> None:
        self.body = body or {"model_type": "bert"}
        self.tasks = tasks or {}
        self.head_dropout = head_dropout
        super().__init__(**others)


class ExtractorNet(PreTrainedModel):  # type: ignore[no-untyped-call]
    """Pieces int64 (batch, pieces) and mask float32 (batch, pieces) to logits per task."""

    config_class: ClassVar[type[ExtractorConfig]] = ExtractorConfig  # type: ignore[misc]
    base_model_prefix = "body"
    body: Any

    def __init__(self, config: ExtractorConfig, body: nn.Module | None = None) -> None:
        super().__init__(config)
        self.body = body if body is not None else _empty_body(config)
        width = int(self.body.config.hidden_size)
        self.dropout = nn.Dropout(config.head_dropout)
        self.heads = nn.ModuleDict(
            {task: nn.Linear(width, len(labels)) for task, labels in config.tasks.items()}
        )
        self.post_init()  # type: ignore[no-untyped-call]

    def forward(self, pieces: torch.Tensor, mask: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return float32 (batch, labels) per task."""
        pooled = self.dropout(self.pooled(pieces, mask))
        return {task: head(pooled) for task, head in self.heads.items()}

    def pooled(self, pieces: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return the scaled mean hidden vector of each text, float32 (batch, width)."""
        with torch.autocast(pieces.device.type, dtype=torch.bfloat16):
            hidden = self.body(pieces, attention_mask=mask).last_hidden_state
        spoken = mask.unsqueeze(-1)
        return cast("torch.Tensor", (hidden.float() * spoken).sum(1) / spoken.sum(1) * POOL_SCALE)

    def freeze(self, layers: int) -> None:
        """Keep the piece embeddings, and so many of the lowest layers, as they are.

        Frozen embeddings can be stored in the 4 bits they came in.
        """
        self.body.get_input_embeddings().weight.requires_grad_(False)
        frozen = [self.body.embeddings, *self.body.encoder.layer[:layers]] if layers else []
        for module in frozen:
            module.requires_grad_(False)


def without_pooler(kind: str) -> dict[str, Any]:
    """Return what keeps a body of this architecture from having a pooler, which we do not use."""
    return {"add_pooling_layer": False} if kind in _WITH_POOLER else {}


def _empty_body(config: ExtractorConfig) -> Any:
    fields = dict(config.body)
    kind = fields.pop("model_type")
    return AutoModel.from_config(  # type: ignore[no-untyped-call]
        AutoConfig.for_model(kind, **fields), **without_pooler(kind)
    )


def from_backbone(
    backbone: Backbone, kept: np.ndarray[Any, Any], layers: int, labels: Labels
) -> ExtractorNet:
    """Build the network from the packed backbone's first layers and the pieces kept of it."""
    shape = BertConfig(
        vocab_size=len(kept),
        hidden_size=backbone.width,
        num_hidden_layers=layers,
        num_attention_heads=backbone.attention_heads,
        intermediate_size=backbone.feed_forward,
        max_position_embeddings=backbone.positions,
        layer_norm_eps=backbone.epsilon,
    )
    net = ExtractorNet(ExtractorConfig(described_body(shape), as_lists(labels)))
    state = net.body.state_dict()
    state["embeddings.word_embeddings.weight"] = torch.from_numpy(
        backbone.embeddings.rows(kept).unpacked()
    )
    for name, tensor in _renamed(backbone, layers).items():
        state[name] = torch.from_numpy(tensor).reshape(state[name].shape)
    net.body.load_state_dict(state)
    net.freeze(0)
    return net


def described_body(config: PretrainedConfig) -> dict[str, Any]:
    """Return a body's configuration as plain data that builds it again."""
    return dict(config.to_diff_dict()) | {"model_type": config.model_type}


def as_lists(labels: Labels) -> dict[str, list[str]]:
    """Return labels as a configuration holds them."""
    return {task: list(of_task) for task, of_task in labels.items()}


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
