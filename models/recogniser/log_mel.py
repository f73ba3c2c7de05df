"""Whisper's log-mel features in torch, for a batch of clips of one padded length."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from models.recogniser.mel_filters import HOP_SAMPLES, WINDOW_SAMPLES, mel_filters


def log_mel(samples: torch.Tensor) -> torch.Tensor:
    """float32 (batch, samples) at 16 kHz to float32 (batch, 80, samples // 160)."""
    window = torch.hann_window(WINDOW_SAMPLES, device=samples.device)
    spectrum = torch.stft(
        samples, WINDOW_SAMPLES, HOP_SAMPLES, window=window, center=True, return_complex=True
    )
    power = spectrum[..., :-1].abs() ** 2
    filters = torch.from_numpy(mel_filters()).to(samples.device)
    energy = torch.log10(torch.clamp(filters @ power, min=1e-10))
    floor = energy.amax(dim=(1, 2), keepdim=True) - 8.0
    return (torch.maximum(energy, floor) + 4.0) / 4.0


def log_mel_numpy(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """`log_mel` from and to numpy."""
    return np.asarray(log_mel(torch.from_numpy(samples)).numpy())
