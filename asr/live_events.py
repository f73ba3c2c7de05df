"""Events of one live call on their way to whoever reads them."""

from __future__ import annotations

import asyncio
from collections import deque

from asr.types import TranscriptEvent


class EventBuffer:
    """Bounded: a full buffer drops partials, which the next one replaces, and holds finals back.

    Belongs to one event loop and has one reader.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._events: deque[TranscriptEvent] = deque()
        self._changed = asyncio.Condition()
        self._is_closed = False
        self._error: BaseException | None = None

    async def put(self, event: TranscriptEvent) -> None:
        """Add `event`; a final waits for room, and drops the partials that it overtakes."""
        async with self._changed:
            stale = [e for e in self._events if _replaces(event, e)]
            for old in stale:
                self._events.remove(old)
            if event.kind == "partial" and len(self._events) >= self._limit:
                return
            await self._changed.wait_for(lambda: len(self._events) < self._limit or self._is_closed)
            if not self._is_closed:
                self._events.append(event)
                self._changed.notify_all()

    async def close(self, error: BaseException | None = None) -> None:
        """Let the reader stop after what is here, or raise `error` then."""
        async with self._changed:
            if not self._is_closed:
                self._is_closed, self._error = True, error
            self._changed.notify_all()

    async def next(self) -> TranscriptEvent | None:
        """Return the next event, None after the last; raise what the call failed with."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._events or self._is_closed)
            if self._events:
                self._changed.notify_all()
                return self._events.popleft()
            if self._error is not None:
                raise self._error
            return None


def _replaces(new: TranscriptEvent, old: TranscriptEvent) -> bool:
    return old.kind == "partial" and old.utterance.id == new.utterance.id
