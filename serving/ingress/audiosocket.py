"""Asterisk's AudioSocket: one leg of a call over plain TCP."""

from __future__ import annotations

import asyncio
import logging
from uuid import UUID

from serving.errors import ClosingError, IdleCallError, MessageOrderError
from serving.ingress.audiosocket_announcements import Announcements
from serving.ingress.audiosocket_frames import RATES_HZ, Frame, Kind, read_frame
from serving.ingress.pcm_stream import PcmStream
from serving.ingress.phone_line import PhoneLine
from serving.ingress.phone_lines import PhoneCall, PhoneLines
from serving.live.pcm import AudioFormat

log = logging.getLogger(__name__)


class AudioSocket:
    """One connection: its UUID, then audio until it ends."""

    def __init__(
        self, reader: asyncio.StreamReader, lines: PhoneLines, announcements: Announcements
    ) -> None:
        self._reader = reader
        self._lines = lines
        self._announcements = announcements
        self._has_hung_up = False

    async def serve(self) -> None:
        """Bring the audio to a call; OSError where the connection broke, else a refusal."""
        uuid = await self._uuid()
        first = await self._next_audio(uuid) if uuid is not None else None
        if uuid is None or first is None:
            return
        said = self._announcements.find(uuid)
        call = PhoneCall(
            sample_rate_hz=RATES_HZ[first.kind],
            legs=(said.leg,) if said.leg is not None else None,
            call_id=said.call_id or str(uuid),
            profile=said.profile,
            kind=said.kind,
        )
        async with self._lines.connect(call) as line:
            await line.serve(self._receive(line, uuid, first))
        if self._lines.is_closing and not self._has_hung_up:
            raise ClosingError("the service is going down; the call was stored up to here")

    async def _uuid(self) -> UUID | None:
        """Return the call's UUID; None where the connection only looked whether we are here."""
        within_s = self._lines.limits.start_within_s
        try:
            async with asyncio.timeout(within_s):
                frame = await read_frame(self._reader)
        except TimeoutError:
            raise IdleCallError(f"Asterisk sent no UUID for {within_s:g} s") from None
        if frame is None:
            return None
        if frame.kind != Kind.UUID or len(frame.payload) != 16:
            raise MessageOrderError("an AudioSocket connection begins with a UUID of 16 bytes")
        return UUID(bytes=frame.payload)

    async def _receive(self, line: PhoneLine, uuid: UUID, first: Frame) -> None:
        frame: Frame | None = first
        kind, audio = first.kind, _stream(line, first)
        while frame is not None:
            if frame.kind != kind:
                await line.change_rate(RATES_HZ[frame.kind])
                kind, audio = frame.kind, _stream(line, frame)
            await line.push(audio.decode(frame.payload))
            frame = await self._next_audio(uuid)
        self._has_hung_up = True
        if audio.has_torn_pieces:
            log.warning("an AudioSocket connection sent frames of an odd number of bytes")
        await line.hang_up()

    async def _next_audio(self, uuid: UUID) -> Frame | None:
        """Return the next frame of audio, None at the hang-up; the others are not needed."""
        idle_s = self._lines.limits.line_idle_s
        try:
            async with asyncio.timeout(idle_s):
                while (frame := await read_frame(self._reader)) is not None:
                    if frame.kind in RATES_HZ:
                        return frame
                    if frame.kind == Kind.HANG_UP:
                        return None
                    if frame.kind == Kind.UUID and frame.payload != uuid.bytes:
                        raise MessageOrderError("a second UUID; open one connection for each leg")
                    if frame.kind == Kind.ERROR:
                        log.warning("Asterisk reports an error on an AudioSocket connection")
                return None
        except TimeoutError:
            raise IdleCallError(f"Asterisk sent no audio for {idle_s:g} s") from None


def _stream(line: PhoneLine, frame: Frame) -> PcmStream:
    return PcmStream(AudioFormat("s16le", RATES_HZ[frame.kind], line.line.channels))
