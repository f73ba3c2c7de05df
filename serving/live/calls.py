"""All live calls: admitted, found again, ended, stored."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from asr.live import LiveSession, LiveSettings
from asr.owner import RecogniserOwner
from asr.streaming.contract import StreamingRecogniser
from asr.vad import Vad
from serving.errors import BusyError, CallStateError, ClosingError, ResumeError
from serving.feed import Feed
from serving.live.call import CallSpec, LiveCall
from serving.live.conclusion import Conclusion
from serving.live.drafting import LiveDraft
from serving.live.events import StateUpdate
from serving.live.limits import LiveLimits
from serving.live.metrics import LIVE_CALLS, LIVE_CALLS_ENDED, RESUMES
from serving.live.recorder import LegRecorder
from serving.pipeline import Pipeline
from serving.recordings import Recordings
from serving.store import CallStore
from serving.store.tables import CallSource

_GOODBYE_S = 3.0


@dataclass(slots=True)
class _Held:
    """A live call, who is connected to it, and the tasks it needs."""

    call: LiveCall
    connections: int = 0
    task: asyncio.Task[None] | None = None
    expiry: asyncio.TimerHandle | None = None


class LiveCalls:
    """The calls going on in this process; belongs to one event loop."""

    def __init__(
        self,
        owner: RecogniserOwner,
        calls: CallStore,
        recordings: Recordings,
        feed: Feed,
        conclusion: Conclusion,
        vad: Vad,
        *,
        limits: LiveLimits,
        drafting_threads: int = 2,
        streaming: StreamingRecogniser | None = None,
    ) -> None:
        self.limits = limits
        self._owner = owner
        self._calls = calls
        self._recordings = recordings
        self._feed = feed
        self._conclusion = conclusion
        self._vad = vad
        self._streaming = streaming
        self._held: dict[str, _Held] = {}
        self._starting: set[str] = set()
        self._connections = 0
        self._all_left = asyncio.Event()
        self.is_closing = False
        self._executor = ThreadPoolExecutor(drafting_threads, thread_name_prefix="drafting")

    @property
    def count(self) -> int:
        """Calls going on or being admitted."""
        return len(self._held) + len(self._starting)

    async def open(self, spec: CallSpec, pipeline: Pipeline, source: CallSource) -> LiveCall:
        """Admit a call; its first connection still has to `attach`.

        Raises BusyError, ClosingError, CapacityError when there is no room, CallStateError
        when the id is taken, OutputError when nothing can be recorded.
        """
        if self.is_closing:
            raise ClosingError("the service is going down; try again in a minute")
        if self.count >= self.limits.max_calls:
            raise BusyError(
                f"all {self.limits.max_calls} lines are taken; try again when a call has ended"
            )
        if spec.call_id in self._held or spec.call_id in self._starting:
            raise _taken(spec.call_id)
        self._starting.add(spec.call_id)
        try:
            held = await self._start(spec, pipeline, source)
        finally:
            self._starting.discard(spec.call_id)
        self._held[spec.call_id] = held
        LIVE_CALLS.set(len(self._held))
        return held.call

    def find(self, call_id: str) -> LiveCall | None:
        """Return a call that is going on."""
        held = self._held.get(call_id)
        return held.call if held else None

    def resume(self, call_id: str, token: str) -> LiveCall:
        """Return a call to a client whose connection dropped; ResumeError if it is over."""
        held = self._held.get(call_id)
        if held is None or held.call.has_ended:
            raise ResumeError(f"call {call_id!r} is over or was never here; start a new one")
        if not hmac.compare_digest(held.call.token.encode(), token.encode()):
            raise ResumeError("the token is not the one of this call; send that of `ready`")
        RESUMES.inc()
        return held.call

    def attach(self, call: LiveCall) -> None:
        """Count one more connection of a call."""
        self._connections += 1
        held = self._held.get(call.spec.call_id)
        if held is None:
            return
        held.connections += 1
        if held.expiry is not None:
            held.expiry.cancel()
            held.expiry = None

    def detach(self, call: LiveCall) -> None:
        """Count one connection less; without any, the call ends after a while."""
        self._connections -= 1
        if not self._connections:
            self._all_left.set()
        held = self._held.get(call.spec.call_id)
        if held is None:
            return
        held.connections -= 1
        if held.connections == 0 and not call.has_ended:
            loop = asyncio.get_running_loop()
            held.expiry = loop.call_later(self.limits.resume_within_s, call.end)

    async def close(self) -> None:
        """End all calls and store them; what takes too long is found again at the next start."""
        self.is_closing = True
        for held in self._held.values():
            held.call.end()
        tasks = [held.task for held in self._held.values() if held.task is not None]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=self.limits.close_within_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._say_goodbye()
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def _say_goodbye(self) -> None:
        """Give the connections of calls that have ended the time to tell their clients."""
        self._all_left.clear()
        if self._connections:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._all_left.wait(), _GOODBYE_S)

    async def _start(self, spec: CallSpec, pipeline: Pipeline, source: CallSource) -> _Held:
        async with contextlib.AsyncExitStack() as on_failure:
            session = LiveSession(
                self._owner,
                settings=LiveSettings(source_rate_hz=spec.sample_rate_hz, dialect=spec.dialect),
                hotwords=(*spec.hotwords, *pipeline.profile.nlu.hotwords.hotwords),
                vad=self._vad,
                streaming=self._streaming,
            )
            await on_failure.enter_async_context(session)
            if await asyncio.to_thread(self._calls.exists, spec.call_id):
                raise _taken(spec.call_id)
            recorder = LegRecorder(
                self._recordings, spec.call_id, spec.sample_rate_hz, is_mixed=spec.is_mixed
            )
            on_failure.callback(recorder.abandon)
            await recorder.open()
            await asyncio.to_thread(self._remember, spec, source)
            on_failure.pop_all()
        call_log = self._feed.open(spec.call_id)
        call_log.publish(StateUpdate(state="live", kind=spec.kind))
        call = LiveCall(spec, session, recorder, call_log, self.limits)
        draft = LiveDraft(
            pipeline,
            self._executor,
            call_log,
            call.transcript,
            received_at=spec.received_at,
            kind=spec.kind,
        )
        held = _Held(call)
        held.task = asyncio.create_task(self._run(call, draft, pipeline), name="live call")
        return held

    def _remember(self, spec: CallSpec, source: CallSource) -> None:
        self._calls.add(
            spec.call_id,
            source=source,
            state="live",
            profile=spec.profile,
            kind=spec.kind,
            received_at=spec.received_at,
        )

    async def _run(self, call: LiveCall, draft: LiveDraft, pipeline: Pipeline) -> None:
        call_id = call.spec.call_id
        try:
            outcome = await self._conclusion.of(call, draft, pipeline)
            LIVE_CALLS_ENDED.labels(outcome=outcome).inc()
        finally:
            held = self._held.pop(call_id, None)
            if held is not None and held.expiry is not None:
                held.expiry.cancel()
            LIVE_CALLS.set(len(self._held))


def _taken(call_id: str) -> CallStateError:
    return CallStateError(f"there is a call {call_id!r} already; choose another id or `resume` it")
