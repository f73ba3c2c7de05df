"""A batch with a cheap worker, run as a process of its own so that tests can kill it.

    python -m tests.serving.cheap_batch IN OUT [--resume] [--workers N]

Each time a call is worked on, its id is added to OUT/../worked.log.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

from serving.batch.manifest import CallItem, read_items
from serving.batch.pools import run_here, run_in_processes
from serving.batch.run import run_batch
from serving.batch.worker import Outcome, Worker


@dataclass(frozen=True)
class CheapWorker:
    """Takes a millisecond; fails for files that say so, and dies with the process for others."""

    log: Path

    def run(self, item: CallItem) -> Outcome:
        descriptor = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(descriptor, f"{item.call_id}\n".encode())
        os.close(descriptor)
        words = item.path.read_text()
        time.sleep(0.001)
        if words == "die":
            os._exit(7)
        if words == "fail":
            return Outcome(item.call_id, error="AudioDecodeError", message="not audio")
        text = json.dumps({"call_id": item.call_id, "words": words * 200})
        return Outcome(item.call_id, text=text, audio_ms=1000, wall_ms=1)


@dataclass(frozen=True)
class MakeCheapWorker:
    log: Path

    def __call__(self) -> Worker:
        return CheapWorker(self.log)


class NoWorker:
    """A worker that cannot be made."""

    def __call__(self) -> Worker:
        raise RuntimeError("no such model")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--workers", type=int, default=1)
    chosen = parser.parse_args()
    make_worker = MakeCheapWorker(chosen.out.parent / "worked.log")
    run_batch(
        read_items(chosen.source),
        chosen.out,
        lambda items: (
            run_here(items, make_worker)
            if chosen.workers == 1
            else run_in_processes(items, make_worker, chosen.workers)
        ),
        resume=chosen.resume,
    )


if __name__ == "__main__":
    main()
