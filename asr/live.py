"""A live call: audio of two legs in, partial and final transcript events out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType

from asr.endpoint import EndpointSettings
from asr.errors import AsrError, CapacityError, StreamClosedError
from asr.live_events import EventBuffer
from asr.live_leg import LiveLeg
from asr.live_words import LiveWords, WordTimes
from asr.load import Admission
from asr.owner import RecogniserOwner
from asr.streaming.contract import StreamingRecogniser
from asr.types import Channel, Samples, TranscriptEvent
from asr.vad import Vad, default_vad


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """How a live call is heard."""

    source_rate_hz: int = 8_000
    """Rate of the samples that are pushed; telephone lines speak 8 kHz."""
    endpoint: EndpointSettings = field(default_factory=EndpointSettings)
    words: WordTimes = field(default_factory=WordTimes)
    dialect: str | None = None
    """What the call is spoken in, where that was declared."""
    max_waiting_ms: int = 30_000
    """Audio of one leg that may wait unheard."""
    max_finals: int = 8
    """Finals a call may wait for: a sender faster than speech must not crowd out others."""
    max_events: int = 256
    """Events that may wait unread; beyond it partials are dropped and finals wait."""


class LiveSession:
    """One call on a shared recogniser.

    An async context manager: entering admits the call (CapacityError), leaving gives its
    place back and cancels what is still going on. `push` audio, `end()` when the call is
    over, and iterate for events; the iteration stops after the last final. State of the
    call is here, weights are with the owner. With `streaming`, partials come from there,
    within a chunk of what was said, and `owner` is asked for finals only.
    """

    def __init__(
        self,
        owner: RecogniserOwner,
        *,
        settings: LiveSettings | None = None,
        hotwords: Sequence[str] = (),
        vad: Vad | None = None,
        streaming: StreamingRecogniser | None = None,
    ) -> None:
        self._owner = owner
        self._streaming = streaming
        self._settings = chosen = settings or LiveSettings()
        detector = vad or default_vad()
        self._legs: dict[Channel, LiveLeg] = {
            channel: LiveLeg(
                channel, chosen.source_rate_hz, detector, chosen.endpoint, chosen.dialect
            )
            for channel in ("agent", "citizen")
        }
        self._events = EventBuffer(chosen.max_events)
        self._wake = asyncio.Event()
        self._words = LiveWords(
            owner, self._events, chosen.words, tuple(hotwords), self._wake.set, streaming
        )
        self._room = asyncio.Event()
        self._cut_asked = False
        self._has_ended = False
        self._admissions: list[Admission] = []
        self._pump: asyncio.Task[None] | None = None

    async def __aenter__(self) -> LiveSession:
        self._admissions.append(self._owner.admit())
        if self._streaming is not None:
            try:
                self._admissions.append(self._streaming.admit())
            except AsrError:
                self._give_back()
                raise
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
        self._words.check()
        if self._has_ended or self._pump is None:
            raise StreamClosedError("the call has ended; open a new session for the next one")
        leg = self._legs[channel]
        if leg.waiting_ms > self._settings.max_waiting_ms:
            raise CapacityError("audio comes in faster than it is heard; send it in real time")
        leg.push(samples)
        if leg.has_a_hop:
            self._wake.set()

    async def room(self) -> None:
        """Wait until no more than half of `max_waiting_ms` and `max_finals` wait."""
        while self.lag_ms * 2 > self._settings.max_waiting_ms and not self._is_over:
            self._room.clear()
            await self._room.wait()
        await self._words.room(self._settings.max_finals)

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
        self._give_back()

    def _give_back(self) -> None:
        for admission in self._admissions:
            admission.release()

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
            await self._words.cancel()
            self._has_ended = True
            self._room.set()
            await self._events.close(failure)

    async def _hear_until_end(self) -> None:
        is_last = False
        while not is_last:
            await self._wake.wait()
            self._wake.clear()
            self._words.check()
            # Read once: audio pushed while a leg is being heard belongs to the next round.
            is_last = self._has_ended
            cut, self._cut_asked = self._cut_asked, False
            for leg in self._legs.values():
                if leg.has_a_hop or cut or is_last:
                    await self._hear(leg, cut=cut, last=is_last)
            self._room.set()
        await self._words.finish()

    async def _hear(self, leg: LiveLeg, *, cut: bool, last: bool) -> None:
        heard = await asyncio.to_thread(leg.hear, leg.take(), cut=cut, last=last)
        for segment in heard.ended:
            self._words.want_final(leg, segment)
        if heard.open is not None:
            self._words.want_partial(leg, heard.open)
