"""FreeSWITCH's mod_audio_stream and mod_audio_fork: headerless L16 over WebSocket.

Nothing in band says rate or channels. The URL does, or a text that comes before the audio,
after some of it, or never.
"""

from __future__ import annotations

import asyncio
import contextlib

from fastapi import APIRouter
from starlette.websockets import WebSocket, WebSocketDisconnect

from serving.api.services import Services
from serving.errors import ClosingError, MessageFormatError
from serving.ingress.freeswitch_events import EventSender
from serving.ingress.freeswitch_options import FreeSwitchOptions, Side, is_end, read_metadata
from serving.ingress.freeswitch_start import Held, hold_until_known
from serving.ingress.pcm_stream import PcmStream
from serving.ingress.phone_faults import note_fault
from serving.ingress.phone_line import PhoneLine
from serving.ingress.phone_lines import PhoneCall, PhoneLines
from serving.ingress.phone_socket import HANG_UP, NORMAL, PhoneWire, admit
from serving.ingress.websocket import close_socket
from serving.live.pcm import AudioFormat

router = APIRouter()

_FORK_PROTOCOL = "audio.drachtio.org"


@router.websocket("/freeswitch")
async def freeswitch_socket(socket: WebSocket) -> None:
    """Serve one stream of a FreeSWITCH channel."""
    services: Services = socket.app.state.services
    if not await admit(socket, _FORK_PROTOCOL):
        return
    is_fork = _FORK_PROTOCOL in socket.scope.get("subprotocols", ())
    wire = PhoneWire(socket, services.lines.limits)
    events = EventSender(wire, is_fork=is_fork)
    stream = Stream(wire, services.phone_lines, events, is_fork=is_fork)
    try:
        query = FreeSwitchOptions.read(dict(socket.query_params))
        events.is_wanted = query.events
        with services.lines.visit():
            await stream.serve(query, services.settings.freeswitch_citizen)
        await close_socket(socket, NORMAL)
    except WebSocketDisconnect:
        pass
    except Exception as error:
        fault = note_fault(error, "freeswitch")
        with contextlib.suppress(Exception):
            await events.refuse(error, fault)
        await close_socket(socket, fault.close_code, fault.code)


class Stream:
    """One stream from its first message to its end; whatever goes wrong ends it."""

    def __init__(
        self, wire: PhoneWire, lines: PhoneLines, events: EventSender, *, is_fork: bool
    ) -> None:
        self._wire = wire
        self._lines = lines
        self._events = events
        self._is_fork = is_fork
        self._has_hung_up = False
        self._has_complained = False

    async def serve(self, query: FreeSwitchOptions, citizen: Side) -> None:
        """Bring the stream's audio to a call; raises what FreeSWITCH is to be refused with."""
        start_within_s = self._lines.limits.start_within_s
        held = await hold_until_known(self._wire, query, start_within_s, is_fork=self._is_fork)
        options = held.options
        self._events.is_wanted = options.events
        legs = options.channels(citizen)
        call = PhoneCall(
            options.rate,
            legs,
            options.call_id,
            options.profile,
            options.kind,
            is_mixed=options.mix == "mixed",
        )
        async with self._lines.connect(call) as line:
            sending = asyncio.create_task(self._tell(line), name="send events")
            try:
                await line.serve(
                    self._receive(line, held, AudioFormat("s16le", options.rate, legs))
                )
                await sending
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
        if self._lines.is_closing and not self._has_hung_up:
            raise ClosingError("the service is going down; the call was stored up to here")

    async def _tell(self, line: PhoneLine) -> None:
        if self._events.is_wanted:
            await self._events.send_all(line)

    async def _receive(self, line: PhoneLine, held: Held, audio_format: AudioFormat) -> None:
        audio = PcmStream(audio_format)
        if held.fault is not None:
            line.say("metadata", "元数据有误，未采用", f"the metadata is left aside: {held.fault}")
        try:
            await self._hear(line, audio, held.audio)
            if held.closed is not None:
                raise held.closed
            if not held.has_ended:
                await self._until_end(line, audio, held.options)
        except WebSocketDisconnect as gone:
            if gone.code in HANG_UP:
                await line.hang_up()
            raise
        self._has_hung_up = True
        await line.hang_up()

    async def _until_end(
        self, line: PhoneLine, audio: PcmStream, options: FreeSwitchOptions
    ) -> None:
        """Take audio until FreeSWITCH says that there is no more."""
        while True:
            message = await self._wire.receive()
            if isinstance(message, str):
                if is_end(message):
                    return
                self._note_late_metadata(line, message, options)
            elif message:
                await self._hear(line, audio, message)
            elif self._is_fork:
                # How mod_audio_fork takes its leave; it waits for us to close.
                return

    async def _hear(self, line: PhoneLine, audio: PcmStream, data: bytes) -> None:
        pcm = audio.decode(data)
        if audio.has_torn_pieces and not self._has_complained:
            self._has_complained = True
            line.say(
                "audio-frame",
                "音频帧不是整数个采样，可能声道设置不符",
                f"{len(data)} bytes are not a whole number of samples: is it mono or stereo?",
            )
        await line.push(pcm)

    def _note_late_metadata(self, line: PhoneLine, text: str, options: FreeSwitchOptions) -> None:
        try:
            said = read_metadata(text)
        except MessageFormatError:
            return
        if said is not None and options.then(said).audio != options.audio:
            line.say(
                "metadata-late",
                "元数据来得太晚，采样率或声道可能不符",
                "metadata came after the call had begun and says another rate or mix; "
                "put both in the URL",
            )
