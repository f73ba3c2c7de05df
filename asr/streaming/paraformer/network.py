"""Streaming Paraformer (Gao et al. 2022): one step of a batch of streams."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from asr.streaming.paraformer.config import ChunkConfig, ParaformerConfig
from asr.streaming.paraformer.decoder import Decoder
from asr.streaming.paraformer.encoder import Encoder
from asr.streaming.paraformer.frontend import CARRIED_SAMPLES, ChunkFrontend
from asr.streaming.paraformer.positions import Positions, model_scale
from asr.streaming.paraformer.predictor import Fired, Predictor
from asr.streaming.paraformer.slots import Slots, SlotShape


@dataclass(frozen=True, slots=True)
class ChunkBatch:
    """A chunk of each of some streams.

    `rows` int64 (batch,) are their slots; `samples` float32 (batch, chunk samples);
    `count` int64 (batch,) how many of them are real, all of them but in a last chunk;
    `is_last` bool (batch,).
    """

    rows: Tensor
    samples: Tensor
    count: Tensor
    is_last: Tensor


@dataclass(frozen=True, slots=True)
class Encoded:
    """The encoder's frames (batch, frames, width), which are real, and the tokens in them."""

    frames: Tensor
    is_real: Tensor
    fired: Fired


class ParaformerNetwork(nn.Module):
    """Weights only; the state of streams is in `Slots`."""

    def __init__(
        self, config: ParaformerConfig, chunk: ChunkConfig, vocabulary: int, cmvn: Tensor
    ) -> None:
        super().__init__()
        self.config = config
        self.chunk = chunk
        width = config.encoder.width
        self.frontend = ChunkFrontend(config.frontend, cmvn, chunk.size[1])
        self.positions = Positions(config.encoder.input_width, chunk.size[1])
        self.encoder = Encoder(config.encoder)
        self.predictor = Predictor(config.predictor, width, chunk)
        self.decoder = Decoder(config.decoder, width, vocabulary)
        self.scale = model_scale(width)

    def slots(self, count: int) -> Slots:
        """Make room for the state of `count` streams."""
        weight = self.encoder.after_norm.weight
        shape = SlotShape(self.config, self.chunk, self.decoder.remembering_blocks)
        return Slots(count, shape, weight.device, weight.dtype)

    def encode(self, batch: ChunkBatch, state: Slots) -> Encoded:
        """Hear one chunk of each stream and say where tokens end in it.

        Of streams whose last chunk this is, nothing is kept.
        """
        to_rows = batch.rows.masked_fill(batch.is_last, state.scratch)
        overlapped, is_real = self._overlapped(batch, to_rows, state)
        at = None if state.encoder is None else state.encoder.places(batch.rows, to_rows)
        dtype = self.encoder.after_norm.weight.dtype
        frames = self.encoder(overlapped.to(dtype), is_real, state.encoder, at)
        if state.encoder is not None and at is not None:
            state.encoder.advance(at)
        fired = self.predictor(
            frames, is_real, batch.is_last, state.weight[batch.rows], state.frame[batch.rows]
        )
        state.weight.index_put_((to_rows,), fired.carried_weight)
        state.frame.index_put_((to_rows,), fired.carried_frame)
        return Encoded(frames, is_real, fired)

    def decode(
        self, batch: ChunkBatch, encoded: Encoded, tokens: Tensor, count: Tensor, state: Slots
    ) -> Tensor:
        """Return the logits (batch, tokens, vocabulary) of chunks that have tokens.

        Streams without a token in this chunk must not be among them: what their decoder
        remembers stays as it is.
        """
        to_rows = batch.rows.masked_fill(batch.is_last, state.scratch)
        at = None if state.decoder is None else state.decoder.places(batch.rows, to_rows)
        remembered = state.tokens.rows(batch.rows, to_rows, count, tokens.shape[1])
        logits: Tensor = self.decoder(
            tokens.to(encoded.frames.dtype), encoded.frames, encoded.is_real,
            state.tokens, remembered, state.decoder, at,
        )  # fmt: skip
        if state.decoder is not None and at is not None:
            state.decoder.advance(at)
        state.tokens.advance(remembered)
        return logits

    def _overlapped(
        self, batch: ChunkBatch, to_rows: Tensor, state: Slots
    ) -> tuple[Tensor, Tensor]:
        """Return past, chunk and look-ahead (batch, frames, input width), and what is real."""
        seen, carried = state.seen[batch.rows], state.samples[batch.rows]
        samples = torch.cat([carried, batch.samples], dim=1)
        features, real = self.frontend(samples, batch.count, seen == 0)
        features = features * self.scale + self.positions(seen)
        before = state.features[batch.rows]
        # The frames of a tail without sound of its own are scaled once more: so does FunASR.
        factor = torch.ones_like(before[:, 0, 0])
        factor = factor.masked_fill(batch.is_last & (real == 0), self.scale)
        overlapped = torch.cat([before * factor[:, None, None], features], dim=1)
        kept = before.shape[1]
        state.samples.index_put_((to_rows,), samples[:, -CARRIED_SAMPLES:])
        state.features.index_put_((to_rows,), overlapped[:, -kept:])
        state.seen.index_put_((to_rows,), seen + self.chunk.size[1])
        place = torch.arange(overlapped.shape[1], device=overlapped.device)
        return overlapped, place < kept + real[:, None]
