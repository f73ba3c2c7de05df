"""Peak memory of `jiesu process` on a recording of hours."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from serving.bench.report import Figure, Goal
from serving.bench.wav_join import join_wavs
from serving.errors import BenchError

_GIB = 1024**3


@dataclass(frozen=True, slots=True)
class LongRun:
    """One `process` of a long recording, in a process of its own."""

    hours: float
    peak_bytes: int
    wall_s: float


def measure_long_recording(folder: Path, work: Path, hours: float, engine: str) -> LongRun:
    """Join calls to a recording of `hours`, process it, and return its peak memory.

    Raises `BenchError` when the process fails.
    """
    recording = work / "long.wav"
    join_wavs(sorted(folder.glob("*.wav")), recording, hours * 3600)
    command = [
        sys.executable, "-m", "serving.cli.main", "process", str(recording),
        "--engine", engine, "--kind", "ticket", "--json", "--output", str(work / "long.json"),
    ]  # fmt: skip
    started = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    said = process.stderr.read().decode()
    # wait4 tells this child's own peak; RUSAGE_CHILDREN would be the highest of all so far.
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    if process.returncode:
        raise BenchError(f"processing {hours:g} h of calls failed: {said.strip()}")
    return LongRun(hours, usage.ru_maxrss * 1024, time.perf_counter() - started)


def long_figures(run: LongRun) -> list[Figure]:
    """Return the figures of a long recording."""
    of = f"one recording of {run.hours:g} h"
    return [
        Figure(
            "peak memory of process", run.peak_bytes / _GIB, "GiB",
            of, Goal("<=", 1.5),
        ),
        Figure("speed on a long recording", run.hours * 3600 / run.wall_s, "×", of),
    ]  # fmt: skip
