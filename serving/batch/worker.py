"""What a batch asks of a worker, wherever it runs: here, in a process, on a cluster."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from serving.batch.manifest import CallItem


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one call of a batch ended: `text` is its result as JSON, or `error` says what failed."""

    call_id: str
    text: str | None = None
    error: str | None = None
    """Name of the error."""
    message: str = ""
    audio_ms: int = 0
    wall_ms: int = 0


class Worker(Protocol):
    """Processes one recording after the other."""

    def run(self, item: CallItem) -> Outcome:
        """Process one recording; what is wrong with it is in the outcome, not raised."""


MakeWorker = Callable[[], Worker]
"""Makes a worker where it is to run; picklable, so that it can be sent to another process."""
