"""Linear layers with weights laid out for the processor, by oneDNN.

PyTorch hands float32 matrices to MKL, which on processors that are not Intel's reaches
half of what oneDNN does for the few rows of a chunk, and lays out bfloat16 weights anew
at every call.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

_USUAL_ROWS = 120
"""Rows the layout is chosen for: a chunk of eight streams. Others work as well."""


class PackedLinear(nn.Module):
    """Does what the `nn.Linear` does that it is made from, which it does not keep."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self._weight: Any = torch.ops.mkldnn._reorder_linear_weight(
            linear.weight.detach().contiguous(), _USUAL_ROWS
        )
        self._bias = None if linear.bias is None else linear.bias.detach()

    def forward(self, x: Tensor) -> Tensor:
        """Return (…, out)."""
        out: Tensor = torch.ops.mkldnn._linear_pointwise(
            x, self._weight, self._bias, "none", [], ""
        )
        return out


def can_pack() -> bool:
    """Whether this build of PyTorch has oneDNN and its packed layers."""
    return torch.backends.mkldnn.is_available() and hasattr(  # type: ignore[no-untyped-call]
        torch.ops.mkldnn, "_reorder_linear_weight"
    )


def pack_linears(module: nn.Module) -> None:
    """Replace every linear layer below `module`."""
    for name, child in module.named_children():
        if isinstance(child, nn.Linear):
            setattr(module, name, PackedLinear(child))
        else:
            pack_linears(child)
