"""The memory block of SANM (Gao et al. 2020): a filter over time for each channel."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class MemoryBlock(nn.Module):
    """`weight` is (width, 1, kernel), as in FunASR's checkpoints."""

    def __init__(self, width: int, kernel: int, shift: int) -> None:
        """Look `shift` frames further back, and as many fewer ahead, than a centred filter."""
        super().__init__()
        self.weight = nn.Parameter(nn.init.xavier_uniform_(Tensor(width, 1, kernel)))
        self.before = (kernel - 1) // 2 + max(shift, 0)
        self.after = kernel - 1 - self.before

    def forward(self, x: Tensor) -> Tensor:
        """Return (batch, frames, width); beyond both ends stand zeros."""
        padded = functional.pad(x, (0, 0, self.before, self.after))
        return self.filter(padded) + x

    def filter(self, padded: Tensor) -> Tensor:
        """Return (batch, frames - kernel + 1, width)."""
        # As an image one pixel wide with the channels last, nothing has to be moved.
        image = padded.unsqueeze(2).permute(0, 3, 1, 2)
        filtered = functional.conv2d(image, self.weight.unsqueeze(3), groups=image.shape[1])
        return filtered.permute(0, 2, 3, 1).squeeze(2)
