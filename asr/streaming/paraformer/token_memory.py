"""What the decoder's memory blocks keep of the tokens of a stream's chunks before."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from asr.streaming.paraformer.memory import MemoryBlock


@dataclass(frozen=True, slots=True)
class MemoryRows:
    """Where a batch reads and writes, and which of its tokens are real; same for all layers.

    `rows` and `to_rows` are (batch,), `is_token` is (batch, tokens, 1), `newest` (batch,
    kept, 1) points at what is kept after the step, `is_first` (batch,) is a stream's
    first chunk with tokens.
    """

    rows: Tensor
    to_rows: Tensor
    is_token: Tensor
    newest: Tensor
    is_first: Tensor


class TokenMemory:
    """The last kernel - 1 inputs of each block, (blocks, slots, kernel - 1, width)."""

    def __init__(self, blocks: int, slots: int, kernel: int, width: int, like: Tensor) -> None:
        self.kept = like.new_zeros(blocks, slots, kernel - 1, width)
        self.has_tokens = torch.zeros(slots, dtype=torch.bool, device=like.device)

    def rows(self, rows: Tensor, to_rows: Tensor, count: Tensor, most: int) -> MemoryRows:
        """Say what is read and where is written for chunks of `count` (batch,) tokens each."""
        place = torch.arange(most, device=rows.device)
        is_token = (place < count[:, None])[:, :, None]
        newest = count[:, None] + torch.arange(self.kept.shape[2], device=rows.device)
        return MemoryRows(rows, to_rows, is_token, newest[:, :, None], ~self.has_tokens[rows])

    def filter(self, block: int, x: Tensor, at: MemoryRows, memory: MemoryBlock) -> Tensor:
        """Return the memory block's output for (batch, tokens, width), and keep its newest inputs.

        A stream's first chunk is padded as in training, which may look ahead of its last
        token; from then on the filter only looks back, as FunASR has it.
        """
        x = x * at.is_token
        past = self.kept[block].index_select(0, at.rows)
        padded = torch.cat([past, x], dim=1)
        if memory.after:
            shifted = torch.nn.functional.pad(padded[:, memory.after :], (0, 0, 0, memory.after))
            padded = torch.where(at.is_first[:, None, None], shifted, padded)
        newest = padded.gather(1, at.newest.expand(-1, -1, x.shape[2]))
        self.kept[block].index_put_((at.to_rows,), newest)
        return memory.filter(padded) + x

    def advance(self, at: MemoryRows) -> None:
        """Note that these streams have had tokens."""
        self.has_tokens.index_fill_(0, at.to_rows, True)

    def forget(self, slots: Tensor) -> None:
        """Make slots as new."""
        self.kept[:, slots] = 0
        self.has_tokens[slots] = False
