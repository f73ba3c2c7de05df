"""The recogniser of live calls, lent to recordings while it has nothing more urgent to do."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from asr.owner import RecogniserOwner
from asr.types import Recognition, SpeechSegment

_LATER_S = 600.0
"""Deadline of a recording's utterances: any live call's come first."""


class SharedRecogniser:
    """A recogniser for worker threads whose work is done by the owner's thread.

    While calls are live, utterances of recordings go one at a time, so that a live final
    never waits for more than one of them.
    """

    def __init__(self, name: str, owner: RecogniserOwner, loop: asyncio.AbstractEventLoop) -> None:
        self.name = name
        self._owner = owner
        self._loop = loop

    def transcribe(
        self, segments: Sequence[SpeechSegment], hotwords: Sequence[str] = ()
    ) -> list[Recognition]:
        """Return what is heard in each of `segments`; blocks, so never on the event loop."""
        work = asyncio.run_coroutine_threadsafe(self._transcribe(segments, hotwords), self._loop)
        return work.result()

    async def _transcribe(
        self, segments: Sequence[SpeechSegment], hotwords: Sequence[str]
    ) -> list[Recognition]:
        heard: list[Recognition] = []
        while len(heard) < len(segments):
            step = 1 if self._owner.calls else len(segments)
            group = segments[len(heard) : len(heard) + step]
            heard += await asyncio.gather(*(self._one(segment, hotwords) for segment in group))
        return heard

    async def _one(self, segment: SpeechSegment, hotwords: Sequence[str]) -> Recognition:
        return await self._owner.transcribe(
            segment,
            deadline_s=self._owner.clock() + _LATER_S,
            hotwords=hotwords,
            is_live=False,
        )
