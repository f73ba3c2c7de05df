"""Sines and cosines of a frame's place in its stream (Vaswani et al. 2017), as FunASR lays them."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class Positions(nn.Module):
    """Float32 (batch, frames, width) for frames that come after `seen` others of their stream."""

    rates: Tensor
    steps: Tensor

    def __init__(self, width: int, frames: int) -> None:
        super().__init__()
        half = torch.arange(width / 2, dtype=torch.float32)
        step = torch.log(torch.tensor([10_000.0])) / (width / 2 - 1)
        self.register_buffer("rates", torch.exp(half * -step), persistent=False)
        self.register_buffer("steps", torch.arange(1, frames + 1), persistent=False)

    def forward(self, seen: Tensor) -> Tensor:
        """Return the encoding; `seen` is (batch,)."""
        places = (seen[:, None] + self.steps).float()[:, :, None] * self.rates
        return torch.cat([places.sin(), places.cos()], dim=2)


def model_scale(width: int) -> float:
    """Return what the features are multiplied by before their places are added."""
    return math.sqrt(width)
