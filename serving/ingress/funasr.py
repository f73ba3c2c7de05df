"""FunASR's WebSocket protocol, so that its clients work unchanged; docs/ingress.md."""

from __future__ import annotations

import contextlib
import logging
from urllib.parse import urlsplit

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect

from serving.api.error_table import fault_of
from serving.api.problems import ERRORS
from serving.api.services import Services
from serving.call_id import new_call_id
from serving.errors import MessageFormatError
from serving.ingress.funasr_call import FunasrOptions
from serving.ingress.funasr_connection import FunasrConnection
from serving.ingress.funasr_replies import Names
from serving.ingress.websocket import SocketWire, close_socket
from serving.result import CallKind
from serving.settings import Settings

log = logging.getLogger(__name__)

router = APIRouter()

SUBPROTOCOL = "binary"
_NORMAL = 1000
_POLICY = 1008


class FunasrQuery(BaseModel):
    """What may be said in the address: FunASR's messages have no place for it."""

    model_config = ConfigDict(extra="ignore")

    profile: str | None = None
    kind: CallKind | None = None
    names: Names | None = None


@router.websocket("/funasr")
@router.websocket("/funasr/{rest:path}")
async def funasr_socket(socket: WebSocket) -> None:
    """Serve one connection of a FunASR client, which may bring call after call."""
    services: Services = socket.app.state.services
    if not may_connect(socket, services.settings):
        await socket.close(_POLICY, "this page belongs to another site")
        return
    # Some clients offer the subprotocol, others do not: neither must be refused.
    offered = SUBPROTOCOL in socket.scope.get("subprotocols", ())
    await socket.accept(SUBPROTOCOL if offered else None)
    connection = _connection(socket, services)
    try:
        with services.lines.visit():
            connection.options = _options(socket, services.settings)
            await connection.serve()
        await close_socket(socket, _NORMAL)
    except WebSocketDisconnect:
        pass
    except Exception as error:
        await _refuse(socket, connection, error)
    finally:
        connection.leave()


def may_connect(socket: WebSocket, settings: Settings) -> bool:
    """Return whether a client is a program, a page of this host, or any page where allowed."""
    origin = urlsplit(socket.headers.get("origin", "")).hostname
    host = urlsplit(f"//{socket.headers.get('host', '')}").hostname
    return origin is None or origin == host or settings.funasr_any_origin


def _connection(socket: WebSocket, services: Services) -> FunasrConnection:
    wire = SocketWire(socket, services.live.limits.send_within_s)
    options = FunasrOptions(services.settings.funasr_names, services.settings.max_upload_bytes)
    return FunasrConnection(
        wire, services.lines, options, lambda: services.recordings.partial(new_call_id())
    )


def _options(socket: WebSocket, settings: Settings) -> FunasrOptions:
    try:
        query = FunasrQuery.model_validate(dict(socket.query_params))
    except ValidationError as error:
        places = ", ".join(str(detail["loc"][0]) for detail in error.errors())
        raise MessageFormatError(
            f"the address says something unknown of: {places}; `kind` is ticket or callback, "
            "`names` is 2pass or asked"
        ) from None
    return FunasrOptions(
        names=query.names or settings.funasr_names,
        max_file_bytes=settings.max_upload_bytes,
        profile=query.profile,
        kind=query.kind,
    )


async def _refuse(socket: WebSocket, connection: FunasrConnection, error: Exception) -> None:
    """Say why in a message that every client can read, then close with the error's code."""
    fault = fault_of(error)
    ERRORS.labels(code=fault.code, door="funasr").inc()
    if not fault.is_ours:
        log.error("a FunASR connection failed in an unexpected way", exc_info=error)
    text = str(error) if fault.is_ours else "something unexpected went wrong; see the log"
    told = connection.error(fault.code, fault.title, text)
    with contextlib.suppress(Exception):
        await connection.send(told)
    await close_socket(socket, fault.close_code, fault.code)
