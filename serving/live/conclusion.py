"""The end of a live call: understood as a whole and stored, exactly like an upload."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path
from typing import Literal, Protocol

from asr.errors import AsrError, AudioEmptyError
from serving.api.error_table import fault_of
from serving.contract import CallModel
from serving.conversion import call_model
from serving.feed import Feed
from serving.live.call import HeardCall, LiveCall
from serving.live.drafting import LiveDraft
from serving.live.events import CONCLUDING, QAUpdate, StateUpdate
from serving.live.recorder import assemble_recording, interrupted_rate_hz
from serving.pipeline import Pipeline
from serving.recordings import Recordings
from serving.store import CallStore

log = logging.getLogger(__name__)

Outcome = Literal["done", "reprocessed", "failed"]

_MIN_DURATION_MS = 100


class Reprocess(Protocol):
    """Takes recordings that could not be heard live: the queue of uploads."""

    def take_over(self, call_id: str, recording: str) -> None:
        """Process the recording of a live call later."""


class Conclusion:
    """Brings live calls to their end, and those that a crash left without one."""

    def __init__(
        self, calls: CallStore, recordings: Recordings, feed: Feed, reprocess: Reprocess
    ) -> None:
        self._calls = calls
        self._recordings = recordings
        self._feed = feed
        self._reprocess = reprocess

    async def of(self, call: LiveCall, draft: LiveDraft, pipeline: Pipeline) -> Outcome:
        """Follow a call to its end, store what came of it and say how it ended."""
        call_id = call.spec.call_id
        try:
            heard = await call.hear(draft)
            if heard.failure is not None:
                self._log_failure(heard.failure)
            if heard.failure is not None or call.spec.is_mixed:
                # A recording as a whole tells two voices apart; so far they were one.
                await asyncio.to_thread(self._reprocess.take_over, call_id, heard.recording)
                return "reprocessed"
            call.log.publish(StateUpdate(state="live", kind=call.spec.kind, stage=CONCLUDING))
            await self._store(call, heard, draft, pipeline)
        except Exception as error:
            log.exception("a live call could not be brought to its end")
            await self._fail(call, error)
            return "failed"
        self._feed.end(call_id)
        return "done"

    def recover(self) -> None:
        """Queue the recordings of calls that were going on when the process ended."""
        for call_id in self._calls.oldest("live"):
            name = f"{call_id}.wav"
            rate_hz = interrupted_rate_hz(self._recordings, call_id)
            try:
                if rate_hz is not None:
                    assemble_recording(self._recordings, call_id, rate_hz)
                if self._recordings.path(name).exists():
                    self._reprocess.take_over(call_id, name)
                    continue
            except Exception as error:
                log.exception("the recording of an interrupted call could not be put together")
                self._calls.fail(call_id, *_code_and_message(error))
            else:
                self._calls.fail(call_id, "audio-empty", "the service stopped before any audio")

    async def _store(
        self, call: LiveCall, heard: HeardCall, draft: LiveDraft, pipeline: Pipeline
    ) -> None:
        call_id = call.spec.call_id
        if heard.transcript.duration_ms < _MIN_DURATION_MS:
            raise AudioEmptyError("the call ended before any audio came; nothing was stored of it")
        started = time.perf_counter()
        understood = await draft.conclude(heard.transcript)
        draft.publish(understood, heard.transcript)
        result = await asyncio.to_thread(
            pipeline.conclude,
            call_id,
            heard.transcript,
            understood,
            files=[self._path(heard.recording)],
            received_at=call.spec.received_at,
            received_at_source="given",
            timings_ms={"conclude": round((time.perf_counter() - started) * 1000)},
        )
        model: CallModel = call_model(result)
        call.log.publish(QAUpdate(qa=model.qa))
        await asyncio.to_thread(self._calls.finish, call_id, model, recording=heard.recording)
        call.log.publish(StateUpdate(state="done", kind=model.kind, progress=1.0))

    async def _fail(self, call: LiveCall, error: Exception) -> None:
        call_id = call.spec.call_id
        code, message = _code_and_message(error)
        try:
            await asyncio.to_thread(self._calls.fail, call_id, code, message)
        except Exception:
            log.exception("a failed call could not be noted in the store")
        call.log.publish(
            StateUpdate(state="failed", error=code, title=fault_of(error).title, message=message)
        )
        self._feed.end(call_id)

    def _path(self, recording: str) -> Path:
        return self._recordings.path(recording)

    @staticmethod
    def _log_failure(failure: AsrError) -> None:
        log.error("the recogniser failed in a live call", exc_info=failure)


def _code_and_message(error: Exception) -> tuple[str, str]:
    fault = fault_of(error)
    return fault.code, str(error) if fault.is_ours else "unexpected error; see the log"
