"""The workers of a batch on a Ray cluster.

The driver alone writes results and journal, so killing it or resuming is as safe as on
one machine. Recordings are read by the workers: they must lie where every node sees them.
"""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from serving.batch.manifest import CallItem
from serving.batch.worker import MakeWorker, Outcome, Worker
from serving.errors import ClusterError

if TYPE_CHECKING:
    import types

_KNOCK_S = 10
_STARTING_S = 600
"""How long to wait for the first worker: a cluster may have to start a node for it."""


def run_on_ray(
    items: Iterable[CallItem], make_worker: MakeWorker, *, address: str, count: int, cpus: float = 1
) -> Iterator[Outcome]:
    """Process `count` calls at once on the cluster at `address`; outcomes come as they end.

    `address` is what `ray.init` takes, or `local` for a cluster of this machine's own. A
    worker that is lost with its node costs the call it had and is replaced. Raises
    `ClusterError` when Ray is not installed or the cluster does not answer, and what
    making a worker raises.
    """
    ray = _connect(address)
    actor = ray.remote(_Actor).options(num_cpus=cpus)
    waiting = deque(items)
    under_way: dict[Any, tuple[Any, CallItem]] = {}
    try:
        workers = [actor.remote(make_worker) for _ in range(min(count, len(waiting)))]
        _await_first(ray, workers)
        for worker in workers:
            _hand_next(worker, waiting, under_way)
        while under_way:
            [done], _ = ray.wait(list(under_way), num_returns=1)
            worker, item = under_way.pop(done)
            try:
                outcome = ray.get(done)
            except ray.exceptions.RayActorError as error:
                outcome = _lost(item, error)
                worker = actor.remote(make_worker)
            _hand_next(worker, waiting, under_way)
            yield outcome
    finally:
        ray.shutdown()


class _Actor:
    """A worker on some node; models are loaded once, when it is made."""

    def __init__(self, make_worker: MakeWorker) -> None:
        self._worker: Worker = make_worker()

    def ready(self) -> bool:
        return True

    def run(self, item: CallItem) -> Outcome:
        return self._worker.run(item)


def _connect(address: str) -> types.ModuleType:
    try:
        import ray
    except ImportError as error:
        raise ClusterError(
            "--ray needs Ray, which is not installed; run `pip install 'jiesu[cluster]'`, "
            "or leave --ray out and use --workers"
        ) from error
    try:
        _knock(address)
        ray.init(
            address=address,
            log_to_driver=False,
            include_dashboard=False if address == "local" else None,
            configure_logging=False,
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise ClusterError(
            f"no Ray cluster answers at {address!r} ({error}); start one with `ray start --head` "
            "or use `--ray local`"
        ) from error
    module: types.ModuleType = ray
    return module


def _knock(address: str) -> None:
    """Raise OSError now where nobody listens; Ray itself would try for five minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host, int(port)), timeout=_KNOCK_S).close()


def _await_first(ray: Any, workers: list[Any]) -> None:
    """Wait until one worker has its models, so that a wrong set-up ends the job at once."""
    ready, _ = ray.wait([worker.ready.remote() for worker in workers], timeout=_STARTING_S)
    if not ready:
        raise ClusterError(
            f"the cluster gave no worker within {_STARTING_S} s; free CPUs there or ask for fewer"
        )
    try:
        ray.get(ready)
    except ray.exceptions.RayActorError as error:
        cause = error.__cause__ or error
        raise ClusterError(f"a worker could not load its models on the cluster: {cause}") from error


def _hand_next(
    worker: Any, waiting: deque[CallItem], under_way: dict[Any, tuple[Any, CallItem]]
) -> None:
    if waiting:
        item = waiting.popleft()
        under_way[worker.run.remote(item)] = (worker, item)


def _lost(item: CallItem, error: Exception) -> Outcome:
    return Outcome(
        call_id=item.call_id,
        error="WorkerDied",
        message=f"the worker on the cluster was lost while it had this recording "
        f"({type(error).__name__}); if memory ran out there, give it more or use fewer --workers",
    )
