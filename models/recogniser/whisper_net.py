"""Whisper in torch under CTranslate2's variable names, with a low-rank adapter on every matrix.

The pinned weights stay frozen; trained are, for each linear or convolution, two thin matrices
(LoRA, Hu et al. 2021) and the biases and layer norms, so that what is learnt is a few megabytes
and merges into `model.bin` without any mapping of names.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from models.recogniser.ctranslate2_format import Ct2Model


class AdaptedLinear(nn.Module):
    """y = x (W + scale · up · down)ᵀ + b with W frozen; convolutions use their flattened kernel."""

    weight: Tensor

    def __init__(self, name: str, weights: Mapping[str, Tensor], rank: int, scale: float) -> None:
        super().__init__()
        weight = weights[f"{name}/weight"]
        self.name, self.scale, self.kernel = name, scale, list(weight.shape[1:])
        self.register_buffer("weight", weight.reshape(weight.shape[0], -1), persistent=False)
        self.bias = nn.Parameter(weights[f"{name}/bias"].clone())
        width_out, width_in = self.weight.shape
        self.down = nn.Parameter(torch.randn(rank, width_in) / width_in**0.5)
        self.up = nn.Parameter(torch.zeros(width_out, rank))

    def forward(self, x: Tensor) -> Tensor:
        """(…, in) to (…, out)."""
        y = functional.linear(x, self.weight, self.bias)
        return y + functional.linear(functional.linear(x, self.down), self.up * self.scale)

    def convolve(self, x: Tensor, stride: int) -> Tensor:
        """(batch, in, frames) to (batch, out, frames / stride); the kernel is 3 wide."""
        weight = (self.weight + self.scale * self.up @ self.down).view([-1, *self.kernel])
        return functional.conv1d(x, weight, self.bias, stride=stride, padding=1)


class Norm(nn.Module):
    """Layer norm with trainable gain and offset."""

    def __init__(self, name: str, weights: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.name = name
        self.gamma = nn.Parameter(weights[f"{name}/gamma"].clone())
        self.beta = nn.Parameter(weights[f"{name}/beta"].clone())

    def forward(self, x: Tensor) -> Tensor:
        """(…, width) to the same."""
        return functional.layer_norm(x, self.gamma.shape, self.gamma, self.beta)


class Layer(nn.Module):
    """One transformer layer; a decoder layer also attends to the encoder."""

    def __init__(
        self, name: str, weights: Mapping[str, Tensor], heads: int, rank: int, scale: float
    ) -> None:
        super().__init__()

        def linear(part: str) -> AdaptedLinear:
            return AdaptedLinear(f"{name}/{part}", weights, rank, scale)

        def norm(part: str) -> Norm:
            return Norm(f"{name}/{part}/layer_norm", weights)

        self.heads, self.crosses = heads, f"{name}/attention/linear_0/weight" in weights
        self.self_norm = norm("self_attention")
        self.self_qkv = linear("self_attention/linear_0")
        self.self_out = linear("self_attention/linear_1")
        if self.crosses:
            self.cross_norm = norm("attention")
            self.cross_query = linear("attention/linear_0")
            self.cross_key_value = linear("attention/linear_1")
            self.cross_out = linear("attention/linear_2")
        self.ffn_norm = norm("ffn")
        self.ffn_in = linear("ffn/linear_0")
        self.ffn_out = linear("ffn/linear_1")

    def forward(self, x: Tensor, encoded: Tensor | None = None, causal: bool = False) -> Tensor:
        """x: (batch, length, width); encoded: (batch, frames, width) for a decoder layer."""
        query, key, value = self.self_qkv(self.self_norm(x)).chunk(3, dim=-1)
        x = x + self.self_out(self._attend(query, key, value, causal))
        if self.crosses and encoded is not None:
            key, value = self.cross_key_value(encoded).chunk(2, dim=-1)
            x = x + self.cross_out(
                self._attend(self.cross_query(self.cross_norm(x)), key, value, False)
            )
        changed: Tensor = self.ffn_out(functional.gelu(self.ffn_in(self.ffn_norm(x))))
        return x + changed

    def _attend(self, query: Tensor, key: Tensor, value: Tensor, causal: bool) -> Tensor:
        query, key, value = (
            t.view(*t.shape[:2], self.heads, -1).transpose(1, 2) for t in (query, key, value)
        )
        mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=causal)
        return mixed.transpose(1, 2).flatten(2)


class AdaptedWhisper(nn.Module):
    """Whisper of any size from a CTranslate2 model, with adapters of `rank`."""

    positions_in: Tensor
    positions_out: Tensor
    embedding: Tensor

    def __init__(self, model: Ct2Model, rank: int, scale: float = 2.0) -> None:
        super().__init__()
        weights = {
            name: torch.from_numpy(np.array(value, np.float32))
            for name, value in model.variables.items()
            if value.dtype in (np.float16, np.float32)
        }
        heads = int(model.variables["encoder/num_heads"])
        self.conv1 = AdaptedLinear("encoder/conv1", weights, rank, scale)
        self.conv2 = AdaptedLinear("encoder/conv2", weights, rank, scale)
        self.encoder = nn.ModuleList(
            Layer(name, weights, heads, rank, scale) for name in _layers(model, "encoder")
        )
        self.encoder_norm = Norm("encoder/layer_norm", weights)
        self.decoder = nn.ModuleList(
            Layer(name, weights, heads, rank, scale) for name in _layers(model, "decoder")
        )
        self.decoder_norm = Norm("decoder/layer_norm", weights)
        for name, source in (
            ("positions_in", "encoder/position_encodings/encodings"),
            ("positions_out", "decoder/position_encodings/encodings"),
            ("embedding", "decoder/embeddings/weight"),
        ):
            self.register_buffer(name, weights[source], persistent=False)

    def encode(self, mel: Tensor) -> Tensor:
        """(batch, 80, frames) to (batch, frames / 2, width)."""
        x = functional.gelu(self.conv1.convolve(mel, 1))
        x = functional.gelu(self.conv2.convolve(x, 2)).transpose(1, 2)
        x = x + self.positions_in[: x.shape[1]]
        for layer in self.encoder:
            x = layer(x)
        encoded: Tensor = self.encoder_norm(x)
        return encoded

    def forward(self, mel: Tensor, tokens: Tensor) -> Tensor:
        """Next-token logits (batch, length, vocabulary) for teacher-forced `tokens`."""
        encoded = self.encode(mel)
        x = self.embedding[tokens] + self.positions_out[: tokens.shape[1]]
        for layer in self.decoder:
            x = layer(x, encoded, causal=True)
        return functional.linear(self.decoder_norm(x), self.embedding)

    def adapter(self) -> dict[str, NDArray[np.float16]]:
        """What was learnt, by CTranslate2 name: `…/weight.up`, `.down`, and changed vectors."""
        parts: dict[str, Tensor] = {}
        for module in self.modules():
            if isinstance(module, AdaptedLinear):
                parts[f"{module.name}/weight.up"] = module.up * module.scale
                parts[f"{module.name}/weight.down"] = module.down
                parts[f"{module.name}/bias"] = module.bias
            elif isinstance(module, Norm):
                parts[f"{module.name}/gamma"] = module.gamma
                parts[f"{module.name}/beta"] = module.beta
        return {
            name: part.detach().cpu().numpy().astype(np.float16) for name, part in parts.items()
        }


def _layers(model: Ct2Model, part: str) -> list[str]:
    prefix = f"{part}/layer_"
    names = {n.split("/")[1] for n in model.variables if n.startswith(prefix)}
    numbers = sorted(int(n[6:]) for n in names if n[6:].isdigit())
    return [f"{prefix}{number}" for number in numbers]
