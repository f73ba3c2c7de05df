"""What happens to a call while it happens, for everybody who follows it.

Each call has a log of events. A newer event about the same thing (an utterance, the
draft, the state) replaces the older one, so that a log stays as small as the call's own
words, a reader who was away misses nothing that still holds, and a slow reader gets the
newest version of everything instead of a growing queue.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from pydantic import BaseModel

from serving.errors import BusyError

_MAX_READERS = 64


class FeedEvent(BaseModel):
    """Something that happened to a call; `seq` counts up within the call."""

    type: str
    seq: int = 0

    @property
    def subject(self) -> str:
        """What the event is about; a newer event of the same subject replaces it."""
        return self.type


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event as it is sent: `text` is the JSON of `event`."""

    seq: int
    type: str
    subject: str
    text: str
    event: FeedEvent


class CallLog:
    """The events of one call that still hold, oldest first; used on the event loop only."""

    def __init__(self) -> None:
        self._events: dict[str, LoggedEvent] = {}
        self.seq = 0
        """The newest event."""
        self._readers: set[asyncio.Event] = set()
        self.closed = False

    def publish(self, event: FeedEvent) -> None:
        """Add an event and wake the readers; nothing is added to a closed log."""
        if self.closed:
            return
        self.seq += 1
        event = event.model_copy(update={"seq": self.seq})
        # Deleted first, so that the dictionary stays ordered by seq.
        self._events.pop(event.subject, None)
        self._events[event.subject] = LoggedEvent(
            self.seq, event.type, event.subject, event.model_dump_json(), event
        )
        self._wake()

    def close(self) -> None:
        """Tell the readers that nothing more will come."""
        self.closed = True
        self._wake()

    def after(self, seq: int) -> list[LoggedEvent]:
        """Return the events newer than `seq`, oldest first."""
        newer = []
        for event in reversed(self._events.values()):
            if event.seq <= seq:
                break
            newer.append(event)
        newer.reverse()
        return newer

    async def follow(self, after: int = 0) -> AsyncGenerator[LoggedEvent]:
        """Yield the events newer than `after` and those to come, until the log is closed.

        Raises BusyError when too many follow the same call already.
        """
        if len(self._readers) >= _MAX_READERS:
            raise BusyError(f"{_MAX_READERS} readers follow this call already; close some")
        news = asyncio.Event()
        self._readers.add(news)
        try:
            while True:
                news.clear()
                for event in self.after(after):
                    # It may have been replaced while the reader was busy with an earlier one.
                    if self._events.get(event.subject) is event:
                        after = event.seq
                        yield event
                if self.seq > after:
                    continue
                if self.closed:
                    return
                await news.wait()
        finally:
            self._readers.discard(news)

    def _wake(self) -> None:
        for reader in self._readers:
            reader.set()


class Feed:
    """The logs of the calls that are going on or being processed.

    A cursor is a place in a call's log, as text for readers to hand back; one from before
    a restart means the beginning, since the log began anew.
    """

    def __init__(self) -> None:
        self._run = secrets.token_hex(4)
        self._logs: dict[str, CallLog] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Bind to the running event loop."""
        self._loop = asyncio.get_running_loop()

    def open(self, call_id: str) -> CallLog:
        """Return the log of a call, a new one where it has none yet."""
        return self._logs.setdefault(call_id, CallLog())

    def find(self, call_id: str) -> CallLog | None:
        """Return the log of a call that something is still happening to."""
        return self._logs.get(call_id)

    def cursor(self, seq: int) -> str:
        """Return the place after the event `seq`."""
        return f"{self._run}.{seq}"

    def seq_of(self, cursor: str | None) -> int:
        """Return the event that a reader has read up to, 0 for a cursor of another run."""
        run, _, seq = (cursor or "").partition(".")
        return int(seq) if run == self._run and seq.isdecimal() else 0

    def publish(self, call_id: str, event: FeedEvent, *, last: bool = False) -> None:
        """Add an event to a call's log from any thread; `last` closes the log after it."""
        if self._loop is not None:
            # After the loop is closed nobody is left who could be told.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._deliver, call_id, event, last)

    def end(self, call_id: str) -> None:
        """Close and forget a call's log; those who follow it read it to its end."""
        log = self._logs.pop(call_id, None)
        if log is not None:
            log.close()

    def end_soon(self, call_id: str) -> None:
        """Close and forget a call's log, from any thread."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self.end, call_id)

    def close(self) -> None:
        """End all logs."""
        for call_id in list(self._logs):
            self.end(call_id)

    def _deliver(self, call_id: str, event: FeedEvent, last: bool) -> None:
        self.open(call_id).publish(event)
        if last:
            self.end(call_id)
