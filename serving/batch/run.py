"""A batch from its list to its results."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from serving.batch.journal import BatchFolder, open_batch_folder
from serving.batch.manifest import CallItem
from serving.batch.worker import Outcome
from serving.errors import OutputError

RunItems = Callable[[Sequence[CallItem]], Iterable[Outcome]]
"""Does the work: takes the calls that are left, yields their outcomes in any order."""


@dataclass(slots=True)
class BatchProgress:
    """How far a batch has come. `total` counts every call listed, those of earlier runs too."""

    total: int
    earlier_done: int = 0
    earlier_failed: int = 0
    done: int = 0
    audio_ms: int = 0
    """Length of the recordings processed in this run."""
    left_bytes: int = 0
    """Size of the recordings not processed yet."""
    read_bytes: int = 0
    failed: list[Outcome] = field(default_factory=list)
    changed: tuple[str, ...] = ()
    """Facts of the run that differ from those of the run before."""
    started: float = field(default_factory=time.monotonic)

    @property
    def finished(self) -> int:
        """Calls dealt with, in this run and before."""
        return self.earlier_done + self.earlier_failed + self.done + len(self.failed)

    @property
    def elapsed_s(self) -> float:
        """Seconds this run has taken."""
        return time.monotonic() - self.started

    @property
    def times_real_time(self) -> float:
        """Seconds of recordings processed in a second."""
        return self.audio_ms / 1000 / max(self.elapsed_s, 1e-9)

    @property
    def left_s(self) -> float | None:
        """Seconds this run will still take, None before the first call has ended.

        Reckoned from file sizes: lengths are not known before files are opened.
        """
        if not self.read_bytes:
            return None
        return self.elapsed_s * self.left_bytes / self.read_bytes


def run_batch(
    items: Sequence[CallItem],
    out: Path,
    run_items: RunItems,
    *,
    resume: bool = False,
    retry_failed: bool = False,
    facts: Mapping[str, Any] | None = None,
    on_progress: Callable[[BatchProgress], None] = lambda progress: None,
) -> BatchProgress:
    """Process the calls that are not processed yet and return the final count.

    `facts` (profile version, engine …) go into the journal with each start. Raises
    `OutputError` when `out` cannot be written, is in use, or holds an earlier run and
    `resume` was not asked for.
    """
    with open_batch_folder(out) as folder:
        progress = BatchProgress(total=len(items))
        # First, since it finds the results that a killed run left without an entry.
        left = list(_left(items, folder, progress, retry_failed))
        if folder.has_outcomes and not resume:
            raise OutputError(
                f"{out} holds an earlier run; add --resume to go on with it, "
                "or choose another folder"
            )
        progress.changed = _changed(folder.last_run, facts or {})
        folder.record_run(**(facts or {}), calls=len(items), left=len(left))
        sizes = {item.call_id: _size(item) for item in left}
        progress.left_bytes = sum(sizes.values())
        on_progress(progress)
        if left:
            for outcome in run_items(left):
                _record(folder, progress, outcome)
                progress.left_bytes -= sizes[outcome.call_id]
                progress.read_bytes += sizes[outcome.call_id]
                on_progress(progress)
        return progress


def _left(
    items: Sequence[CallItem], folder: BatchFolder, progress: BatchProgress, retry_failed: bool
) -> Iterator[CallItem]:
    for item in items:
        status = folder.status(item.call_id)
        if status == "done":
            progress.earlier_done += 1
        elif status == "failed" and not retry_failed:
            progress.earlier_failed += 1
        else:
            yield item


def _changed(last_run: Mapping[str, Any] | None, facts: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(name for name in facts if last_run and last_run.get(name) != facts[name])


def _record(folder: BatchFolder, progress: BatchProgress, outcome: Outcome) -> None:
    if outcome.text is None:
        folder.record_failed(outcome.call_id, error=outcome.error, message=outcome.message)
        progress.failed.append(outcome)
        return
    folder.record_done(
        outcome.call_id, outcome.text, audio_ms=outcome.audio_ms, wall_ms=outcome.wall_ms
    )
    progress.done += 1
    progress.audio_ms += outcome.audio_ms


def _size(item: CallItem) -> int:
    total = 0
    for path in (item.path, item.other_leg):
        if path is not None and path.is_file():
            total += path.stat().st_size
    return total
