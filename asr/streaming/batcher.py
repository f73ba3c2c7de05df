"""The one thread that owns a streaming model, and the chunks of all streams before it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType

import numpy as np

from asr.deadline_queue import DeadlineQueue
from asr.errors import CapacityError, EngineError, StreamClosedError
from asr.load import Admission, CallDesk
from asr.streaming.contract import ChunkModel, ChunkTokens, Flags
from asr.streaming.stream import ChunkStream
from asr.streaming.waiting_audio import WaitingAudio
from asr.types import SAMPLE_RATE_HZ

_WARM_UP_STEPS = 2


@dataclass(frozen=True, slots=True)
class BatcherSettings:
    """Limits of one streaming model."""

    max_batch: int | None = None
    """Streams in a step; without it, as many as the model gains from."""
    waiting_chunks: int = 8
    """Audio of one stream that may wait unheard."""
    within_ms: int | None = None
    """When a chunk is wanted after it is full; without it, within its own length."""
    max_calls: int | None = None
    max_load: float = 0.85
    """A call that would bring the load above this is refused."""
    load_window_s: float = 20.0
    streams_per_call: float = 2.0
    """Streams a call has going; only for the first guess."""


@dataclass(frozen=True, slots=True)
class StepNote:
    """One step, for whoever measures: seconds of the clock, and who was in it."""

    started_s: float
    ended_s: float
    ready_s: tuple[float, ...]
    """When each stream's chunk had become ready."""
    is_last: tuple[bool, ...]


