"""One stream as its call sees it: audio in, text out."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence

import numpy as np

from asr.errors import AsrError, CapacityError, StreamClosedError, StreamError
from asr.streaming.contract import StreamText
from asr.streaming.waiting_audio import WaitingAudio
from asr.types import Samples


class ChunkStream:
    """See `asr.streaming.contract.RecogniserStream`. Belongs to one event loop.

    `ready` is told how many chunks have become so, `leave` when the stream is given up.
    The reader gets the newest text, however many steps brought it.
    """

    def __init__(
        self,
        slot: int,
        waiting: WaitingAudio,
        text: Callable[[Sequence[int]], str],
        ready: Callable[[ChunkStream, int], None],
        leave: Callable[[ChunkStream], None],
    ) -> None:
        self.slot = slot
        self.is_fresh = True
        """Its slot still holds what another stream left there."""
        self.is_busy = False
        """A chunk of it waits for a step or is in one."""
        self.has_slot = True
        self.is_cancelled = False
        self.has_ended = False
        self.has_failed = False
        self.ready_at: deque[float] = deque()
        """When each chunk that waits became ready."""
        self._waiting = waiting
        self._text = text
        self._ready = ready
        self._leave = leave
        self._ids: list[int] = []
        self._shown: int | None = None
        self._is_over = False
        self._failure: AsrError | None = None
        self._news = asyncio.Event()

    def push(self, samples: Samples) -> None:
        """Take float32 (samples,) at 16 kHz; see the contract for what is raised."""
        if self._failure is not None:
            raise self._failure
        if self.has_ended or self.is_cancelled:
            raise StreamClosedError("the stream has ended; open another one")
        if not np.isfinite(samples).all():
            raise StreamError("the audio holds what is no number; send samples from -1 to 1")
        if len(samples) > self._waiting.room(self.slot):
            raise CapacityError("audio comes in faster than it is heard; send it in real time")
        completed = self._waiting.write(self.slot, samples)
        if completed:
            self._ready(self, completed)

    def end(self) -> None:
        """Say that no more comes."""
        if not self.has_ended and not self.is_cancelled:
            self.has_ended = True
            self._ready(self, 1)

    def cancel(self) -> None:
        """Give the stream up."""
        if not self.is_cancelled:
            self.is_cancelled = True
            self._news.set()
            self._leave(self)

    async def __aiter__(self) -> AsyncIterator[StreamText]:
        """Yield the text whenever it has grown, and once at the end."""
        while not self.is_cancelled:
            await self._news.wait()
            self._news.clear()
            if self._failure is not None:
                raise self._failure
            if self._is_over or len(self._ids) != (self._shown or 0):
                self._shown = len(self._ids)
                yield StreamText(self._text(self._ids), self._is_over)
            if self._is_over:
                return

    def hear(self, ids: Sequence[int], *, is_last: bool) -> None:
        """Take in what a step brought; on the event loop."""
        self._ids += ids
        self._is_over = is_last
        self._news.set()

    def fail(self, error: AsrError) -> None:
        """Take in what a step failed with; on the event loop."""
        self._failure = self._failure or error
        self._news.set()
