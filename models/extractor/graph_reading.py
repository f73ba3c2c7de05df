"""Takes an exported encoder's tensors back out of its graph, to train on from there."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from models.errors import WeightsFormatError
from models.extractor.features import Float32


def graph_tensors(graph: bytes) -> dict[str, Float32]:
    """Return an exported graph's tensors under the names of a BertModel.

    Matrices come back as they were rounded at export. Positions hold the type embedding too.
    """
    import onnx
    from onnx import numpy_helper

    stored = {
        tensor.name: numpy_helper.to_array(tensor)
        for tensor in onnx.load_from_string(graph).graph.initializer
    }
    tensors: dict[str, Float32] = {
        "embeddings.position_embeddings.weight": stored["positions"].astype(np.float32)
    }
    for name, value in stored.items():
        if name.endswith(".rows"):
            layer = name.removesuffix(".rows")
            scales = stored[f"{layer}.scales"].astype(np.float32)
            tensors[f"{layer}.weight"] = value.T.astype(np.float32) * scales[:, None]
            tensors[f"{layer}.bias"] = stored[f"{layer}.bias"].astype(np.float32)
        elif "LayerNorm." in name:
            tensors[name] = value.astype(np.float32)
    return tensors


def start_from_graph(body: nn.Module, graph: bytes) -> None:
    """Give a BertModel the tensors of an exported encoder of the same shape.

    Piece embeddings stay: they are frozen in training. Raises WeightsFormatError.
    """
    state = body.state_dict()
    for name, value in graph_tensors(graph).items():
        if name not in state or state[name].shape[1:] != value.shape[1:]:
            raise WeightsFormatError(f"the encoder to start from has another shape ({name})")
        state[name] = state[name].clone()
        state[name][: len(value)] = torch.from_numpy(np.ascontiguousarray(value))
    types = "embeddings.token_type_embeddings.weight"
    known = len(graph_tensors(graph)["embeddings.position_embeddings.weight"])
    positions = state["embeddings.position_embeddings.weight"]
    positions[known:] += state[types][0]
    state[types] = torch.zeros_like(state[types])
    body.load_state_dict(state)
