"""Continuous integrate-and-fire (Dong and Xu 2020) over a batch of streams.

Each frame weighs something between 0 and 1. Weights are added up; where the sum passes
the threshold a token ends, and what is beyond counts for the next one. What a chunk
leaves over, a weight and its mean frame, is carried to the stream's next chunk.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from asr.streaming.paraformer.config import ChunkConfig, PredictorConfig


@dataclass(frozen=True, slots=True)
class Fired:
    """What a chunk brought: `tokens` (batch, most, width), of which a row holds `count`."""

    tokens: Tensor
    count: Tensor
    carried_weight: Tensor
    """Float32 (batch,)."""
    carried_frame: Tensor
    """Float32 (batch, width)."""


class Predictor(nn.Module):
    """Weighs frames and puts them together. Attribute names are those of the checkpoints."""

    def __init__(self, config: PredictorConfig, width: int, chunk: ChunkConfig) -> None:
        super().__init__()
        self.cif_conv1d = nn.Conv1d(width, width, config.left + config.right + 1)
        self.cif_output = nn.Linear(width, 1)
        self._config = config
        self._chunk = chunk

    def forward(
        self,
        frames: Tensor,
        is_real: Tensor,
        is_last: Tensor,
        carried_weight: Tensor,
        carried_frame: Tensor,
    ) -> Fired:
        """Return the tokens of a chunk; `frames` is (batch, frames, width) of the encoder.

        The past and the look-ahead count for nothing, but for the look-ahead of a last
        chunk, after which the tail is weighed in.
        """
        batch, length, width = frames.shape
        frames = frames.float()
        weights = self._weigh(frames * is_real[:, :, None])
        place = torch.arange(length, device=frames.device)
        past, chunk, _ = self._chunk.size
        counts = (place >= past) & ((place < past + chunk) | is_last[:, None])
        weights = weights * (counts & is_real)
        tail = is_last * self._config.tail_threshold
        weights = torch.cat([carried_weight[:, None], weights, tail[:, None]], dim=1)
        exists = torch.cat([torch.ones_like(is_last)[:, None], is_real, is_last[:, None]], dim=1)
        share, count, left = self._integrate(weights, exists)
        nothing = frames.new_zeros(batch, 1, width)
        heard = torch.cat([carried_frame[:, None], frames, nothing], dim=1)
        tokens = share @ heard
        rest = tokens.gather(1, count[:, None, None].expand(-1, -1, width))[:, 0]
        rest = torch.where((left > 0)[:, None], rest / left[:, None], rest)
        return Fired(tokens[:, :-1], count, left, rest)

    def _weigh(self, frames: Tensor) -> Tensor:
        """Return (batch, frames), 0 to `smooth_factor`."""
        padded = functional.pad(frames.transpose(1, 2), (self._config.left, self._config.right))
        heard = self.cif_conv1d(padded).relu().transpose(1, 2)
        weight = torch.sigmoid(self.cif_output(heard)).squeeze(2)
        return (weight * self._config.smooth_factor - self._config.noise_threshold).relu()

    def _integrate(self, weights: Tensor, exists: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return each frame's share in each token, the number of tokens, and the sum left.

        The shares are (batch, tokens + 1, frames): those after the last token that ended
        belong to the one that goes on. One round per frame, in the order and precision of
        the reference, since a sum that rounds otherwise would fire elsewhere.
        """
        threshold = self._config.threshold
        total = torch.zeros_like(weights[:, 0])
        ending, beginning, fired = [], [], []
        for weight, here in zip(weights.unbind(1), exists.unbind(1), strict=True):
            added = total + weight
            fires = (added >= threshold) & here
            ending.append(torch.where(fires, threshold - total, weight))
            total = torch.where(fires, added - threshold, added)
            beginning.append(total * fires)
            fired.append(fires)
        fires = torch.stack(fired, dim=1)
        done = fires.cumsum(dim=1)
        owner = done - fires.long()
        batch, length = weights.shape
        share = weights.new_zeros(batch, length + 1, length)
        share.scatter_add_(1, owner[:, None], torch.stack(ending, dim=1)[:, None])
        share.scatter_add_(1, done[:, None], torch.stack(beginning, dim=1)[:, None])
        return share, done[:, -1], total
