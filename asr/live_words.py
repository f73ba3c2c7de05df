"""From the utterances of a live call to its events: partials, finals, their order and ids."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Literal

from asr.errors import AsrError, EngineError
from asr.live_events import EventBuffer
from asr.live_leg import LiveLeg, OpenUtterance
from asr.live_streaming import UtteranceStream
from asr.owner import RecogniserOwner
from asr.session import utterance_of
from asr.streaming.contract import StreamingRecogniser
from asr.types import SAMPLE_RATE_HZ, Channel, Recognition, SpeechSegment, TranscriptEvent


@dataclass(frozen=True, slots=True)
class WordTimes:
    """How often and how soon words are wanted, in milliseconds."""

    partial_every_ms: int = 1_200
    """New speech between two partials of an utterance; 0 for no partials."""
    final_within_ms: int = 500
    """When a final is wanted after its endpoint; the earliest is first in the queue."""
    partial_within_ms: int = 1_000


class LiveWords:
    """Asks the shared recogniser on behalf of one call and puts its answers on `events`.

    `failed` is called when a final could not be had; `failure` says why. At most one
    partial of a leg is under way, and the finals of a leg come in the order they were
    spoken. With `streaming`, partials come from there as somebody speaks; should it fail,
    the recogniser of the finals says them for the rest of the utterance.
    """

    def __init__(
        self,
        owner: RecogniserOwner,
        events: EventBuffer,
        times: WordTimes,
        hotwords: tuple[str, ...],
        failed: Callable[[], None],
        streaming: StreamingRecogniser | None = None,
    ) -> None:
        self.failure: AsrError | None = None
        self._owner = owner
        self._events = events
        self._times = times
        self._hotwords = hotwords
        self._failed = failed
        self._streaming = streaming
        self._streams: set[UtteranceStream] = set()
        self._partials: dict[Channel, asyncio.Task[None]] = {}
        self._last_final: dict[Channel, asyncio.Task[None]] = {}
        self._finals: set[asyncio.Task[None]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._utterances = 0

    def want_final(self, leg: LiveLeg, segment: SpeechSegment) -> None:
        """Have the utterance that ended with `segment` recognised once and for all."""
        utterance, leg.utterance = leg.utterance, OpenUtterance()
        utterance.is_closed = True
        if utterance.stream is not None:
            utterance.stream.close()
        partial = self._partials.pop(leg.channel, None)
        if partial is not None:
            partial.cancel()
        before = self._last_final.get(leg.channel)
        final = self._spawn(self._final(utterance, segment, before))
        self._last_final[leg.channel] = final
        self._finals.add(final)
        final.add_done_callback(self._finals.discard)

    def want_partial(self, leg: LiveLeg, segment: SpeechSegment) -> None:
        """Ask for a partial, unless one is under way or too little has been said since."""
        every = self._times.partial_every_ms * SAMPLE_RATE_HZ // 1000
        if every and self._stream_partial(leg.utterance, segment):
            return
        under_way = self._partials.get(leg.channel)
        said = len(segment.samples) - leg.utterance.heard_samples
        if not every or said < every or (under_way is not None and not under_way.done()):
            return
        leg.utterance.heard_samples = len(segment.samples)
        self._partials[leg.channel] = self._spawn(self._partial(leg.utterance, segment))

    def _stream_partial(self, utterance: OpenUtterance, segment: SpeechSegment) -> bool:
        """Feed the utterance's stream; False where there is none that works."""
        if self._streaming is None:
            return False
        utterance.segment = segment
        if utterance.stream is None:
            try:
                stream = UtteranceStream(self._streaming.open(), self._streaming.name)
            except AsrError:
                return False  # no slot is free; there may be one at the next look
            utterance.stream = stream
            self._streams.add(stream)
            self._spawn(self._follow(utterance, stream))
        if not utterance.stream.has_failed:
            utterance.stream.feed(segment)
        return not utterance.stream.has_failed

    async def _follow(self, utterance: OpenUtterance, stream: UtteranceStream) -> None:
        async for heard in stream:
            if utterance.is_closed or utterance.segment is None:
                break
            await self._emit("partial", utterance, utterance.segment, heard, len(heard.text))
        self._streams.discard(stream)

    async def room(self, finals: int) -> None:
        """Wait until no more than so many finals are still to come."""
        while len(self._finals) > finals:
            await asyncio.wait(self._finals, return_when=asyncio.FIRST_COMPLETED)

    async def finish(self) -> None:
        """Wait for all finals that were wanted; raise what one of them failed with."""
        await asyncio.gather(*self._last_final.values())
        self.check()

    def check(self) -> None:
        """Raise what a final failed with, if one did."""
        if self.failure is not None:
            raise self.failure

    async def cancel(self) -> None:
        """Give up whatever is still wanted."""
        for stream in self._streams:
            stream.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _partial(self, utterance: OpenUtterance, segment: SpeechSegment) -> None:
        try:
            heard = await self._owner.transcribe(
                segment,
                deadline_s=self._owner.clock() + self._times.partial_within_ms / 1000,
                hotwords=self._hotwords,
                may_refuse=True,
                is_draft=True,
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
            self.failure = self.failure or error
            self._failed()
            return
        if before is not None:
            await asyncio.wait([before])
        if heard.text or utterance.id is not None:
            await self._emit("final", utterance, segment, heard, len(heard.text))

    async def _recognise_final(self, segment: SpeechSegment) -> Recognition:
        """Return what is heard; a second try, since another call may have spoilt the batch."""
        deadline_s = self._owner.clock() + self._times.final_within_ms / 1000
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
