"""What the WebSocket doors of telephone systems share: whom they let in, how they refuse."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from starlette.websockets import WebSocket

from serving.errors import IdleCallError
from serving.ingress.websocket import SocketWire
from serving.live.limits import LiveLimits

NORMAL = 1000
HANG_UP = (1000, 1001)
"""Close codes of a side that hung up; otherwise the line may have broken and come back."""
_POLICY = 1008


async def admit(socket: WebSocket, subprotocol: str) -> bool:
    """Accept a telephone system's connection, with `subprotocol` where it was offered.

    A page of another site is refused. Some telephone systems send an Origin too, made of
    the address they dialled, with or without its port.
    """
    origin = urlsplit(socket.headers.get("origin", ""))
    host = urlsplit(f"//{socket.headers.get('host', '')}")
    if origin.hostname is not None and origin.hostname != host.hostname:
        await socket.close(_POLICY, "this page belongs to another site")
        return False
    is_offered = subprotocol in socket.scope.get("subprotocols", ())
    await socket.accept(subprotocol if is_offered else None)
    return True


class PhoneWire:
    """Messages of a telephone system, with a limit to how long it may send none."""

    def __init__(self, socket: WebSocket, limits: LiveLimits) -> None:
        self._wire = SocketWire(socket, limits.send_within_s)
        self._idle_s = limits.line_idle_s

    async def receive(self, within_s: float | None = None) -> str | bytes:
        """Return the next message; IdleCallError where none comes, WebSocketDisconnect."""
        limit_s = self._idle_s if within_s is None else within_s
        try:
            async with asyncio.timeout(limit_s):
                return await self._wire.receive()
        except TimeoutError:
            raise IdleCallError(f"the telephone system sent nothing for {limit_s:g} s") from None

    async def send(self, text: str) -> None:
        """Send one message; raises SlowClientError where it is not taken in time."""
        await self._wire.send(text)
