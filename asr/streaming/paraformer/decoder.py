"""The SANM decoder over a batch of streams: all tokens of a chunk at once."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from asr.streaming.paraformer.config import DecoderConfig
from asr.streaming.paraformer.encoder import NORM_EPS, attend
from asr.streaming.paraformer.memory import MemoryBlock
from asr.streaming.paraformer.ring import LookBackRing, RingPlaces
from asr.streaming.paraformer.token_memory import MemoryRows, TokenMemory


class DecoderFeedForward(nn.Module):
    """Two layers with a ReLU and a normalisation between."""

    def __init__(self, width: int, inner_width: int) -> None:
        super().__init__()
        self.w_1 = nn.Linear(width, inner_width)
        self.w_2 = nn.Linear(inner_width, width, bias=False)
        self.norm = nn.LayerNorm(inner_width, eps=NORM_EPS)

    def forward(self, x: Tensor) -> Tensor:
        """Return (batch, tokens, width)."""
        out: Tensor = self.w_2(self.norm(self.w_1(x).relu_()))
        return out


class TokenFilter(nn.Module):
    """Holds the memory block where the checkpoints have it."""

    def __init__(self, width: int, kernel: int, shift: int) -> None:
        super().__init__()
        self.fsmn_block = MemoryBlock(width, kernel, shift)


class EncoderAttention(nn.Module):
    """Attention of tokens to the encoder's frames."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.linear_q = nn.Linear(width, width)
        self.linear_k_v = nn.Linear(width, 2 * width)
        self.linear_out = nn.Linear(width, width)

    def forward(
        self,
        x: Tensor,
        frames: Tensor,
        mask: Tensor,
        layer: int,
        ring: LookBackRing | None,
        at: RingPlaces | None,
    ) -> Tensor:
        """Return (batch, tokens, width); `mask` is (batch, 1, 1, looked back + frames)."""
        key, value = self.linear_k_v(frames).chunk(2, dim=2)
        if ring is not None and at is not None:
            past_key, past_value = ring.read(layer, at)
            ring.write(layer, at, key, value)
            key = torch.cat([past_key, key], dim=1)
            value = torch.cat([past_value, value], dim=1)
        return attend(self.linear_q(x), key, value, mask, self.heads, self.linear_out)


class DecoderBlock(nn.Module):
    """Feed-forward, then memory over the tokens, then attention to the frames."""

    def __init__(self, config: DecoderConfig, width: int, shift: int, *, attends: bool) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=NORM_EPS)
        self.norm2 = nn.LayerNorm(width, eps=NORM_EPS)
        self.feed_forward = DecoderFeedForward(width, config.inner_width)
        self.self_attn = TokenFilter(width, config.kernel, shift)
        if attends:
            self.norm3 = nn.LayerNorm(width, eps=NORM_EPS)
            self.src_attn = EncoderAttention(width, config.heads)

    def remember(self, x: Tensor, layer: int, memory: TokenMemory, rows: MemoryRows) -> Tensor:
        """Return what comes before the attention, (batch, tokens, width)."""
        inner = self.norm2(self.feed_forward(self.norm1(x)))
        filtered: Tensor = memory.filter(layer, inner, rows, self.self_attn.fsmn_block)
        return x + filtered


class LastBlock(nn.Module):
    """The feed-forward layer before the output; it has no way around it."""

    def __init__(self, config: DecoderConfig, width: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=NORM_EPS)
        self.feed_forward = DecoderFeedForward(width, config.inner_width)

    def forward(self, x: Tensor) -> Tensor:
        """Return (batch, tokens, width)."""
        out: Tensor = self.feed_forward(self.norm1(x))
        return out


class Decoder(nn.Module):
    """All layers and the output. Attribute names are those of FunASR's checkpoints."""

    def __init__(self, config: DecoderConfig, width: int, vocabulary: int) -> None:
        super().__init__()
        attending = config.attending_blocks
        self.decoders = nn.ModuleList(
            DecoderBlock(config, width, config.kernel_shift, attends=True) for _ in range(attending)
        )
        plain = config.blocks - attending
        self.decoders2 = nn.ModuleList(
            DecoderBlock(config, width, 0, attends=False) for _ in range(plain)
        )
        self.decoders3 = nn.ModuleList([LastBlock(config, width)])
        self.after_norm = nn.LayerNorm(width, eps=NORM_EPS)
        self.output_layer = nn.Linear(width, vocabulary)
        # FunASR leaves a single block without attention out when it streams.
        self.plain_blocks = plain if plain > 1 else 0

    @property
    def remembering_blocks(self) -> int:
        """Blocks that remember tokens from chunk to chunk."""
        return len(self.decoders) + self.plain_blocks

    def forward(
        self,
        tokens: Tensor,
        frames: Tensor,
        is_real: Tensor,
        memory: TokenMemory,
        rows: MemoryRows,
        ring: LookBackRing | None,
        at: RingPlaces | None,
    ) -> Tensor:
        """Return the logits (batch, tokens, vocabulary).

        `frames` is (batch, frames, width), of which `is_real` (batch, frames) are sound.
        """
        seen = is_real if at is None else torch.cat([at.is_seen, is_real], dim=1)
        mask = seen[:, None, None, :]
        x = tokens
        for layer, block in enumerate(self.decoders):
            assert isinstance(block, DecoderBlock)
            x = block.remember(x, layer, memory, rows)
            x = x + block.src_attn(block.norm3(x), frames, mask, layer, ring, at)
        for index in range(self.plain_blocks):
            plain = self.decoders2[index]
            assert isinstance(plain, DecoderBlock)
            x = plain.remember(x, len(self.decoders) + index, memory, rows)
        for block in self.decoders3:
            x = block(x)
        out: Tensor = self.output_layer(self.after_norm(x))
        return out
