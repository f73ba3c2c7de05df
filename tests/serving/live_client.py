"""An independent client of the live protocol, written from docs/websocket.md alone."""

from __future__ import annotations

import asyncio
import json
from types import TracebackType
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

Message = dict[str, Any]


class LiveClient:
    """Keeps every message it gets; `start` is what it says first."""

    def __init__(self, address: str, **start: Any) -> None:
        self._address = address.replace("http", "ws", 1) + "/ws/call"
        self._start = {"type": "start", "channels": ["agent", "citizen"]} | start
        self.messages: list[Message] = []
        self.close_code: int | None = None

    async def __aenter__(self) -> LiveClient:
        self._socket: ClientConnection = await connect(self._address, compression=None)
        self._reading = asyncio.create_task(self._read())
        if self._start["type"]:
            await self.say(**self._start)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._socket.close()
        await self._reading

    async def say(self, **message: Any) -> None:
        await self._socket.send(json.dumps(message))

    async def send(self, data: bytes | str) -> None:
        await self._socket.send(data)

    async def play(self, data: bytes, frame_bytes: int, pause_s: float = 0.0) -> None:
        """Send audio in frames; as fast as it is taken where there is no pause."""
        for start in range(0, len(data), frame_bytes):
            await self._socket.send(data[start : start + frame_bytes])
            if pause_s:
                await asyncio.sleep(pause_s)

    def drop(self) -> None:
        """Cut the line without a word, as a broken network does."""
        self._socket.transport.abort()

    async def closed(self, within_s: float = 20.0) -> int | None:
        """Wait for the other side to close and return the code."""
        await asyncio.wait_for(asyncio.shield(self._reading), within_s)
        return self.close_code

    async def wait_for(self, name: str, /, within_s: float = 10.0, **values: Any) -> Message:
        """Wait for a message of this type and these values."""
        async with asyncio.timeout(within_s):
            while True:
                for message in self.of(name):
                    if all(message.get(key) == value for key, value in values.items()):
                        return message
                if self._reading.done():
                    raise AssertionError(f"closed {self.close_code} without {name} {values}")
                await asyncio.sleep(0.01)

    def of(self, name: str) -> list[Message]:
        return [message for message in self.messages if message["type"] == name]

    @property
    def error(self) -> Message:
        return self.of("error")[-1]

    @property
    def words(self) -> list[tuple[str, str]]:
        """The finals by start time: who said what."""
        finals = {
            m["utterance"]["id"]: m["utterance"] for m in self.of("transcript")
            if m["kind"] == "final"
        }  # fmt: skip
        ordered = sorted(finals.values(), key=lambda u: u["start_ms"])
        return [(u["channel"], u["text"]) for u in ordered if u["text"]]

    async def _read(self) -> None:
        try:
            async for text in self._socket:
                self.messages.append(json.loads(text))
        except ConnectionClosed:
            pass
        self.close_code = self._socket.close_code
