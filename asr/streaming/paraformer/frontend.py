"""From the samples of a chunk to the encoder's frames, for a batch of streams.

Kaldi's windows do not depend on each other, and frame j of the encoder stacks windows
6j-3 to 6j+3. So a chunk of whole frames needs no more memory than the 480 samples before
it; FunASR's carried samples, features and spliced windows come to the same thing.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from asr.streaming.paraformer.config import CHUNK_FRAME_SAMPLES, FrontendConfig
from asr.streaming.paraformer.fbank import SHIFT_SAMPLES, WINDOW_SAMPLES, Fbank

STACKED = 7
STEP = 6
CARRIED_SAMPLES = (STACKED - 1) // 2 * SHIFT_SAMPLES
"""Samples before a chunk that its first frame reaches back to."""

_BEFORE = (STACKED - 1) // 2


class ChunkFrontend(nn.Module):
    """Features of one chunk of each stream, normalised with the checkpoint's mean and scale."""

    shift: Tensor
    scale: Tensor
    stack: Tensor

    def __init__(self, config: FrontendConfig, cmvn: Tensor, chunk_frames: int) -> None:
        """Take `cmvn`, float32 (2, 7 * bands): what is added, then what is multiplied."""
        super().__init__()
        self.fbank = Fbank(config.mel_bands, config.window)
        self.register_buffer("shift", cmvn[0], persistent=False)
        self.register_buffer("scale", cmvn[1], persistent=False)
        rows = STEP * torch.arange(chunk_frames)[:, None] + torch.arange(STACKED)
        self.register_buffer("stack", rows, persistent=False)

    def forward(self, samples: Tensor, count: Tensor, is_first: Tensor) -> tuple[Tensor, Tensor]:
        """Return frames (batch, chunk frames, 7 * bands) and how many of them are real.

        `samples` is (batch, 480 + chunk samples), of which the last chunk samples came
        now, `count` (batch,) of them real; of the first chunk of a stream the carried
        samples stand for nothing.
        """
        windows = self.fbank(samples)
        # The rows that begin in what was carried count as well, but for three of them.
        rows = (count + CARRIED_SAMPLES - WINDOW_SAMPLES).div(SHIFT_SAMPLES, rounding_mode="floor")
        rows = rows + 1
        index = self.stack.reshape(1, -1).expand(len(samples), -1)
        # Before the first window and after the last one stand copies of them.
        index = torch.minimum(index, (rows - 1).clamp_min(0)[:, None])
        index = torch.where(is_first[:, None], index.clamp_min(_BEFORE), index)
        stacked = windows.gather(1, index[:, :, None].expand(-1, -1, windows.shape[2]))
        frames = stacked.reshape(len(samples), len(self.stack), -1)
        real = (rows + STEP - 1 - _BEFORE).div(STEP, rounding_mode="floor")
        real = real.masked_fill(count < CHUNK_FRAME_SAMPLES, 0)
        return (frames + self.shift) * self.scale, real
