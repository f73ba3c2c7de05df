"""Our own live protocol over WebSocket; docs/websocket.md describes it for clients."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from fastapi import APIRouter
from starlette.websockets import WebSocket, WebSocketDisconnect

from serving.api.dependencies import is_same_origin
from serving.api.error_table import fault_of
from serving.api.problems import ERRORS
from serving.api.services import Services
from serving.errors import SlowClientError
from serving.ingress.connection import Connection
from serving.ingress.messages import ErrorMessage

log = logging.getLogger(__name__)

router = APIRouter()

_NORMAL = 1000
_POLICY = 1008


@router.websocket("/ws/call")
async def call_socket(socket: WebSocket) -> None:
    """Serve one connection of a live call."""
    services: Services = socket.app.state.services
    if not is_same_origin(socket):
        await socket.close(_POLICY, "this page belongs to another site")
        return
    await socket.accept()
    wire = SocketWire(socket, services.live.limits.send_within_s)
    connection = Connection(wire, services.lines)
    try:
        with services.lines.visit():
            await connection.serve()
        await close_socket(socket, _NORMAL)
    except WebSocketDisconnect:
        pass
    except Exception as error:
        await _refuse(socket, error)
    finally:
        connection.detach()


class SocketWire:
    """A WebSocket as messages in and texts out."""

    def __init__(self, socket: WebSocket, send_within_s: float) -> None:
        self._socket = socket
        self._send_within_s = send_within_s
        self._lock = asyncio.Lock()

    async def receive(self) -> str | bytes:
        """Return the next message; raises WebSocketDisconnect when there is nobody any more."""
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1006))
        text: str | None = message.get("text")
        data: bytes | None = message.get("bytes")
        return text if text is not None else data or b""

    async def send(self, text: str) -> None:
        """Send one message; raises SlowClientError where it is not taken in time."""
        try:
            async with asyncio.timeout(self._send_within_s), self._lock:
                await self._socket.send_text(text)
        except TimeoutError:
            raise SlowClientError(
                f"an event was not read within {self._send_within_s:g} s; read them as they come"
            ) from None


async def _refuse(socket: WebSocket, error: Exception) -> None:
    """Say why, then close with the code that belongs to the error."""
    fault = fault_of(error)
    ERRORS.labels(code=fault.code, door="websocket").inc()
    if not fault.is_ours:
        log.error("a connection failed in an unexpected way", exc_info=error)
    told = ErrorMessage(
        code=fault.code,
        title=fault.title,
        message=str(error) if fault.is_ours else "something unexpected went wrong; see the log",
        retryable=bool(getattr(error, "retryable", False)),
    )
    with contextlib.suppress(Exception):
        async with asyncio.timeout(2.0):
            await socket.send_text(told.model_dump_json())
    await close_socket(socket, fault.close_code, fault.code)


async def close_socket(socket: WebSocket, code: int, reason: str = "") -> None:
    """Close a connection whose other side may be gone or not answer."""
    with contextlib.suppress(Exception):
        async with asyncio.timeout(5.0):
            await socket.close(code, reason)
