"""Twilio's media streams: both directions of a call as JSON, each with its track."""

from __future__ import annotations

import base64
import binascii
import json
import logging
from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter
from starlette.websockets import WebSocket, WebSocketDisconnect

from asr.types import Channel
from serving.api.services import Services
from serving.errors import ClosingError, MessageFormatError, MessageOrderError
from serving.ingress.phone_faults import note_fault
from serving.ingress.phone_line import PhoneLine
from serving.ingress.phone_lines import PhoneCall, PhoneLines
from serving.ingress.phone_options import PhoneOptions
from serving.ingress.phone_socket import HANG_UP, NORMAL, PhoneWire, admit
from serving.ingress.websocket import close_socket
from serving.live.pcm import AudioFormat

log = logging.getLogger(__name__)

router = APIRouter()

_ENCODING = "audio/x-mulaw"
_RATE_HZ = 8_000
_LEGS: Final[dict[str, Channel]] = {"inbound": "citizen", "outbound": "agent"}
"""By track: inbound is what Twilio gets from who calls."""

_Message = Mapping[str, object]


@router.websocket("/twilio")
async def twilio_socket(socket: WebSocket) -> None:
    """Serve one media stream."""
    services: Services = socket.app.state.services
    if not await admit(socket, ""):
        return
    stream = TwilioStream(PhoneWire(socket, services.lines.limits), services.phone_lines)
    try:
        with services.lines.visit():
            await stream.serve(PhoneOptions.read(dict(socket.query_params)))
        await close_socket(socket, NORMAL)
    except WebSocketDisconnect:
        pass
    except Exception as error:
        fault = note_fault(error, "twilio")
        await close_socket(socket, fault.close_code, fault.code)


class TwilioStream:
    """One stream from its `start` to its `stop`."""

    def __init__(self, wire: PhoneWire, lines: PhoneLines) -> None:
        self._wire = wire
        self._lines = lines
        self._has_hung_up = False

    async def serve(self, query: PhoneOptions) -> None:
        """Bring the stream's audio to a call; raises what the connection is refused with."""
        start = await self._start()
        said = query.then(PhoneOptions.read(_part(start, "customParameters")))
        call = PhoneCall(
            _RATE_HZ,
            _legs(start),
            call_id=said.call_id or PhoneOptions.read({"call_id": start.get("callSid")}).call_id,
            profile=said.profile,
            kind=said.kind,
        )
        async with self._lines.connect(call) as line:
            await line.serve(self._receive(line))
        if self._lines.is_closing and not self._has_hung_up:
            raise ClosingError("the service is going down; the call was stored up to here")

    async def _start(self) -> _Message:
        limit_s = self._lines.limits.start_within_s
        message = _read(await self._wire.receive(limit_s))
        if message.get("event") == "connected":
            message = _read(await self._wire.receive(limit_s))
        if message.get("event") != "start":
            raise MessageOrderError("a media stream begins with `start`")
        start = _part(message, "start")
        audio = _part(start, "mediaFormat")
        if (audio.get("encoding"), audio.get("sampleRate")) != (_ENCODING, _RATE_HZ):
            raise MessageFormatError(f"the stream must be {_ENCODING} at {_RATE_HZ} Hz")
        return start

    async def _receive(self, line: PhoneLine) -> None:
        try:
            while (message := _read(await self._wire.receive())).get("event") != "stop":
                # Keys, marks and what may come in later versions need no answer.
                if message.get("event") == "media":
                    await self._hear(line, _part(message, "media"))
        except WebSocketDisconnect as gone:
            if gone.code in HANG_UP:
                await line.hang_up()
            raise
        self._has_hung_up = True
        await line.hang_up()

    async def _hear(self, line: PhoneLine, media: _Message) -> None:
        leg = _LEGS.get(str(media.get("track", "inbound")))
        if leg not in line.line.channels:
            raise MessageFormatError("audio of a track that `start` did not name")
        try:
            data = base64.b64decode(str(media.get("payload", "")), validate=True)
        except binascii.Error:
            raise MessageFormatError("the payload of `media` must be base64") from None
        await line.push(AudioFormat("mulaw", _RATE_HZ, (leg,)).decode(data))


def _legs(start: _Message) -> tuple[Channel, ...]:
    tracks = start.get("tracks")
    named = [_LEGS[t] for t in tracks if t in _LEGS] if isinstance(tracks, list) else []
    if not named:
        raise MessageFormatError("`tracks` must name inbound, outbound or both")
    return tuple(dict.fromkeys(named))


def _read(message: str | bytes) -> _Message:
    if isinstance(message, bytes):
        raise MessageFormatError("Twilio sends JSON; binary messages mean nothing here")
    try:
        said = json.loads(message)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise MessageFormatError("a message must be one JSON object")
    return said


def _part(message: _Message, name: str) -> _Message:
    part = message.get(name, {})
    if not isinstance(part, dict):
        raise MessageFormatError(f"`{name}` must be an object")
    return part