class StreamBatcher:
    """Runs ready chunks of all streams in batches, the most urgent first, on one thread.

    Belongs to one event loop; an async context manager. See
    `asr.streaming.contract.StreamingRecogniser`. A step that fails reaches the streams
    that were in it and nobody else.
    """

    def __init__(
        self,
        model: ChunkModel,
        settings: BatcherSettings | None = None,
        clock: Callable[[], float] = time.monotonic,
        observe: Callable[[StepNote], None] | None = None,
    ) -> None:
        self.name = model.name
        self.clock = clock
        self._model = model
        self._settings = chosen = settings or BatcherSettings()
        self._observe = observe
        self._most = min(chosen.max_batch or model.largest_batch, model.slots)
        self._within_s = (
            model.chunk_samples / SAMPLE_RATE_HZ
            if chosen.within_ms is None
            else chosen.within_ms / 1000
        )
        self._desk = CallDesk(
            clock,
            window_s=chosen.load_window_s,
            max_load=chosen.max_load,
            max_calls=chosen.max_calls,
        )
        self._waiting = WaitingAudio(model.slots, chosen.waiting_chunks, model.chunk_samples)
        self._queue: DeadlineQueue[ChunkStream] = DeadlineQueue()
        self._lock = threading.Lock()
        self._free = list(reversed(range(model.slots)))
        self._open: set[ChunkStream] = set()
        self._is_closed = False
        self._thread = threading.Thread(target=self._work, name="streaming", daemon=True)

    async def __aenter__(self) -> StreamBatcher:
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(self._warm_up)
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
        """Share of the last window in which the model worked, 0 to 1."""
        return self._desk.load

    @property
    def streams(self) -> int:
        """Streams that hold a slot."""
        return self._model.slots - len(self._free)

    @property
    def waiting(self) -> int:
        """Chunks that wait for a step."""
        return len(self._queue)

    def admit(self) -> Admission:
        """Take one more call on; raise CapacityError where it could not be served in time."""
        return self._desk.admit()

    def open(self) -> ChunkStream:
        """Begin a stream; raises CapacityError where no slot is free, StreamClosedError."""
        if self._is_closed:
            raise StreamClosedError("the streaming model has been closed; start it again")
        with self._lock:
            if not self._free:
                raise CapacityError(
                    f"all {self._model.slots} streams are taken; try again when one has ended"
                )
            slot = self._free.pop()
            self._waiting.clear(slot)
            stream = ChunkStream(slot, self._waiting, self._model.text, self._ready, self._leave)
            self._open.add(stream)
        return stream

    async def close(self) -> None:
        """Let the step under way end, tell the streams that are open, and end the thread."""
        self._is_closed = True
        self._queue.close()
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join)
        for stream in list(self._open):
            stream.fail(StreamClosedError("the streaming model was closed"))

    def _warm_up(self) -> None:
        """Run full steps, and take from them a first guess at what a call costs."""
        slots = np.arange(self._most)
        noise = np.random.default_rng(0).normal(0, 0.01, (self._most, self._model.chunk_samples))
        count = np.full(self._most, self._model.chunk_samples)
        for _ in range(_WARM_UP_STEPS):  # the first run pays for pages and caches
            self._model.forget(slots)
            started_s = self.clock()
            self._model.step(slots, noise.astype(np.float32), count, count < 0)
            cost_s = self.clock() - started_s
        chunk_s = self._model.chunk_samples / SAMPLE_RATE_HZ
        self._desk.set_guess(cost_s / self._most / chunk_s * self._settings.streams_per_call)

    def _ready(self, stream: ChunkStream, chunks: int) -> None:
        """Note chunks that have become ready: full, or the last one of a stream."""
        stream.ready_at.extend([self.clock()] * chunks)
        self._wake(stream)

    def _wake(self, stream: ChunkStream) -> None:
        """Queue a stream that has a chunk; one at a time, since they build on each other."""
        with self._lock:
            if stream.is_busy or not stream.has_slot or stream.has_failed or not stream.ready_at:
                return
            stream.is_busy = True
        self._queue.put(stream.ready_at[0] + self._within_s, stream)

    def _leave(self, stream: ChunkStream) -> None:
        with self._lock:
            if not stream.is_busy:
                self._release(stream)

    def _release(self, stream: ChunkStream) -> None:
        if stream.has_slot:
            stream.has_slot = False
            self._open.discard(stream)
            self._free.append(stream.slot)

    def _is_wanted(self, stream: ChunkStream) -> bool:
        with self._lock:
            if stream.is_cancelled:
                self._release(stream)
            return stream.has_slot

    def _work(self) -> None:
        while batch := self._queue.take(self._most, is_wanted=self._is_wanted):
            slots = np.array([stream.slot for stream in batch])
            # Whoever is here without a whole chunk has ended.
            is_last = ~self._waiting.has_chunk(slots)
            ready = tuple(stream.ready_at.popleft() for stream in batch)
            started_s = self.clock()
            outcome = self._run(batch, is_last)
            ended_s = self.clock()
            self._desk.record_busy(started_s, ended_s)
            if self._observe is not None:
                self._observe(StepNote(started_s, ended_s, ready, tuple(is_last.tolist())))
            self._finish(batch, is_last, has_failed=isinstance(outcome, EngineError))
            with suppress(RuntimeError):  # the loop is gone, and with it whoever waited
                self._loop.call_soon_threadsafe(_deliver, batch, outcome, is_last)

    def _run(self, batch: list[ChunkStream], is_last: Flags) -> ChunkTokens | EngineError:
        try:
            fresh = np.array([stream.slot for stream in batch if stream.is_fresh], dtype=np.int64)
            if len(fresh):
                self._model.forget(fresh)
            slots = np.array([stream.slot for stream in batch])
            samples, count = self._waiting.take(slots)
            return self._model.step(slots, samples, count, is_last)
        except EngineError as error:
            return error
        except Exception as error:  # whatever else a model raises must not end this thread
            fault = EngineError(f"the streaming model failed on a batch ({type(error).__name__})")
            fault.__cause__ = error
            return fault

    def _finish(self, batch: list[ChunkStream], is_last: Flags, *, has_failed: bool) -> None:
        """Let go of streams that are over; queue those that have another chunk already."""
        for stream, over in zip(batch, is_last.tolist(), strict=True):
            with self._lock:
                stream.is_busy = stream.is_fresh = False
                # A failed stream keeps its slot until its call gives it up: it may be
                # pushing at this moment, and must not reach another stream's audio.
                stream.has_failed = has_failed
                if stream.is_cancelled or (over and not has_failed):
                    self._release(stream)
            self._wake(stream)


def _deliver(batch: list[ChunkStream], outcome: ChunkTokens | EngineError, is_last: Flags) -> None:
    """Hand each stream its own; on the event loop."""
    if isinstance(outcome, EngineError):
        for stream in batch:
            stream.fail(outcome)
        return
    rows = zip(batch, outcome.ids.tolist(), outcome.count.tolist(), is_last.tolist(), strict=True)
    for stream, ids, count, over in rows:
        if count or over:
            stream.hear(ids[:count], is_last=over)
