"""Where the workers of a batch run: in this process, or in several of their own."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from serving.batch.manifest import CallItem
from serving.batch.worker import MakeWorker, Outcome


def run_here(items: Iterable[CallItem], make_worker: MakeWorker) -> Iterator[Outcome]:
    """Process one call after the other in this process."""
    worker = make_worker()
    for item in items:
        yield worker.run(item)


def run_in_processes(
    items: Iterable[CallItem], make_worker: MakeWorker, count: int
) -> Iterator[Outcome]:
    """Process `count` calls at once, each in a process of its own; outcomes come as they end.

    A process that dies (out of memory, a decoder's crash) costs the call it had, which is
    reported as failed, and is replaced. A worker that cannot even be made ends the batch
    with its error. The processes end with this one, however it ends: their pipe closes.
    """
    waiting = deque(items)
    running: dict[Connection, _Running] = {}
    try:
        while len(running) < min(count, len(waiting)):
            _start(make_worker, running)
        for member in running.values():
            _hand_next(member, waiting)
        while any(member.item for member in running.values()):
            for ready in wait(list(running)):
                assert isinstance(ready, Connection)
                member = running[ready]
                try:
                    reply = ready.recv()
                except (EOFError, ConnectionResetError):
                    yield _died(member)
                    del running[ready]
                    if waiting:
                        _hand_next(_start(make_worker, running), waiting)
                    continue
                if isinstance(reply, BaseException):
                    raise reply
                member.item = None
                _hand_next(member, waiting)
                yield reply
    finally:
        for member in running.values():
            member.connection.close()
            member.process.kill()
            member.process.join()


@dataclass(slots=True)
class _Running:
    process: BaseProcess
    connection: Connection
    item: CallItem | None = None


def _start(make_worker: MakeWorker, running: dict[Connection, _Running]) -> _Running:
    # A forked copy of a process with recogniser threads may deadlock; spawned ones are clean.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, make_worker), daemon=True)
    process.start()
    theirs.close()
    running[ours] = _Running(process, ours)
    return running[ours]


def _hand_next(member: _Running, waiting: deque[CallItem]) -> None:
    if waiting:
        member.item = waiting.popleft()
        with contextlib.suppress(BrokenPipeError):  # a dead one is noticed when it is read from
            member.connection.send(member.item)


def _died(member: _Running) -> Outcome:
    member.process.join()
    assert member.item is not None
    code = member.process.exitcode or 0
    cause = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    return Outcome(
        call_id=member.item.call_id,
        error="WorkerDied",
        message=f"the worker process ended ({cause}) while it had this recording; "
        "if memory ran out, use fewer --workers",
    )


def _work(connection: Connection, make_worker: MakeWorker) -> None:
    # Ctrl-C reaches the whole process group; the parent decides what becomes of us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        worker = make_worker()
    except Exception as error:
        connection.send(error)
        return
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            connection.send(worker.run(connection.recv()))
