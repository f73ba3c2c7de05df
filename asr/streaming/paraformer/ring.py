"""Keys and values that attention looks back on, for every layer and every slot.

A ring: attention does not care for the order of its keys, so that what is new overwrites
what is oldest and nothing is moved. What a slot may look at is told by two counters.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class RingPlaces:
    """Where a batch reads and writes; the same for all layers of one step.

    `rows` (batch,) are the slots read, `to_rows` those written; `places` (batch, frames)
    where the step's newest frames go, `is_seen` (batch, capacity) what may be attended to.
    """

    rows: Tensor
    to_rows: Tensor
    places: Tensor
    is_seen: Tensor


class LookBackRing:
    """Tensors (layers, slots, capacity, width) and the counters of each slot."""

    def __init__(
        self,
        layers: int,
        slots: int,
        *,
        kept: int | None,
        added: int,
        width: int,
        trims_first: bool,
        like: Tensor,
    ) -> None:
        """Make a ring that keeps `kept` frames, None for all, of `added` in every step.

        Without `trims_first` all frames of a stream's first step are kept, however many:
        FunASR's encoder trims its cache only when it is appended to.
        """
        self.kept = kept
        self.added = added
        self.trims_first = trims_first
        capacity = 4 * added if kept is None else kept if trims_first else max(kept, added)
        self.keys = like.new_zeros(layers, slots, capacity, width)
        self.values = torch.zeros_like(self.keys)
        counter = torch.zeros(slots, dtype=torch.int64, device=like.device)
        self.written, self.held = counter, counter.clone()

    @property
    def capacity(self) -> int:
        """Frames that a slot has room for."""
        return self.keys.shape[2]

    def places(self, rows: Tensor, to_rows: Tensor) -> RingPlaces:
        """Say what is read and where is written in one step."""
        written, held = self.written[rows], self.held[rows]
        slots = torch.arange(self.capacity, device=rows.device)
        age = (written[:, None] - 1 - slots) % self.capacity
        newest = torch.arange(min(self.added, self.capacity), device=rows.device)
        first = written + self.added - len(newest)
        places = (first[:, None] + newest) % self.capacity
        return RingPlaces(rows, to_rows, places, age < held[:, None])

    def read(self, layer: int, at: RingPlaces) -> tuple[Tensor, Tensor]:
        """Return keys and values (batch, capacity, width), as they are before this step."""
        keys, values = self.keys[layer], self.values[layer]
        return keys.index_select(0, at.rows), values.index_select(0, at.rows)

    def write(self, layer: int, at: RingPlaces, keys: Tensor, values: Tensor) -> None:
        """Store the last of (batch, `added`, width)."""
        kept = at.places.shape[1]
        where = (at.to_rows[:, None], at.places)
        self.keys[layer].index_put_(where, keys[:, self.added - kept : self.added])
        self.values[layer].index_put_(where, values[:, self.added - kept : self.added])

    def advance(self, at: RingPlaces) -> None:
        """Count what the step has written."""
        written, held = self.written[at.rows], self.held[at.rows]
        more = held + self.added
        if self.kept is not None:
            trimmed = more.clamp_max(self.kept)
            more = trimmed if self.trims_first else torch.where(written == 0, more, trimmed)
        self.written.index_put_((at.to_rows,), written + self.added)
        self.held.index_put_((at.to_rows,), more)

    def forget(self, slots: Tensor) -> None:
        """Make slots as new; what lies in the ring is not looked at any more."""
        self.written[slots] = 0
        self.held[slots] = 0

    def has_room(self, steps: int) -> bool:
        """Whether a stream that has made `steps` steps can make one more."""
        return self.kept is not None or (steps + 1) * self.added <= self.capacity

    def grow(self) -> None:
        """Double what an unbounded look-back has room for."""
        layers, slots, capacity, width = self.keys.shape
        more = self.keys.new_zeros(layers, slots, capacity, width)
        self.keys = torch.cat([self.keys, more], dim=2)
        self.values = torch.cat([self.values, more], dim=2)
