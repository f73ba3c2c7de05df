"""One connection of our own protocol: control messages and audio in, events out."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any, Protocol

from asr.types import Channel
from serving.call_id import new_call_id
from serving.clock import CHINA_TIME
from serving.errors import (
    AudioFrameError,
    CallTooLongError,
    ClosingError,
    IdleCallError,
    MessageFormatError,
    MessageOrderError,
    MessageTooLargeError,
    OutputError,
    ResumeError,
)
from serving.hotlines import Hotlines
from serving.ingress.messages import (
    Ack,
    ClientMessage,
    End,
    Flush,
    Ping,
    Pong,
    Ready,
    Resume,
    Start,
    read_message,
)
from serving.live.call import CallSpec, LiveCall
from serving.live.calls import LiveCalls
from serving.live.pcm import AudioFormat, Pcm

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

    def __init__(self, wire: Wire, live: LiveCalls, hotlines: Hotlines) -> None:
        self._wire = wire
        self._live = live
        self._hotlines = hotlines
        self._call: LiveCall | None = None
        self._formats: list[AudioFormat] = []
        self._channels: tuple[Channel, ...] = ()
        self._is_prefixed = False
        self._acked = 0

    async def serve(self) -> None:
        """Serve the connection until the call is stored; raises what the client is to be told."""
        first = await self._first_message()
        if isinstance(first, Start):
            call = await self._start(first)
        else:
            call = self._resume(first)
        self._call = call
        self._live.attach(call)
        lost = call.take_legs(self._channels)
        last_seq = first.last_seq if isinstance(first, Resume) else 0
        await self._wire.send(self._ready(call).model_dump_json())
        await self._run(call, lost, last_seq)

    def detach(self) -> None:
        """Leave the call, which is kept for a while if nobody else is connected to it."""
        if self._call is not None:
            self._live.detach(self._call)

    async def _run(self, call: LiveCall, lost: asyncio.Future[None], last_seq: int) -> None:
        """Receive and send at once, until the events end or something breaks."""
        receiving = asyncio.create_task(self._receive(call), name="receive audio")
        sending = asyncio.create_task(self._send(call, last_seq), name="send events")
        try:
            ends: list[asyncio.Future[Any]] = [receiving, sending, lost]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if lost.done() and not sending.done():
                raise ResumeError("another connection has taken this call up")
            if receiving.done():
                # Raises what was wrong with the audio; after `end` the events go on.
                has_hung_up = receiving.result()
                await sending
            else:
                sending.result()
                has_hung_up = False
            if self._live.is_closing and not has_hung_up:
                raise ClosingError("the service is going down; the call was stored up to here")
        finally:
            for task in (receiving, sending):
                task.cancel()
            await asyncio.gather(receiving, sending, return_exceptions=True)

    async def _first_message(self) -> Start | Resume:
        limits = self._live.limits
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

    async def _start(self, start: Start) -> LiveCall:
        self._set_format(start, start.sample_rate_hz)
        if start.token is not None and start.call_id is not None:
            return await self._join(start, start.call_id, start.token)
        pipeline = await asyncio.to_thread(self._hotlines.get, start.profile)
        spec = CallSpec(
            call_id=start.call_id or new_call_id(),
            profile=self._hotlines.check(start.profile),
            sample_rate_hz=start.sample_rate_hz,
            received_at=datetime.now(CHINA_TIME),
            kind=start.kind,
        )
        return await self._live.open(spec, pipeline, "live")

    async def _join(self, start: Start, call_id: str, token: str) -> LiveCall:
        call = self._live.resume(call_id, token)
        if start.sample_rate_hz != call.spec.sample_rate_hz:
            raise MessageFormatError(
                f"the other leg has {call.spec.sample_rate_hz} Hz; both need the same"
            )
        await call.join(self._channels)
        return call

    def _resume(self, resume: Resume) -> LiveCall:
        call = self._live.resume(resume.call_id, resume.token)
        self._set_format(resume, call.spec.sample_rate_hz)
        return call

    def _set_format(self, message: Start | Resume, sample_rate_hz: int) -> None:
        self._channels = tuple(message.channels)
        self._is_prefixed = message.framing == "prefixed"
        groups = [(leg,) for leg in self._channels] if self._is_prefixed else [self._channels]
        self._formats = [AudioFormat(message.encoding, sample_rate_hz, group) for group in groups]

    def _ready(self, call: LiveCall) -> Ready:
        return Ready(
            call_id=call.spec.call_id,
            token=call.token,
            profile=call.spec.profile,
            sample_rate_hz=call.spec.sample_rate_hz,
            samples_received=self._received(call),
            seq=call.log.seq,
            resume_within_s=self._live.limits.resume_within_s,
            max_message_bytes=self._live.limits.max_message_bytes,
        )

    async def _receive(self, call: LiveCall) -> bool:
        """Take audio and control messages until `end`, and return that it came."""
        self._acked = self._least_received(call)
        while True:
            message = await self._next_message()
            if isinstance(message, bytes):
                # A call that the service ended, or its other leg, has nothing more to hear.
                if not call.has_ended:
                    await self._audio(call, message)
                continue
            control = read_message(message)
            match control:
                case Flush():
                    call.flush()
                case Ping():
                    await self._wire.send(Pong(id=control.id).model_dump_json())
                case End():
                    await self._acknowledge(call)
                    call.end_legs(self._channels)
                    return True
                case _:
                    raise MessageOrderError(f"`{_type_of(control)}` while the call goes on")

    async def _next_message(self) -> str | bytes:
        idle_s = self._live.limits.idle_s
        try:
            async with asyncio.timeout(idle_s):
                message = await self._wire.receive()
        except TimeoutError:
            raise IdleCallError(
                f"nothing came for {idle_s:g} s; send audio, silence too, or `ping`"
            ) from None
        self._check_size(len(message))
        return message

    async def _audio(self, call: LiveCall, data: bytes) -> None:
        try:
            await call.push(self._decode(data))
        except (CallTooLongError, OutputError):
            call.end()
            raise
        due = self._acked + _ACK_EVERY_MS * call.spec.sample_rate_hz // 1000
        if self._least_received(call) >= due:
            await self._acknowledge(call)

    def _decode(self, data: bytes) -> dict[Channel, Pcm]:
        if not self._is_prefixed:
            return self._formats[0].decode(data)
        if not data or data[0] >= len(self._formats):
            raise AudioFrameError(
                "the first byte of an audio message names its leg: "
                + ", ".join(f"{index} {leg}" for index, leg in enumerate(self._channels))
            )
        return self._formats[data[0]].decode(data[1:])

    async def _acknowledge(self, call: LiveCall) -> None:
        self._acked = self._least_received(call)
        await self._wire.send(Ack(samples_received=self._received(call)).model_dump_json())

    async def _send(self, call: LiveCall, last_seq: int) -> None:
        async for event in call.log.follow(last_seq):
            await self._wire.send(event.text)

    def _received(self, call: LiveCall) -> dict[Channel, int]:
        return {leg: call.received[leg] for leg in self._channels}

    def _least_received(self, call: LiveCall) -> int:
        return min(self._received(call).values())

    def _check_size(self, size: int) -> None:
        most = self._live.limits.max_message_bytes
        if size > most:
            raise MessageTooLargeError(
                f"a message of {size} bytes; send at most {most}, best 20 ms of audio each"
            )


def _type_of(message: ClientMessage) -> str:
    return message.type
