"""Asterisk's chan_websocket: one leg of a call over WebSocket, in the channel's own codec.

Asterisk connects to us as websocket_client.conf says. We listen only, and send nothing but
a hang-up where a call is refused: flow control is for those who play sound.
"""

from __future__ import annotations

import contextlib
import logging

from fastapi import APIRouter
from starlette.websockets import WebSocket, WebSocketDisconnect

from asr.types import Channel
from serving.api.services import Services
from serving.errors import ClosingError, MessageFormatError, MessageOrderError
from serving.ingress import chan_websocket_events as events
from serving.ingress.chan_websocket_events import MediaEvent, read_event
from serving.ingress.media_codecs import Codec, Decoder, decoder, find_codec
from serving.ingress.phone_faults import note_fault
from serving.ingress.phone_line import PhoneLine
from serving.ingress.phone_lines import PhoneCall, PhoneLines
from serving.ingress.phone_options import PhoneOptions
from serving.ingress.phone_socket import HANG_UP, NORMAL, PhoneWire, admit
from serving.ingress.websocket import close_socket

log = logging.getLogger(__name__)

router = APIRouter()

_SUBPROTOCOL = "media"
_VARIABLES = {f"JIESU_{name.upper()}": name for name in PhoneOptions.model_fields}
"""Channel variables that say what the URL may say too."""


@router.websocket("/media")
@router.websocket("/media/{connection_id}")
async def media_socket(socket: WebSocket) -> None:
    """Serve one channel of Asterisk."""
    services: Services = socket.app.state.services
    if not await admit(socket, _SUBPROTOCOL):
        return
    wire = PhoneWire(socket, services.lines.limits)
    channel = MediaChannel(wire, services.phone_lines)
    try:
        with services.lines.visit():
            await channel.serve(PhoneOptions.read(dict(socket.query_params)))
        await close_socket(socket, NORMAL)
    except WebSocketDisconnect:
        pass
    except Exception as error:
        fault = note_fault(error, "chan-websocket")
        with contextlib.suppress(Exception):
            await wire.send(events.command(events.HANG_UP, is_json=channel.speaks_json))
        await close_socket(socket, fault.close_code, fault.code)


class MediaChannel:
    """One connection from its MEDIA_START to its end."""

    def __init__(self, wire: PhoneWire, lines: PhoneLines) -> None:
        self.speaks_json = False
        """Whether Asterisk expects commands as JSON."""
        self._wire = wire
        self._lines = lines

    async def serve(self, query: PhoneOptions) -> None:
        """Bring the channel's audio to a call; raises what Asterisk is to be refused with."""
        start = await self._start()
        codec = find_codec(start.values.get("format", ""))
        said = query.then(_said_by_channel(start))
        call = PhoneCall(
            codec.sample_rate_hz,
            legs=(said.leg,) if said.leg is not None else None,
            call_id=said.call_id or _own_id(start),
            profile=said.profile,
            kind=said.kind,
        )
        async with self._lines.connect(call) as line:
            _check_frame_size(line, start, codec)
            leg: Channel = line.line.channels[0]
            await line.serve(self._receive(line, decoder(codec, leg)))
        # Asterisk ends a call by closing: who is here still did not.
        if self._lines.is_closing:
            raise ClosingError("the service is going down; the call was stored up to here")

    async def _start(self) -> MediaEvent:
        message = await self._wire.receive(self._lines.limits.start_within_s)
        if isinstance(message, bytes):
            raise MessageOrderError("audio before MEDIA_START, which names the codec")
        start = read_event(message)
        self.speaks_json = start.is_json
        if start.name != events.MEDIA_START:
            raise MessageOrderError("the first event must be MEDIA_START")
        return start

    async def _receive(self, line: PhoneLine, audio: Decoder) -> None:
        try:
            while True:
                message = await self._wire.receive()
                if isinstance(message, bytes):
                    await line.push(audio.decode(message))
                else:
                    _note_event(message)
        except WebSocketDisconnect as gone:
            if gone.code in HANG_UP:
                await line.hang_up()
            raise


def _said_by_channel(start: MediaEvent) -> PhoneOptions:
    said = {name: start.variables.get(variable) for variable, name in _VARIABLES.items()}
    return PhoneOptions.read(said)


def _own_id(start: MediaEvent) -> str | None:
    """Return the channel's unique id, so that it is found again in Asterisk's own records.

    The `connection_id` is no call's: it names the section of websocket_client.conf.
    """
    try:
        return PhoneOptions.read({"call_id": start.values.get("channel_id")}).call_id
    except MessageFormatError:
        return None


def _check_frame_size(line: PhoneLine, start: MediaEvent, codec: Codec) -> None:
    """Compare the frames that Asterisk announces with the codec that it names."""
    size, ptime_ms = start.number("optimal_frame_size"), start.number("ptime")
    if not size or not ptime_ms or size * 1000 == codec.bytes_per_s * ptime_ms:
        return
    line.say(
        "sample-rate",
        "音频帧长与声明的编码不符，请检查话务系统设置",
        f"{size} bytes each {ptime_ms} ms are announced, which is not what the codec has",
    )


def _note_event(text: str) -> None:
    try:
        event = read_event(text)
    except MessageFormatError as error:
        # Nothing that a text may say is worth a call.
        log.warning("a text on a media channel is left aside: %s", error)
        return
    if event.name == events.MEDIA_START:
        raise MessageOrderError("a second MEDIA_START; open one connection for each channel")
    if event.name == events.ERROR:
        log.warning("Asterisk reports an error on a media channel")
