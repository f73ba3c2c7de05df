"""Uploads on their way through the pipeline: a bounded queue and the threads that work it off.

The queue lives in the store, so that a restart finds it again; here is only who waits.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
from pathlib import Path
from typing import cast

from asr.audio_decode import AudioDecoder
from asr.errors import AudioEmptyError, AudioError
from asr.roles import AgentSide
from serving.api.error_table import fault_of
from serving.clock import CHINA_TIME
from serving.contract import CallModel
from serving.conversion import call_model
from serving.errors import BusyError, CallNotFoundError
from serving.feed import Feed
from serving.hotlines import Hotlines
from serving.live.events import StateUpdate
from serving.pipeline import Stage
from serving.playback import make_playable
from serving.recordings import Recordings
from serving.result import CallKind
from serving.store import Call, CallStore

log = logging.getLogger(__name__)

_STOP = ""
_PROGRESS_STEP = 0.02


class _StoppedError(Exception):
    """The service is going down; the recording waits for the next start."""


class Jobs:
    """Processes queued recordings, oldest first, on threads of its own."""

    def __init__(
        self,
        calls: CallStore,
        hotlines: Hotlines,
        recordings: Recordings,
        feed: Feed,
        *,
        max_queued: int,
        workers: int = 1,
    ) -> None:
        self._calls = calls
        self._hotlines = hotlines
        self._recordings = recordings
        self._feed = feed
        self._max_queued = max_queued
        self._queue: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._is_stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, name=f"upload {n}", daemon=True)
            for n in range(1, workers + 1)
        ]

    @property
    def is_alive(self) -> bool:
        """Whether all workers are at work."""
        return all(thread.is_alive() for thread in self._threads)

    @property
    def waiting(self) -> int:
        """Recordings in the queue."""
        return self._queue.qsize()

    def start(self) -> None:
        """Take up what the last run left, and begin."""
        for call_id in self._calls.oldest("processing"):
            self._calls.move(call_id, "processing", "queued", progress=None)
        for call_id in self._calls.oldest("queued"):
            self._queue.put(call_id)
        for thread in self._threads:
            thread.start()

    def check_room(self) -> None:
        """Raise BusyError when the queue is full: before an upload is taken in."""
        if self.waiting >= self._max_queued:
            raise BusyError(f"{self.waiting} recordings wait already; try again when some are done")

    def submit(self, call_id: str) -> None:
        """Process a call that stands in the store as queued."""
        self._feed.publish(call_id, StateUpdate(state="queued"))
        self._queue.put(call_id)

    def take_over(self, call_id: str, recording: str) -> None:
        """Process the recording of a live call that could not be heard to its end."""
        if self._calls.move(call_id, "live", "queued", recording=recording):
            self.submit(call_id)

    def close(self, timeout_s: float = 10.0) -> None:
        """Stop; recordings that are not done wait in the store for the next start."""
        self._is_stopping.set()
        for _ in self._threads:
            self._queue.put(_STOP)
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(timeout_s)

    def _work(self) -> None:
        while (call_id := self._queue.get()) != _STOP and not self._is_stopping.is_set():
            try:
                if self._calls.move(call_id, "queued", "processing", progress=0.0):
                    self._process(self._calls.get(call_id))
            except Exception:
                log.exception("a recording's outcome could not be stored")

    def _process(self, call: Call) -> None:
        try:
            result = self._run(call)
        except Exception as error:
            # Going down closes the recogniser too; what fails then waits for the next start.
            if self._is_stopping.is_set():
                self._calls.move(call.id, "processing", "queued", progress=None)
            else:
                self._fail(call, error)
        else:
            self._calls.finish(call.id, result)
            self._feed.publish(
                call.id, StateUpdate(state="done", kind=result.kind, progress=1.0), last=True
            )

    def _run(self, call: Call) -> CallModel:
        if call.recording is None:
            raise AudioEmptyError("the call has no recording; upload it again")
        path = self._recordings.path(call.recording)
        progress = _Progress(self._calls, self._feed, call.id, _declared_ms(path))

        def on_stage(stage: Stage, heard_ms: int) -> None:
            if self._is_stopping.is_set():
                raise _StoppedError
            progress.report(stage, heard_ms)

        pipeline = self._hotlines.get(call.profile)
        result = pipeline.process(
            path,
            call_id=call.id,
            kind=cast("CallKind | None", call.kind),
            received_at=call.received_at.astimezone(CHINA_TIME),
            agent_channel=cast("AgentSide", call.agent_channel or "auto"),
            on_stage=on_stage,
        )
        make_playable(self._recordings, call.recording)
        return call_model(result)

    def _fail(self, call: Call, error: Exception) -> None:
        fault = fault_of(error)
        if not isinstance(error, AudioError):
            log.error("a recording could not be processed", exc_info=error)
        message = str(error) if fault.is_ours else "unexpected error; see the service's log"
        if call.recording is not None:
            # People know the recording by the name they gave it, not by ours.
            stored = str(self._recordings.path(call.recording))
            message = message.replace(stored, call.filename or "the recording")
        with contextlib.suppress(CallNotFoundError):
            self._calls.fail(call.id, fault.code, message)
        self._feed.publish(
            call.id,
            StateUpdate(state="failed", error=fault.code, title=fault.title, message=message),
            last=True,
        )


class _Progress:
    """Tells the store and the followers how far a recording is, in steps worth telling."""

    def __init__(self, calls: CallStore, feed: Feed, call_id: str, declared_ms: int | None) -> None:
        self._calls = calls
        self._feed = feed
        self._call_id = call_id
        self._declared_ms = declared_ms
        self._stage: Stage | None = None
        self._share = 0.0

    def report(self, stage: Stage, heard_ms: int) -> None:
        share = min(heard_ms / self._declared_ms, 1.0) if self._declared_ms else 0.0
        if stage == self._stage and share < self._share + _PROGRESS_STEP:
            return
        self._stage, self._share = stage, share
        self._calls.set_progress(self._call_id, share)
        self._feed.publish(
            self._call_id, StateUpdate(state="processing", stage=stage, progress=share)
        )


def _declared_ms(path: Path) -> int | None:
    """Return how long a recording says it is; what is wrong with it shows later."""
    try:
        with AudioDecoder(path) as decoder:
            declared_s = decoder.declared_s
    except AudioError:
        return None
    return round(declared_s * 1000) if declared_s else None
