"""The one thread that owns the recogniser, and the queue of all calls before it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType

import numpy as np

from asr.deadline_queue import DeadlineQueue
from asr.errors import CapacityError, EngineError, StreamClosedError
from asr.load import Admission, CallDesk
from asr.recogniser import Recogniser, draft
from asr.types import SAMPLE_RATE_HZ, Recognition, SpeechSegment

_WARM_UP_S = 3.0


@dataclass(frozen=True, slots=True)
class OwnerSettings:
    """Limits of one recogniser."""

    max_batch: int = 8
    queue_limit: int = 256
    """Requests waiting or under way; beyond it finals wait and partials are refused."""
    max_calls: int | None = None
    max_load: float = 0.85
    """A call that would bring the load above this is refused."""
    load_window_s: float = 20.0
    drafts_per_call_s: float = 0.8
    """Partials one call asks for in a second while somebody speaks; only for the first guess."""
    finals_per_call_s: float = 0.2


@dataclass(frozen=True, slots=True)
class _Request:
    segment: SpeechSegment
    hotwords: tuple[str, ...]
    result: asyncio.Future[Recognition]
    is_live: bool = True
    is_draft: bool = False

    @property
    def is_wanted(self) -> bool:
        return not self.result.cancelled()

    def goes_with(self, other: _Request) -> bool:
        """Whether both may be one batch: what is quick must not wait for what is not."""
        return (self.hotwords, self.is_live, self.is_draft) == (
            other.hotwords,
            other.is_live,
            other.is_draft,
        )


class RecogniserOwner:
    """Runs requests of all calls in batches, the most urgent first, on one thread.

    Belongs to one event loop; an async context manager. The recogniser is touched by
    nobody else. An error reaches the requests of its batch and nobody else.
    """

    def __init__(
        self,
        recogniser: Recogniser,
        settings: OwnerSettings | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.clock = clock
        self._recogniser = recogniser
        self._settings = settings or OwnerSettings()
        self._desk = CallDesk(
            clock,
            window_s=self._settings.load_window_s,
            max_load=self._settings.max_load,
            max_calls=self._settings.max_calls,
        )
        self._room = asyncio.Semaphore(self._settings.queue_limit)
        self._queue: DeadlineQueue[_Request] = DeadlineQueue()
        self._thread = threading.Thread(target=self._work, name="recogniser", daemon=True)

    async def __aenter__(self) -> RecogniserOwner:
        self._loop = asyncio.get_running_loop()
        self._thread.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    @property
    def calls(self) -> int:
        """Calls admitted now."""
        return self._desk.calls

    @property
    def load(self) -> float:
        """Share of the last window in which the recogniser worked, 0 to 1."""
        return self._desk.load

    @property
    def waiting(self) -> int:
        """Requests in the queue."""
        return len(self._queue)

    async def warm_up(self) -> None:
        """Run the recogniser once, and take from it a first guess at what a call costs."""
        noise = np.random.default_rng(0).normal(0.0, 0.01, int(_WARM_UP_S * SAMPLE_RATE_HZ))
        segment = SpeechSegment("agent", 0, noise.astype(np.float32))
        call_load = 0.0
        often = (
            (True, self._settings.drafts_per_call_s),
            (False, self._settings.finals_per_call_s),
        )
        for is_draft, per_call_s in often:
            for _ in range(2):  # the first run pays for pages and caches
                started_s = self.clock()
                await self.transcribe(segment, deadline_s=started_s, is_draft=is_draft)
            call_load += (self.clock() - started_s) * per_call_s
        self._desk.set_guess(call_load)

    def admit(self) -> Admission:
        """Take one more call on; raise CapacityError where it could not be served in time."""
        return self._desk.admit()

    async def transcribe(
        self,
        segment: SpeechSegment,
        *,
        deadline_s: float,
        hotwords: Sequence[str] = (),
        may_refuse: bool = False,
        is_live: bool = True,
        is_draft: bool = False,
    ) -> Recognition:
        """Return what is heard in `segment`, wanted by `deadline_s` of `clock`.

        With `may_refuse`, a full queue raises CapacityError; without, it is waited for.
        Without `is_live` it belongs to a recording, which fills the gaps that calls leave
        and does not count against the calls that can be admitted. With `is_draft` the quick
        way will do.
        Raises EngineError, and StreamClosedError where the owner is closed. Cancelling
        takes the request out of the queue.
        """
        if may_refuse and self._room.locked():
            raise CapacityError("the recogniser's queue is full")
        async with self._room:
            result: asyncio.Future[Recognition] = self._loop.create_future()
            request = _Request(segment, tuple(hotwords), result, is_live, is_draft)
            if not self._queue.put(deadline_s, request):
                raise StreamClosedError("the recogniser has been closed; start it again")
            return await result

    async def close(self) -> None:
        """Refuse what waits, let the batch under way end, and end the thread."""
        for request in self._queue.close():
            _settle(request.result, StreamClosedError("the recogniser was closed"))
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join)

    def _work(self) -> None:
        while batch := self._next_batch():
            started_s = self.clock()
            outcome = self._run(batch)
            if batch[0].is_live:
                self._desk.record_busy(started_s, self.clock())
            for request, result in zip(batch, outcome, strict=True):
                with suppress(RuntimeError):  # the loop is gone, and with it whoever waited
                    self._loop.call_soon_threadsafe(_settle, request.result, result)

    def _next_batch(self) -> list[_Request]:
        """Wait for requests and return the most urgent that go together; none at the end."""
        return self._queue.take(
            self._settings.max_batch,
            is_wanted=lambda request: request.is_wanted,
            goes_with=lambda first, other: other.goes_with(first),
        )

    def _run(self, batch: list[_Request]) -> Sequence[Recognition | Exception]:
        try:
            segments, hotwords = [r.segment for r in batch], batch[0].hotwords
            if batch[0].is_draft:
                heard = draft(self._recogniser, segments, hotwords)
            else:
                heard = self._recogniser.transcribe(segments, hotwords)
        except EngineError as error:
            return [error] * len(batch)
        except Exception as error:  # whatever else an engine raises must not end this thread
            fault = EngineError(f"the recogniser failed on a batch ({type(error).__name__})")
            fault.__cause__ = error
            return [fault] * len(batch)
        if len(heard) != len(batch):
            fault = EngineError(f"the engine answered {len(heard)} of {len(batch)} requests")
            return [fault] * len(batch)
        return heard


def _settle(result: asyncio.Future[Recognition], outcome: Recognition | Exception) -> None:
    if result.done():
        return
    if isinstance(outcome, Exception):
        result.set_exception(outcome)
    else:
        result.set_result(outcome)
