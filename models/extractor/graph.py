"""Writes a trained encoder as a small ONNX graph.

Needs `onnx`; made for one text at a time: int64 (pieces,) in, the mean hidden vector out.
Dense layers run as DynamicQuantizeMatMul: 8-bit matrices, one scale a column, activations
quantised on the way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.extractor.backbone import BLOCK, PackedMatrix
from models.extractor.features import Float32

WEIGHT_LEVELS = 31
"""6-bit values in 8-bit matrices: the file packs well, and sums of products with 8-bit
activations fit 16 bits where a processor has no VNNI."""

_OPSET = 20
_IR_VERSION = 10


@dataclass(frozen=True, slots=True)
class EncoderShape:
    """Sizes of a BERT encoder."""

    layers: int
    width: int
    attention_heads: int
    max_pieces: int
    epsilon: float


def encoder_graph(
    shape: EncoderShape, embeddings: PackedMatrix, tensors: Mapping[str, Float32]
) -> bytes:
    """Return the graph of an encoder whose tensors have the names of a BertModel."""
    from onnx import TensorProto, helper

    drawing = _Drawing()
    hidden = _embed(drawing, shape, embeddings, tensors)
    for layer in range(shape.layers):
        hidden = _layer(drawing, shape, tensors, hidden, f"encoder.layer.{layer}.")
    axis = drawing.constant("axis", np.array([0], dtype=np.int64))
    drawing.node("ReduceMean", [hidden, axis], out="pooled", keepdims=0)
    graph = helper.make_graph(
        drawing.nodes,
        "encoder",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, ["pieces"])],
        [helper.make_tensor_value_info("pooled", TensorProto.FLOAT, [shape.width])],
        drawing.constants,
    )
    opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets)
    model.ir_version = _IR_VERSION
    return bytes(model.SerializeToString())


class _Drawing:
    """Nodes and constants collected on the way through the network."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, name: str, value: np.ndarray[Any, Any]) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(
        self, kind: str, inputs: list[str], out: str = "", domain: str = "", **attributes: Any
    ) -> str:
        from onnx import helper

        out = out or f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [out], domain=domain, **attributes))
        return out

    def dense(self, x: str, name: str, matrix: Float32, bias: Float32) -> str:
        """Multiply with a matrix float32 (out, in), quantised, and add the bias."""
        scales = np.maximum(np.abs(matrix).max(axis=1), 1e-8) / WEIGHT_LEVELS
        rows = np.rint(matrix / scales[:, None]).astype(np.int8)
        return self.node(
            "DynamicQuantizeMatMul",
            [
                x,
                self.constant(f"{name}.rows", rows.T),
                self.constant(f"{name}.scales", scales.astype(np.float32)),
                self.constant(f"{name}.zeros", np.zeros(len(rows), dtype=np.int8)),
                self.constant(f"{name}.bias", bias),
            ],
            domain="com.microsoft",
        )

    def norm(self, x: str, name: str, tensors: Mapping[str, Float32], epsilon: float) -> str:
        weight = self.constant(f"{name}.weight", tensors[f"{name}.weight"])
        bias = self.constant(f"{name}.bias", tensors[f"{name}.bias"])
        return self.node("LayerNormalization", [x, weight, bias], axis=-1, epsilon=epsilon)


def _embed(
    drawing: _Drawing,
    shape: EncoderShape,
    embeddings: PackedMatrix,
    tensors: Mapping[str, Float32],
) -> str:
    """Look the pieces up in the 4-bit table and add their positions."""
    from onnx import TensorProto

    node, constant = drawing.node, drawing.constant
    nibbles = node("Gather", [constant("word.nibbles", embeddings.nibbles), "ids"])
    stored = constant("word.scales", embeddings.scales[..., None])
    scale = node("Cast", [node("Gather", [stored, "ids"])], to=TensorProto.FLOAT)
    low = node("BitwiseAnd", [nibbles, constant("fifteen", np.array(15, dtype=np.uint8))])
    four = constant("four", np.array(4, dtype=np.uint8))
    high = node("BitShift", [nibbles, four], direction="RIGHT")
    halves = [node("Cast", [half], to=TensorProto.FLOAT) for half in (low, high)]
    blocks = node("Concat", halves, axis=-1)
    centred = node("Sub", [blocks, constant("eight", np.array(8.0, dtype=np.float32))])
    flat = constant("flat", np.array([-1, shape.width // BLOCK * BLOCK], dtype=np.int64))
    words = node("Reshape", [node("Mul", [centred, scale]), flat])
    positions = (
        tensors["embeddings.position_embeddings.weight"][: shape.max_pieces]
        + tensors["embeddings.token_type_embeddings.weight"][0]
    )
    first = constant("first", np.array([0], dtype=np.int64))
    length = node("Shape", ["ids"])
    here = node("Slice", [constant("positions", positions), first, length, first])
    summed = node("Add", [words, here])
    return drawing.norm(summed, "embeddings.LayerNorm", tensors, shape.epsilon)


def _layer(
    drawing: _Drawing,
    shape: EncoderShape,
    tensors: Mapping[str, Float32],
    x: str,
    at: str,
) -> str:
    """Draw one layer: attention, feed-forward, each with its residual and norm."""

    def dense(x: str, name: str) -> str:
        return drawing.dense(
            x, at + name, tensors[f"{at}{name}.weight"], tensors[f"{at}{name}.bias"]
        )

    mixed = dense(_attention(drawing, shape, tensors, x, at), "attention.output.dense")
    added = drawing.node("Add", [x, mixed])
    x = drawing.norm(added, f"{at}attention.output.LayerNorm", tensors, shape.epsilon)
    inner = drawing.node("Gelu", [dense(x, "intermediate.dense")], domain="com.microsoft")
    added = drawing.node("Add", [x, dense(inner, "output.dense")])
    return drawing.norm(added, f"{at}output.LayerNorm", tensors, shape.epsilon)


def _attention(
    drawing: _Drawing,
    shape: EncoderShape,
    tensors: Mapping[str, Float32],
    x: str,
    at: str,
) -> str:
    node, constant = drawing.node, drawing.constant
    each = shape.width // shape.attention_heads
    apart = constant(f"{at}apart", np.array([0, shape.attention_heads, each], dtype=np.int64))
    heads = {}
    for part, order in (("query", [1, 0, 2]), ("key", [1, 2, 0]), ("value", [1, 0, 2])):
        name = f"{at}attention.self.{part}"
        y = drawing.dense(x, name, tensors[f"{name}.weight"], tensors[f"{name}.bias"])
        heads[part] = node("Transpose", [node("Reshape", [y, apart])], perm=order)
    products = node("MatMul", [heads["query"], heads["key"]])
    root = constant(f"{at}root", np.array(1.0 / np.sqrt(each), dtype=np.float32))
    shares = node("Softmax", [node("Mul", [products, root])], axis=-1)
    mixed = node("Transpose", [node("MatMul", [shares, heads["value"]])], perm=[1, 0, 2])
    joined = constant(f"{at}joined", np.array([0, shape.width], dtype=np.int64))
    return node("Reshape", [mixed, joined])
