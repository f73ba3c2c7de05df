"""Progress on stderr, and only where a person is looking at it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from serving.batch.run import BatchProgress
    from serving.pipeline import OnStage, Stage

_STAGES = {
    "load": "载入模型",
    "listen": "识别语音",
    "extract": "提取要素",
    "draft": "拟写工单",
    "score": "质检评分",
}


@contextmanager
def stage_progress() -> Iterator[OnStage]:
    """Show the stages of one call; yields what the pipeline reports them to."""
    if not sys.stderr.isatty():
        yield lambda stage, heard_ms: None
        return
    from rich.console import Console

    with Console(stderr=True).status(_STAGES["load"]) as status:
        yield lambda stage, heard_ms: status.update(_stage_line(stage, heard_ms))


@contextmanager
def batch_progress() -> Iterator[Callable[[BatchProgress], None]]:
    """Show count, rate and time left of a batch; yields what the batch reports to."""
    if not sys.stderr.isatty():
        yield lambda batch: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (BarColumn(bar_width=30), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda batch: progress.update(
            task, total=batch.total, completed=batch.finished, description=_rate(batch)
        )


def _rate(batch: BatchProgress) -> str:
    parts = [f"{batch.times_real_time:.1f}× 实时"]
    if batch.failed:
        parts.append(f"失败 {len(batch.failed)}")
    if batch.left_s is not None:
        minutes, seconds = divmod(round(batch.left_s), 60)
        parts.append(f"还需 {minutes // 60}:{minutes % 60:02d}:{seconds:02d}")
    return "  ".join(parts)


def _stage_line(stage: Stage, heard_ms: int) -> str:
    minutes, seconds = divmod(heard_ms // 1000, 60)
    heard = f"  {minutes:02d}:{seconds:02d}" if heard_ms else ""
    return f"{_STAGES[stage]}{heard}"
