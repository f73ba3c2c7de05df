"""One connection of our own protocol: control messages and audio in, events out."""

from __future__ import annotations

import asyncio
from typing import Protocol

from serving.errors import (
    ClosingError,
    IdleCallError,
    MessageOrderError,
    MessageTooLargeError,
    ResumeError,
)
from serving.ingress.leg_audio import LegAudio
from serving.ingress.messages import (
    Ack,
    End,
    Flush,
    Ping,
    Pong,
    Ready,
    Resume,
    Start,
    read_message,
)
from serving.ingress.opening import open_line
from serving.live.line import Line, Lines

_ACK_EVERY_MS = 500


class Wire(Protocol):
    """The connection as messages; what it raises when the other side is gone passes through."""

    async def receive(self) -> str | bytes:
        """Return the next message."""

    async def send(self, text: str) -> None:
        """Send a message; raises SlowClientError."""


class Connection:
    """Brings one call, or one leg of it, from its first message to its end.

    Whatever goes wrong here ends this connection; the call is kept for a while, so that
    the client can take it up again.
    """

    def __init__(self, wire: Wire, lines: Lines) -> None:
        self._wire = wire
        self._lines = lines
        self._line: Line | None = None
        self._acked = 0

    async def serve(self) -> None:
        """Serve the connection until the call is stored; raises what the client is to be told."""
        first = await self._first_message()
        line, audio = await open_line(first, self._lines)
        self._line = line
        await self._wire.send(_ready(line).model_dump_json())
        receiving = asyncio.create_task(self._receive(line, audio), name="receive audio")
        last_seq = first.last_seq if isinstance(first, Resume) else 0
        sending = asyncio.create_task(self._send(line, last_seq), name="send events")
        try:
            await self._until_over(receiving, sending, line.lost)
        finally:
            for task in (receiving, sending):
                task.cancel()
            await asyncio.gather(receiving, sending, return_exceptions=True)

    def detach(self) -> None:
        """Leave the call, which is kept for a while if nobody else is connected to it."""
        if self._line is not None:
            self._line.leave()

    async def _until_over(
        self, receiving: asyncio.Task[None], sending: asyncio.Task[None], lost: asyncio.Future[None]
    ) -> None:
        """Wait until the events end; raises what broke, on either side."""
        ends: list[asyncio.Future[None]] = [receiving, sending, lost]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if lost.done() and not sending.done():
            raise ResumeError("another connection has taken this call up")
        has_hung_up = receiving.done()
        if has_hung_up:
            # Raises what was wrong with the audio; after `end` the events go on.
            receiving.result()
        await sending
        if self._lines.is_closing and not has_hung_up:
            raise ClosingError("the service is going down; the call was stored up to here")

    async def _first_message(self) -> Start | Resume:
        limits = self._lines.limits
        try:
            async with asyncio.timeout(limits.start_within_s):
                message = await self._wire.receive()
        except TimeoutError:
            raise IdleCallError(
                f"nothing came within {limits.start_within_s:g} s; send `start` first"
            ) from None
        if isinstance(message, bytes):
            raise MessageOrderError("audio before `start`; say first how it is encoded")
        self._check_size(len(message))
        first = read_message(message)
        if not isinstance(first, Start | Resume):
            raise MessageOrderError(f"`{first.type}` before `start` or `resume`")
        return first

    async def _receive(self, line: Line, audio: LegAudio) -> None:
        """Take audio and control messages until `end`."""
        self._acked = min(line.received.values())
        while True:
            message = await self._next_message()
            if isinstance(message, bytes):
                # A call that the service ended, or its other leg, has nothing more to hear.
                if not line.call.has_ended:
                    await self._hear(line, audio, message)
                continue
            control = read_message(message)
            match control:
                case Flush():
                    line.flush()
                case Ping():
                    await self._wire.send(Pong(id=control.id).model_dump_json())
                case End():
                    await self._acknowledge(line)
                    line.end()
                    return
                case _:
                    raise MessageOrderError(f"`{control.type}` while the call goes on")

    async def _next_message(self) -> str | bytes:
        idle_s = self._lines.limits.idle_s
        try:
            async with asyncio.timeout(idle_s):
                message = await self._wire.receive()
        except TimeoutError:
            raise IdleCallError(
                f"nothing came for {idle_s:g} s; send audio, silence too, or `ping`"
            ) from None
        self._check_size(len(message))
        return message

    async def _hear(self, line: Line, audio: LegAudio, data: bytes) -> None:
        await line.push(audio.decode(data))
        due = self._acked + _ACK_EVERY_MS * line.call.spec.sample_rate_hz // 1000
        if min(line.received.values()) >= due:
            await self._acknowledge(line)

    async def _acknowledge(self, line: Line) -> None:
        received = line.received
        self._acked = min(received.values())
        await self._wire.send(Ack(samples_received=received).model_dump_json())

    async def _send(self, line: Line, last_seq: int) -> None:
        async for event in line.events(last_seq):
            await self._wire.send(event.text)

    def _check_size(self, size: int) -> None:
        most = self._lines.limits.max_message_bytes
        if size > most:
            raise MessageTooLargeError(
                f"a message of {size} bytes; send at most {most}, best 20 ms of audio each"
            )


def _ready(line: Line) -> Ready:
    spec = line.call.spec
    return Ready(
        call_id=spec.call_id,
        token=line.call.token,
        profile=spec.profile,
        sample_rate_hz=spec.sample_rate_hz,
        samples_received=line.received,
        seq=line.call.log.seq,
        resume_within_s=line.limits.resume_within_s,
        max_message_bytes=line.limits.max_message_bytes,
    )
