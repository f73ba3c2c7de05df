"""The SANM chunk encoder (Gao et al. 2020; SCAMA, Zhang et al. 2020) over a batch of streams."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from asr.streaming.paraformer.config import EncoderConfig
from asr.streaming.paraformer.memory import MemoryBlock
from asr.streaming.paraformer.ring import LookBackRing, RingPlaces

NORM_EPS = 1e-12


class SelfAttention(nn.Module):
    """Self-attention over the chunk and what is looked back on, with the memory block beside it."""

    def __init__(self, config: EncoderConfig, input_width: int) -> None:
        super().__init__()
        self.heads = config.heads
        self.linear_q_k_v = nn.Linear(input_width, 3 * config.width)
        self.linear_out = nn.Linear(config.width, config.width)
        self.fsmn_block = MemoryBlock(config.width, config.kernel, config.kernel_shift)

    def forward(
        self,
        x: Tensor,
        is_real: Tensor,
        mask: Tensor,
        layer: int,
        ring: LookBackRing | None,
        at: RingPlaces | None,
    ) -> Tensor:
        """Return (batch, frames, width); `mask` is (batch, 1, 1, looked back + frames)."""
        query, key, value = self.linear_q_k_v(x).chunk(3, dim=2)
        memory: Tensor = self.fsmn_block(value * is_real)
        if ring is not None and at is not None:
            past_key, past_value = ring.read(layer, at)
            ring.write(layer, at, key, value)
            key = torch.cat([past_key, key], dim=1)
            value = torch.cat([past_value, value], dim=1)
        return attend(query, key, value, mask, self.heads, self.linear_out) + memory


def attend(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor, heads: int, out: nn.Module
) -> Tensor:
    """Return scaled dot-product attention of `heads` heads, (batch, queries, width)."""
    batch, length, width = query.shape

    def split(x: Tensor) -> Tensor:
        return x.reshape(batch, -1, heads, width // heads).transpose(1, 2)

    attended = functional.scaled_dot_product_attention(
        split(query), split(key), split(value), attn_mask=mask
    )
    joined: Tensor = out(attended.transpose(1, 2).reshape(batch, length, width))
    return joined


class FeedForward(nn.Module):
    """Two layers with a ReLU between."""

    def __init__(self, width: int, inner_width: int) -> None:
        super().__init__()
        self.w_1 = nn.Linear(width, inner_width)
        self.w_2 = nn.Linear(inner_width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Return (batch, frames, width)."""
        inner: Tensor = self.w_1(x).relu_()
        out: Tensor = self.w_2(inner)
        return out


class EncoderBlock(nn.Module):
    """One layer; the first takes features of another width and has no way around it."""

    def __init__(self, config: EncoderConfig, input_width: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(input_width, eps=NORM_EPS)
        self.norm2 = nn.LayerNorm(config.width, eps=NORM_EPS)
        self.self_attn = SelfAttention(config, input_width)
        self.feed_forward = FeedForward(config.width, config.inner_width)
        self._has_residual = input_width == config.width

    def forward(
        self,
        x: Tensor,
        is_real: Tensor,
        mask: Tensor,
        layer: int,
        ring: LookBackRing | None,
        at: RingPlaces | None,
    ) -> Tensor:
        """Return (batch, frames, width)."""
        heard = self.self_attn(self.norm1(x), is_real, mask, layer, ring, at)
        x = x + heard if self._has_residual else heard
        out: Tensor = x + self.feed_forward(self.norm2(x))
        return out


class Encoder(nn.Module):
    """All layers. Attribute names are those of FunASR's checkpoints."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.encoders0 = nn.ModuleList([EncoderBlock(config, config.input_width)])
        self.encoders = nn.ModuleList(
            EncoderBlock(config, config.width) for _ in range(config.blocks - 1)
        )
        self.after_norm = nn.LayerNorm(config.width, eps=NORM_EPS)

    def forward(
        self, x: Tensor, is_real: Tensor, ring: LookBackRing | None, at: RingPlaces | None
    ) -> Tensor:
        """Return (batch, frames, width).

        `x` is (batch, frames, input width), of which `is_real` (batch, frames) say what
        is sound. Writes to `ring`, whose counters the caller advances.
        """
        seen = is_real if at is None else torch.cat([at.is_seen, is_real], dim=1)
        mask = seen[:, None, None, :]
        real = is_real[:, :, None].to(x.dtype)
        for layer, block in enumerate([*self.encoders0, *self.encoders]):
            x = block(x, real, mask, layer, ring, at)
        out: Tensor = self.after_norm(x)
        return out
