"""Recordings put into words at once, for whoever waits: nothing is stored of them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from asr.types import Transcript, Utterance
from serving.errors import BusyError
from serving.hotlines import Hotlines

_THREADS = 2
"""Recordings decoded at once; their words all come from the one recogniser."""


class _StoppedError(Exception):
    """Nobody waits for the words any more."""


class Transcriptions:
    """Transcribes with the recogniser that calls and uploads use, after their utterances.

    Has threads of its own: a long recording must not hold up what live calls do in theirs.
    """

    def __init__(self, hotlines: Hotlines, *, max_waiting: int) -> None:
        self._hotlines = hotlines
        self._max_waiting = max_waiting
        self._requests = 0
        self._executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="transcription")

    @contextmanager
    def place(self) -> Iterator[None]:
        """Count a request, from its first byte to its last; BusyError where there are too many."""
        if self._requests >= self._max_waiting:
            raise BusyError(
                f"{self._requests} recordings are being transcribed; try again in a moment"
            )
        self._requests += 1
        try:
            yield
        finally:
            self._requests -= 1

    async def transcribe(
        self,
        path: Path,
        *,
        profile: str | None = None,
        hotwords: Sequence[str] = (),
        on_utterance: Callable[[Utterance], None] | None = None,
    ) -> Transcript:
        """Return everything said in a recording, by start time.

        `on_utterance` is called on the event loop with each utterance as it ends; who
        speaks is then not known yet. Cancelling ends the work. Raises ProfileError,
        AudioError, EngineError.
        """
        loop = asyncio.get_running_loop()
        stopped = threading.Event()

        def told(utterance: Utterance) -> None:
            if stopped.is_set():
                raise _StoppedError
            if on_utterance is not None:
                loop.call_soon_threadsafe(on_utterance, utterance)

        def work() -> Transcript:
            pipeline = self._hotlines.get(profile)
            return pipeline.listen(path, hotwords=hotwords, on_utterance=told)

        try:
            return await loop.run_in_executor(self._executor, work)
        finally:
            stopped.set()

    async def stream(
        self, path: Path, *, profile: str | None = None, hotwords: Sequence[str] = ()
    ) -> AsyncGenerator[Utterance | Transcript]:
        """Yield utterances as they end and, at last, the transcript; raises as `transcribe`."""
        heard: asyncio.Queue[Utterance | None] = asyncio.Queue()
        work = asyncio.create_task(
            self.transcribe(path, profile=profile, hotwords=hotwords, on_utterance=heard.put_nowait)
        )
        work.add_done_callback(lambda _: heard.put_nowait(None))
        try:
            while (utterance := await heard.get()) is not None:
                yield utterance
            yield await work
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    def close(self) -> None:
        """Take no more; what is under way ends with the recogniser."""
        self._executor.shutdown(wait=False, cancel_futures=True)
