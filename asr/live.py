"""A live call: audio of two legs in, partial and final transcript events out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Literal

from asr.endpoint import EndpointSettings
from asr.errors import AsrError, CapacityError, EngineError, StreamClosedError
from asr.live_events import EventBuffer
from asr.live_leg import LiveLeg, OpenUtterance
from asr.owner import Admission, RecogniserOwner
from asr.session import utterance_of
from asr.types import SAMPLE_RATE_HZ, Channel, Recognition, Samples, SpeechSegment, TranscriptEvent
from asr.vad import Vad, default_vad


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """How a live call is heard."""

    source_rate_hz: int = 8_000
    """Rate of the samples that are pushed; telephone lines speak 8 kHz."""
    endpoint: EndpointSettings = field(default_factory=EndpointSettings)
    partial_every_ms: int = 1_200
    """New speech between two partials of an utterance; 0 for no partials."""
    final_within_ms: int = 500
    """When a final is wanted after its endpoint; what comes first in the queue."""
    partial_within_ms: int = 1_000
    max_waiting_ms: int = 30_000
    """Audio of one leg that may wait unheard."""
    max_events: int = 256
    """Events that may wait unread; beyond it partials are dropped and finals wait."""


class LiveSession:
    """One call on a shared recogniser.

    An async context manager: entering admits the call (CapacityError), leaving gives its
    place back and cancels what is still going on. `push` audio, `end()` when the call is
    over, and iterate for events; the iteration stops after the last final. State of the
    call is here, weights are with the owner.
    """

    def __init__(
        self,
        owner: RecogniserOwner,
        *,
        settings: LiveSettings | None = None,
        hotwords: Sequence[str] = (),
        vad: Vad | None = None,
    ) -> None:
        self._owner = owner
        self._settings = chosen = settings or LiveSettings()
        self._hotwords = tuple(hotwords)
        detector = vad or default_vad()
        self._legs: dict[Channel, LiveLeg] = {
            channel: LiveLeg(channel, chosen.source_rate_hz, detector, chosen.endpoint)
            for channel in ("agent", "citizen")
        }
        self._events = EventBuffer(chosen.max_events)
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._partials: dict[Channel, asyncio.Task[None]] = {}
        self._last_final: dict[Channel, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._failure: AsrError | None = None
        self._utterances = 0
        self._cut_asked = False
        self._has_ended = False
        self._admission: Admission | None = None
        self._pump: asyncio.Task[None] | None = None

    async def __aenter__(self) -> LiveSession:
        self._admission = self._owner.admit()
        self._pump = asyncio.create_task(self._listen(), name="live session")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    @property
    def lag_ms(self) -> int:
        """Audio that has come and has not been heard yet, of the leg that is further behind."""
        return max(leg.waiting_ms for leg in self._legs.values())

    def push(self, channel: Channel, samples: Samples) -> None:
        """Take in float32 (samples,) of one leg at `source_rate_hz`; returns at once.

        Raises StreamClosedError after `end`, CapacityError where more than
        `max_waiting_ms` would wait (`await room()` holds back a sender faster than that),
        and what the call has failed with.
        """
        if self._failure is not None:
            raise self._failure
        if self._has_ended or self._pump is None:
            raise StreamClosedError("the call has ended; open a new session for the next one")
        leg = self._legs[channel]
        if leg.waiting_ms > self._settings.max_waiting_ms:
            raise CapacityError("audio comes in faster than it is heard; send it in real time")
        leg.push(samples)
        if leg.has_a_hop:
            self._wake.set()

    async def room(self) -> None:
        """Wait until no more than half of `max_waiting_ms` waits."""
        while self.lag_ms * 2 > self._settings.max_waiting_ms and not self._is_over:
            self._room.clear()
            await self._room.wait()

    def flush(self) -> None:
        """End the utterances that are going on here; the call goes on."""
        self._cut_asked = True
        self._wake.set()

    def end(self) -> None:
        """Say that no more audio comes; what was said last still becomes final events."""
        self._has_ended = True
        self._wake.set()

    async def __aiter__(self) -> AsyncIterator[TranscriptEvent]:
        """Yield the call's events; raises EngineError where a final could not be had."""
        while (event := await self._events.next()) is not None:
            yield event

    async def aclose(self) -> None:
        """Cancel what is going on and give the call's place back; safe to call twice."""
        self._has_ended = True
        pump = [self._pump] if self._pump is not None else []
        for task in pump:
            task.cancel()
        await asyncio.gather(*pump, return_exceptions=True)
        if self._admission is not None:
            self._admission.release()

    @property
    def _is_over(self) -> bool:
        return self._pump is not None and self._pump.done()

    async def _listen(self) -> None:
        """Hear what waits, again and again, until the call has ended and all is final."""
        failure: BaseException | None = None
        try:
            await self._hear_until_end()
        except AsrError as error:
            failure = error
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._has_ended = True
            self._room.set()
            await self._events.close(failure)

    async def _hear_until_end(self) -> None:
        is_last = False
        while not is_last:
            await self._wake.wait()
            self._wake.clear()
            if self._failure is not None:
                raise self._failure
            # Read once: audio pushed while a leg is being heard belongs to the next round.
            is_last = self._has_ended
            cut, self._cut_asked = self._cut_asked, False
            for leg in self._legs.values():
                if leg.has_a_hop or cut or is_last:
                    await self._hear(leg, cut=cut, last=is_last)
            self._room.set()
        await asyncio.gather(*self._last_final.values())
        if self._failure is not None:
            raise self._failure

    async def _hear(self, leg: LiveLeg, *, cut: bool, last: bool) -> None:
        heard = await asyncio.to_thread(leg.hear, leg.take(), cut=cut, last=last)
        for segment in heard.ended:
            self._start_final(leg, segment)
        if heard.open is not None:
            self._start_partial(leg, heard.open)

    def _start_final(self, leg: LiveLeg, segment: SpeechSegment) -> None:
        utterance, leg.utterance = leg.utterance, OpenUtterance()
        utterance.is_closed = True
        partial = self._partials.pop(leg.channel, None)
        if partial is not None:
            partial.cancel()
        before = self._last_final.get(leg.channel)
        self._last_final[leg.channel] = self._spawn(self._final(utterance, segment, before))

    def _start_partial(self, leg: LiveLeg, segment: SpeechSegment) -> None:
        """Ask for a partial, unless one is under way or too little has been said since."""
        every = self._settings.partial_every_ms * SAMPLE_RATE_HZ // 1000
        under_way = self._partials.get(leg.channel)
        said = len(segment.samples) - leg.utterance.heard_samples
        if not every or said < every or (under_way is not None and not under_way.done()):
            return
        leg.utterance.heard_samples = len(segment.samples)
        self._partials[leg.channel] = self._spawn(self._partial(leg.utterance, segment))

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _partial(self, utterance: OpenUtterance, segment: SpeechSegment) -> None:
        try:
            heard = await self._owner.transcribe(
                segment,
                deadline_s=self._owner.clock() + self._settings.partial_within_ms / 1000,
                hotwords=self._hotwords,
                may_refuse=True,
            )
        except AsrError:
            return  # the next partial or the final says it instead
        if utterance.is_closed or not heard.text:
            return
        text, stable_chars = utterance.stabilizer.update(heard.text)
        # The words and readings belong to the raw hypothesis, not to what is shown.
        shown = replace(heard, text=text, words=(), alternatives=())
        await self._emit("partial", utterance, segment, shown, stable_chars)

    async def _final(
        self,
        utterance: OpenUtterance,
        segment: SpeechSegment,
        before: asyncio.Task[None] | None,
    ) -> None:
        """Have `segment` recognised and say so after the leg's final `before` this one."""
        try:
            heard = await self._recognise_final(segment)
        except AsrError as error:
            self._failure = self._failure or error
            self._wake.set()
            return
        if before is not None:
            await asyncio.wait([before])
        if heard.text or utterance.id is not None:
            await self._emit("final", utterance, segment, heard, len(heard.text))

    async def _recognise_final(self, segment: SpeechSegment) -> Recognition:
        """Return what is heard; a second try, since another call may have spoilt the batch."""
        deadline_s = self._owner.clock() + self._settings.final_within_ms / 1000
        try:
            return await self._owner.transcribe(
                segment, deadline_s=deadline_s, hotwords=self._hotwords
            )
        except EngineError:
            return await self._owner.transcribe(
                segment, deadline_s=deadline_s, hotwords=self._hotwords
            )

    async def _emit(
        self,
        kind: Literal["partial", "final"],
        utterance: OpenUtterance,
        segment: SpeechSegment,
        heard: Recognition,
        stable_chars: int,
    ) -> None:
        if utterance.id is None:
            self._utterances += 1
            utterance.id = f"u{self._utterances}"
        utterance.revision += 1
        event = TranscriptEvent(
            kind, utterance_of(segment, heard, utterance.id), utterance.revision, stable_chars
        )
        await self._events.put(event)
