"""A FunASR client of our own, over bare websockets: it can say what no polite client says."""

from __future__ import annotations

import asyncio
import json
from types import TracebackType
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

Message = dict[str, Any]


class FunasrCaller:
    """Keeps every message it gets; says nothing by itself."""

    def __init__(
        self,
        address: str,
        path: str = "/funasr",
        *,
        offers: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        self._address = address.replace("http", "ws", 1) + path
        self._headers = headers
        self._offers = [Subprotocol(offers)] if offers else None
        self.messages: list[Message] = []
        self.close_code: int | None = None

    async def __aenter__(self) -> FunasrCaller:
        self._socket: ClientConnection = await connect(
            self._address,
            subprotocols=self._offers,
            additional_headers=self._headers,
            max_size=None,
        )
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._socket.close()
        await self._reading

    @property
    def subprotocol(self) -> str | None:
        return self._socket.subprotocol

    async def say(self, **fields: Any) -> None:
        await self._socket.send(json.dumps(fields))

    async def send(self, data: bytes | str) -> None:
        await self._socket.send(data)

    async def play(self, data: bytes, frame_bytes: int) -> None:
        for start in range(0, len(data), frame_bytes):
            await self._socket.send(data[start : start + frame_bytes])

    def drop(self) -> None:
        """Cut the line without a word."""
        self._socket.transport.abort()

    async def final(self, number: int = 1, within_s: float = 20.0) -> Message:
        """Wait for the last result of the call `number` and return it."""
        async with asyncio.timeout(within_s):
            while True:
                finals = [m for m in self.messages if m["is_final"] and "is_end" not in m]
                if len(finals) >= number:
                    return finals[number - 1]
                if self._reading.done():
                    raise AssertionError(f"closed {self.close_code} without a last result")
                await asyncio.sleep(0.01)

    @property
    def has_closed(self) -> bool:
        return self._reading.done()

    async def closed(self, within_s: float = 20.0) -> int | None:
        """Wait for the other side to close and return the code."""
        await asyncio.wait_for(asyncio.shield(self._reading), within_s)
        return self.close_code

    @property
    def sentences(self) -> list[str]:
        """What a client shows in the end."""
        return [m["text"] for m in self.messages if m["mode"] == "2pass-offline" and m["text"]]

    async def _read(self) -> None:
        try:
            async for text in self._socket:
                self.messages.append(json.loads(text))
        except ConnectionClosed:
            pass
        self.close_code = self._socket.close_code
