"""One call on a FunASR connection: from its start message to its last word."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from asr.types import Channel, Utterance
from serving.ingress.funasr_audio import MONO, FunasrFile, FunasrSamples, LineShape
from serving.ingress.funasr_replies import FunasrReplies, Message, Names
from serving.ingress.funasr_start import FunasrStart
from serving.live.events import StateUpdate, TranscriptUpdate, Trouble
from serving.live.line import Line, LineRequest, Lines
from serving.live.pcm import Pcm
from serving.result import CallKind

_HURRY = 1.5
"""Audio for time passed, from which on a client plays a file instead of a conversation."""
_HURRY_START_S = 1.0


@dataclass(frozen=True, slots=True)
class FunasrOptions:
    """What a connection's address says, since FunASR's messages have no place for it."""

    names: Names
    max_file_bytes: int
    profile: str | None = None
    kind: CallKind | None = None


class FunasrCall:
    """Opens a line with the first audio, feeds it, and sends what is heard.

    `spool` is where a file may be gathered. `replying` ends when the call is stored; it
    fails where the client does not read.
    """

    def __init__(
        self,
        start: FunasrStart,
        lines: Lines,
        options: FunasrOptions,
        send: Callable[[Message], Awaitable[None]],
        spool: Path,
    ) -> None:
        self.start = start
        self.replying: asyncio.Task[None] | None = None
        self.has_ended = False
        """Whether the client has said that no more audio comes."""
        self.wants_acknowledgement = False
        self._lines = lines
        self._options = options
        self._send = send
        self._source: FunasrSamples | FunasrFile = (
            FunasrFile(spool, options.max_file_bytes)
            if start.is_container
            else FunasrSamples(start)
        )
        self._line: Line | None = None
        self._replies: FunasrReplies | None = None
        self._trouble: Trouble | None = None
        self._began_s = 0.0

    @property
    def is_open(self) -> bool:
        """Whether audio has come and more is to come."""
        return self._line is not None and not self.has_ended

    @property
    def replies(self) -> FunasrReplies:
        """The messages of this call, also of one that never had any audio."""
        if self._replies is None:
            self._replies = self._make_replies(lambda _: None, MONO)
        return self._replies

    async def hear(self, data: bytes) -> None:
        """Take a message of audio; raises what `Lines.open` and `Line.push` raise."""
        if isinstance(self._source, FunasrFile):
            await self._open(self._source.shape)
            await self._source.gather(data)
            return
        pcm = self._source.decode(data)
        if self._source.shape is not None:
            await self._push(await self._open(self._source.shape), pcm)

    async def end(self) -> None:
        """Hear what is left; the replies go on to the last one. AudioError for a bad file."""
        self.has_ended = True
        if self._line is None:
            await self._finish()
            return
        if isinstance(self._source, FunasrFile):
            async for legs in self._source.blocks():
                await self._line.push(legs)
        self._line.end()

    def abandon(self) -> None:
        """Let go of everything; a call that goes on is brought to its end without a client."""
        if self.replying is not None:
            self.replying.cancel()
        if self._line is not None:
            self._line.hang_up()
        if isinstance(self._source, FunasrFile):
            self._source.discard()

    async def _open(self, shape: LineShape) -> Line:
        if self._line is None:
            self._began_s = asyncio.get_running_loop().time()
            self._line = line = await self._lines.open(
                LineRequest(
                    channels=shape.channels,
                    sample_rate_hz=shape.sample_rate_hz,
                    profile=self._options.profile,
                    kind=self._options.kind,
                    hotwords=self.start.hotwords,
                )
            )
            self._replies = self._make_replies(line.call.final, shape.channels)
            self.replying = asyncio.create_task(self._reply(line), name="FunASR replies")
        return self._line

    def _make_replies(
        self, final: Callable[[str], Utterance | None], channels: tuple[Channel, ...]
    ) -> FunasrReplies:
        return FunasrReplies(
            self.start, self._options.names, final, has_partials=len(channels) == 1
        )

    async def _push(self, line: Line, pcm: Mapping[Channel, Pcm]) -> None:
        """Push a message of any length a second at a time, so that the line can hold it back."""
        step = line.call.spec.sample_rate_hz
        longest = max(len(samples) for samples in pcm.values())
        for first in range(0, longest, step):
            await line.push({leg: samples[first : first + step] for leg, samples in pcm.items()})

    async def _reply(self, line: Line) -> None:
        is_told = False
        async with aclosing(line.events()) as events:
            async for logged in events:
                match logged.event:
                    case TranscriptUpdate() as update:
                        may_keep = self.has_ended or self._is_hurried(line)
                        for message in self.replies.of(update, may_keep=may_keep):
                            await self._send(message)
                    case Trouble() as trouble:
                        self._trouble = trouble
                    case StateUpdate() as state if state.has_heard_all and not is_told:
                        is_told = True
                        await self._finish()

    async def _finish(self) -> None:
        """Send the last of the call's words: as the last message, if the client has ended it."""
        replies = self.replies
        if not self.has_ended:
            for message in replies.rest():
                await self._send(message)
            return
        last = replies.last()
        if self._trouble is not None:
            last |= {"error": {"code": self._trouble.error, "message": self._trouble.message}}
        await self._send(last)
        if self.wants_acknowledgement:
            await self._send(replies.acknowledgement())

    def _is_hurried(self, line: Line) -> bool:
        heard_s = max(line.received.values()) / line.call.spec.sample_rate_hz
        passed_s = asyncio.get_running_loop().time() - self._began_s
        return heard_s > _HURRY * passed_s + _HURRY_START_S
