"""The stages a call goes through, timed and told to whoever is watching."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from serving.telemetry import STAGE_SECONDS

Stage = Literal["load", "listen", "extract", "draft", "score"]
OnStage = Callable[[Stage, int], None]
"""Takes the stage a call is in and how many ms of the recording are in words by then."""


def unwatched(stage: Stage, heard_ms: int) -> None:
    """Tell nobody."""


@dataclass(slots=True)
class StageClock:
    """Times the stages and tells the caller of them."""

    on_stage: OnStage
    heard_ms: int = 0
    timings_ms: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: Stage) -> Iterator[None]:
        """Time what is done inside as this stage."""
        self.on_stage(name, self.heard_ms)
        started = time.perf_counter()
        yield
        elapsed_s = time.perf_counter() - started
        STAGE_SECONDS.labels(stage=name).observe(elapsed_s)
        self.timings_ms[name] = round(elapsed_s * 1000)

    def heard(self, reached_ms: int) -> None:
        """Note how far into the recording words have been made."""
        self.heard_ms = reached_ms
        self.on_stage("listen", reached_ms)
