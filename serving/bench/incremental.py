"""What each final utterance of a live call costs to understand, and how steady the draft is.

Time is that of the thread that understands, on one core: what other processes do meanwhile
does not count.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np

from asr.types import Transcript, Utterance
from nlu.extractor import Extractor
from nlu.types import Extraction
from serving.bench.report import Figure, Goal
from serving.clock import CHINA_TIME

_CALL_TIME = datetime(2018, 1, 15, 12, tzinfo=CHINA_TIME)
_GOAL = Goal("<=", 0.020)


def incremental_figures(extractor: Extractor, paths: Sequence[Path]) -> list[Figure]:
    """Return the figures of calls followed turn by turn, and of one call of all their turns."""
    calls = [_turns(path) for path in paths]
    followed = [_follow(extractor, turns) for turns in calls]
    costs = [cost for call in followed for cost in call[0]]
    changed = [call[1] for call in followed]
    long_costs, _ = _follow(extractor, [turn for turns in calls for turn in turns])
    of = f"{len(costs)} updates of {len(calls)} calls"
    long = f"{len(long_costs)} updates of one call"
    return [
        _seconds("time of an update, p50", costs, 50, of, None),
        _seconds("time of an update, p95", costs, 95, of, _GOAL),
        _seconds("time of an update, p95", long_costs, 95, long, _GOAL),
        Figure("changes of the agency once named", float(sum(changed)), "count", of),
    ]


def _turns(path: Path) -> list[tuple[str, str]]:
    call = json.loads(path.read_text(encoding="utf-8"))
    return [(turn["channel"], turn["text"]) for turn in call["turns"]]


def _follow(extractor: Extractor, turns: Sequence[tuple[str, str]]) -> tuple[list[float], int]:
    """Return the seconds of each update, and how often the named agency changed."""
    reading = extractor.follow()
    costs, agencies = [], []
    for transcript in _growing(turns):
        started = time.thread_time()
        extraction: Extraction = reading.extract(transcript, call_time=_CALL_TIME)
        costs.append(time.thread_time() - started)
        if extraction.agency.value is not None:
            agencies.append(extraction.agency.value)
    return costs, sum(before != after for before, after in pairwise(agencies))


def _growing(turns: Sequence[tuple[str, str]]) -> Iterator[Transcript]:
    utterances: tuple[Utterance, ...] = ()
    for number, (channel, text) in enumerate(turns):
        leg = "agent" if channel == "agent" else "citizen"
        start_ms = number * 3000
        last = Utterance(f"u{number}", leg, start_ms, start_ms + 2500, text, 1.0)  # type: ignore[arg-type]
        utterances = (*utterances, last)
        yield Transcript(utterances, start_ms + 2500)


def _seconds(
    name: str, costs: Sequence[float], percentile: int, of: str, goal: Goal | None
) -> Figure:
    value = float(np.percentile(costs, percentile)) if costs else float("nan")
    return Figure(name, value, "s", of, goal)
