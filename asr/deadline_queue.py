"""What waits for the one thread that owns a model, the most urgent first."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class DeadlineQueue(Generic[Item]):
    """Put into by any thread, taken from in batches by one; of like urgency first come first."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._heap: list[tuple[float, int, Item]] = []
        self._numbers = itertools.count()
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._heap)

    def put(self, deadline_s: float, item: Item) -> bool:
        """Let `item` wait; False where the queue has been closed."""
        with self._changed:
            if self._is_closed:
                return False
            heapq.heappush(self._heap, (deadline_s, next(self._numbers), item))
            self._changed.notify()
            return True

    def take(
        self,
        most: int,
        *,
        is_wanted: Callable[[Item], bool],
        goes_with: Callable[[Item, Item], bool] = lambda first, other: True,
    ) -> list[Item]:
        """Wait, and return up to `most` items that go with the most urgent; none at the end.

        What is no longer wanted is dropped.
        """
        with self._changed:
            while True:
                self._changed.wait_for(lambda: self._heap or self._is_closed)
                batch: list[Item] = []
                others: list[tuple[float, int, Item]] = []
                while self._heap and len(batch) < most:
                    entry = heapq.heappop(self._heap)
                    if not is_wanted(entry[2]):
                        continue
                    if not batch or goes_with(batch[0], entry[2]):
                        batch.append(entry[2])
                    else:
                        others.append(entry)
                for entry in others:
                    heapq.heappush(self._heap, entry)
                if batch or self._is_closed:
                    return batch

    def close(self) -> list[Item]:
        """Take no more and return what waited; whoever waits in `take` is let go."""
        with self._changed:
            self._is_closed = True
            left, self._heap = [item for _, _, item in self._heap], []
            self._changed.notify()
            return left
