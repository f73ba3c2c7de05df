"""An independent Asterisk: a chan_websocket channel that connects to the service."""

from __future__ import annotations

import asyncio
import json
from types import TracebackType
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

FRAME_BYTES = {"slin": 320, "slin16": 640, "slin44": 1_764, "slin48": 1_920, "ulaw": 160,
               "alaw": 160, "g722": 160}  # fmt: skip


class MediaChannel:
    """One channel; says MEDIA_START first unless told otherwise."""

    def __init__(
        self,
        address: str,
        media_format: str = "slin",
        query: str = "",
        *,
        speaks_json: bool = False,
        hello: bool = True,
        variables: dict[str, str] | None = None,
        channel_id: str = "1763791200.7",
        path: str = "/media/jiesu",
    ) -> None:
        self._url = address.replace("http", "ws", 1) + path + (query and f"?{query}")
        self._format = media_format
        self._json = speaks_json
        self._hello = hello
        self._variables = variables or {}
        self._channel_id = channel_id
        self.told: list[str | bytes] = []

    @property
    def frame_bytes(self) -> int:
        return FRAME_BYTES.get(self._format, 320)

    async def __aenter__(self) -> MediaChannel:
        self.socket: ClientConnection = await connect(
            self._url, subprotocols=[Subprotocol("media")], compression=None
        )
        self._reading = asyncio.create_task(self._read())
        if self._hello:
            await self.event(
                "MEDIA_START",
                connection_id="jiesu",
                channel="WebSocket/jiesu/0x7f00c0de",
                channel_id=self._channel_id,
                format=self._format,
                optimal_frame_size=self.frame_bytes,
                ptime=20,
            )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.socket.close()
        await self._reading

    async def event(self, name: str, **values: Any) -> None:
        if self._json:
            extra = {"channel_variables": self._variables} if name == "MEDIA_START" else {}
            await self.socket.send(json.dumps({"event": name} | values | extra))
        else:
            await self.socket.send(" ".join([name, *(f"{k}:{v}" for k, v in values.items())]))

    async def play(self, data: bytes) -> None:
        """Send one frame a message."""
        for start in range(0, len(data), self.frame_bytes):
            await self.socket.send(data[start : start + self.frame_bytes])
            await asyncio.sleep(0)

    async def closed(self, within_s: float = 15.0) -> int | None:
        await asyncio.wait_for(asyncio.shield(self._reading), within_s)
        return self.socket.close_code

    async def _read(self) -> None:
        try:
            async for message in self.socket:
                self.told.append(message)
        except ConnectionClosed:
            pass
