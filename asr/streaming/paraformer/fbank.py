"""Kaldi's mel filterbank features for a batch of frames, in PyTorch, without dither.

The definition is that of Kaldi's `compute-fbank-feats` as FunASR calls it: 25 ms windows
every 10 ms of samples scaled to 16-bit integers, mean removed, pre-emphasis 0.97, a
window, the power spectrum of 512 points, triangles on the mel scale from 20 Hz to 8 kHz,
the natural logarithm above the smallest float32 step.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from asr.errors import EngineUnavailableError
from asr.types import SAMPLE_RATE_HZ

WINDOW_SAMPLES = 400
SHIFT_SAMPLES = 160

_FFT_SAMPLES = 512
_LOWEST_HZ = 20.0
_PREEMPHASIS = 0.97
_INT16_SCALE = 32768.0
_FLOOR = torch.finfo(torch.float32).eps


class Fbank(nn.Module):
    """Turns float32 (batch, samples) at full scale 1.0 into (batch, frames, bands)."""

    window: Tensor
    triangles: Tensor

    def __init__(self, bands: int, window: str) -> None:
        super().__init__()
        self.register_buffer("window", _window(window), persistent=False)
        self.register_buffer("triangles", _triangles(bands), persistent=False)

    def forward(self, samples: Tensor) -> Tensor:
        """Return one row for every whole window that fits into `samples`."""
        frames = samples.unfold(1, WINDOW_SAMPLES, SHIFT_SAMPLES) * _INT16_SCALE
        frames = frames - frames.mean(dim=2, keepdim=True)
        before = torch.cat([frames[:, :, :1], frames[:, :, :-1]], dim=2)
        frames = (frames - _PREEMPHASIS * before) * self.window
        spectrum = torch.fft.rfft(frames, n=_FFT_SAMPLES)
        power = spectrum.real.square() + spectrum.imag.square()
        bands: Tensor = power @ self.triangles
        return bands.clamp_min(_FLOOR).log()


def _window(name: str) -> Tensor:
    phase = 2 * math.pi * torch.arange(WINDOW_SAMPLES, dtype=torch.float64) / (WINDOW_SAMPLES - 1)
    shapes = {
        "hamming": 0.54 - 0.46 * phase.cos(),
        "hanning": 0.5 - 0.5 * phase.cos(),
        "povey": (0.5 - 0.5 * phase.cos()).pow(0.85),
        "rectangular": torch.ones(WINDOW_SAMPLES, dtype=torch.float64),
    }
    if name not in shapes:
        raise EngineUnavailableError(
            f"the checkpoint wants a {name} window; known are {', '.join(sorted(shapes))}"
        )
    return shapes[name].float()


def _triangles(bands: int) -> Tensor:
    """Return (257, bands): weights of the spectrum's points in each band.

    Reckoned in float32 throughout, as Kaldi does: exact triangles would be another 3e-6 off.
    """
    points = _mel(torch.arange(_FFT_SAMPLES // 2) * (SAMPLE_RATE_HZ / _FFT_SAMPLES))[:, None]
    low, high = _mel(torch.tensor([_LOWEST_HZ, SAMPLE_RATE_HZ / 2]))
    edges = low + torch.arange(bands + 2) * ((high - low) / (bands + 1))
    rising = (points - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - points) / (edges[2:] - edges[1:-1])
    weights = torch.minimum(rising, falling).clamp_min(0.0)
    # The point at half the sampling rate is left out, as Kaldi does.
    return torch.cat([weights, torch.zeros(1, bands)])


def _mel(frequency_hz: Tensor) -> Tensor:
    return 1127.0 * torch.log(1.0 + frequency_hz / 700.0)
