"""Partials of a live call from a streaming recogniser, fed with an utterance as it grows."""

from __future__ import annotations

from collections.abc import AsyncIterator

from asr.errors import AsrError
from asr.streaming.contract import RecogniserStream
from asr.types import Recognition, SpeechSegment


class UtteranceStream:
    """One utterance that goes on, and the stream it is heard by."""

    def __init__(self, stream: RecogniserStream, model: str) -> None:
        self.has_failed = False
        self._stream = stream
        self._model = model
        self._pushed = 0

    def feed(self, segment: SpeechSegment) -> None:
        """Push what the utterance has gained; where the stream cannot take it, it has failed."""
        try:
            self._stream.push(segment.samples[self._pushed :])
        except AsrError:
            self.has_failed = True
            self.close()
        self._pushed = len(segment.samples)

    def close(self) -> None:
        """Give the stream up; the final comes from elsewhere. Safe to call twice."""
        self._stream.cancel()

    async def __aiter__(self) -> AsyncIterator[Recognition]:
        """Yield the words so far whenever there are more; more may follow, none change.

        A streaming model tells no confidence: it is 0. Where the model fails, the
        iteration ends and `has_failed` says so.
        """
        try:
            async for news in self._stream:
                if news.text:
                    yield Recognition(news.text, 0.0, model=self._model)
        except AsrError:
            self.has_failed = True
        finally:
            self.close()
