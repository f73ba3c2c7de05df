"""An independent Asterisk: AudioSocket over a plain TCP connection."""

from __future__ import annotations

import asyncio
import socket
import struct
from types import TracebackType
from uuid import UUID, uuid4

from serving.live.pcm import Pcm

KINDS = {8_000: 0x10, 12_000: 0x11, 16_000: 0x12, 24_000: 0x13, 32_000: 0x14,
         44_100: 0x15, 48_000: 0x16, 96_000: 0x17, 192_000: 0x18}  # fmt: skip


def frame(kind: int, payload: bytes = b"") -> bytes:
    return bytes([kind]) + struct.pack(">H", len(payload)) + payload


class AudioSocketCall:
    """One connection; says its UUID first unless told otherwise."""

    def __init__(self, port: int, uuid: UUID | None = None, *, hello: bool = True) -> None:
        self.uuid = uuid or uuid4()
        self._port = port
        self._hello = hello

    async def __aenter__(self) -> AudioSocketCall:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self._port)
        if self._hello:
            await self.send(frame(0x01, self.uuid.bytes))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Hang up as Asterisk does: by closing."""
        self.writer.close()

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def play(self, samples: Pcm, rate_hz: int = 8_000) -> None:
        """Send 20 ms a frame."""
        length = rate_hz // 50
        for start in range(0, len(samples), length):
            piece = samples[start : start + length].astype("<i2").tobytes()
            await self.send(frame(KINDS[rate_hz], piece))
            await asyncio.sleep(0)

    async def answer(self, within_s: float = 10.0) -> bytes:
        """Everything the other side says until it closes."""
        return await asyncio.wait_for(self.reader.read(), within_s)

    def drop(self) -> None:
        """Break the connection with a reset."""
        connection = self.writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
