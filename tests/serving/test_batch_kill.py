"""A batch killed with SIGKILL at any moment, by a real process, many times over."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from serving.batch.journal import JOURNAL_NAME

CALLS = 150
ROOT = Path(__file__).resolve().parents[2]


def start(source: Path, out: Path, *options: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.serving.cheap_batch", str(source), str(out), *options]
    return subprocess.Popen(command, cwd=ROOT)


def whole_results(out: Path) -> set[str]:
    """Ids of the results that are there; a half-written one fails the test."""
    found = set()
    for path in out.glob("*.json"):
        found.add(json.loads(path.read_text())["call_id"])
    return found


def wait_for_more_work(log: Path, before: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        if log.exists() and len(log.read_text().split()) > before:
            return
        time.sleep(0.002)


@pytest.mark.parametrize(("workers", "kills"), [("1", 6), ("2", 3)])
def test_killed_batch_loses_and_repeats_no_finished_call(
    tmp_path: Path, workers: str, kills: int
) -> None:
    source, out, log = tmp_path / "in", tmp_path / "out", tmp_path / "worked.log"
    source.mkdir()
    for number in range(CALLS):
        (source / f"{number:03d}.wav").write_text("fail" if number % 10 == 9 else "words")
    chance = random.Random(12345)
    finished: set[str] = set()
    hit = 0
    for _ in range(kills):
        before = Counter(log.read_text().split() if log.exists() else ())
        process = start(source, out, "--resume", "--workers", workers)
        wait_for_more_work(log, before.total(), process)
        time.sleep(chance.uniform(0, 0.05))
        hit += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
        worked = Counter(log.read_text().split())
        assert not [call for call in finished if worked[call] > before[call]]
        finished = whole_results(out)
    assert hit > kills // 2, "the batch ended before it could be killed; give it more calls"
    assert start(source, out, "--resume", "--workers", workers).wait() == 0

    good = {f"{n:03d}" for n in range(CALLS) if n % 10 != 9}
    assert whole_results(out) == good
    entries = [json.loads(line) for line in (out / JOURNAL_NAME).read_text().splitlines()]
    ended = Counter(e["call_id"] for e in entries if e["event"] in ("done", "failed"))
    assert set(ended) == {f"{n:03d}" for n in range(CALLS)}
    assert set(ended.values()) == {1}
    assert not [p for p in out.iterdir() if p.name.startswith(".jiesu-")]
