"""An independent FreeSWITCH: streams as mod_audio_stream and mod_audio_fork do."""

from __future__ import annotations

import asyncio
import json
from types import TracebackType
from typing import Any

import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from serving.live.pcm import Pcm


class FreeSwitch:
    """One stream; `query` is the URL's part after the question mark."""

    def __init__(
        self, address: str, query: str = "", *, fork: bool = False, compress: bool = False
    ) -> None:
        self._url = address.replace("http", "ws", 1) + "/freeswitch" + (query and f"?{query}")
        self._subprotocols = [Subprotocol("audio.drachtio.org")] if fork else None
        self._compression = "deflate" if compress else None
        self.texts: list[dict[str, Any]] = []

    async def __aenter__(self) -> FreeSwitch:
        self.socket: ClientConnection = await connect(
            self._url, subprotocols=self._subprotocols, compression=self._compression
        )
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.socket.close()
        await self._reading

    async def send(self, message: str | bytes) -> None:
        await self.socket.send(message)

    async def play(self, left: Pcm, right: Pcm | None = None, frame: int = 160) -> None:
        """Send samples in messages of `frame` samples; two legs interleaved."""
        legs = [left] if right is None else [left, right]
        data = np.stack(legs, axis=1).astype("<i2")
        for start in range(0, len(data), frame):
            await self.socket.send(data[start : start + frame].tobytes())
            await asyncio.sleep(0)

    def drop(self) -> None:
        """Break the line as a network does."""
        self.socket.transport.abort()

    async def closed(self, within_s: float = 20.0) -> int | None:
        """Wait for the other side to close and return its code."""
        await asyncio.wait_for(asyncio.shield(self._reading), within_s)
        return self.socket.close_code

    async def told(self, kind: str, within_s: float = 10.0) -> dict[str, Any]:
        """Wait for a text of this type."""
        async with asyncio.timeout(within_s):
            while True:
                for text in self.texts:
                    if text["type"] == kind:
                        return text
                await asyncio.sleep(0.01)

    async def _read(self) -> None:
        try:
            async for text in self.socket:
                self.texts.append(json.loads(text))
        except ConnectionClosed:
            pass
