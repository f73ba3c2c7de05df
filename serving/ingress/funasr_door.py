"""FunASR's protocol on a port of its own, at any path, as its clients expect."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from serving.api.services import Services
from serving.errors import SettingsError
from serving.ingress.funasr import funasr_socket


class FunasrDoor:
    """Listens on a bound socket; other requests than WebSockets are answered with 404."""

    name = "FunASR clients"

    def __init__(
        self,
        listener: socket.socket,
        max_message_bytes: int,
        *,
        certfile: Path | None = None,
        keyfile: Path | None = None,
    ) -> None:
        """With a certificate it speaks `wss`; raises SettingsError where that cannot be used."""
        self.listener = listener
        self._max_message_bytes = max_message_bytes
        self._certificate = (certfile, keyfile)
        if certfile is not None:
            _check_certificate(certfile, keyfile)
        self._server: uvicorn.Server | None = None
        self._serving: asyncio.Task[None] | None = None

    async def open(self, services: Services) -> None:
        """Begin to take connections; returns at once."""
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        app.state.services = services
        app.add_api_websocket_route("/{rest:path}", funasr_socket)
        certfile, keyfile = self._certificate
        self._server = server = _Quiet(
            uvicorn.Config(
                app,
                lifespan="off",
                log_config=None,
                log_level="warning",
                access_log=False,
                ssl_certfile=certfile,
                ssl_keyfile=keyfile,
                ws_max_size=self._max_message_bytes,
                ws_ping_interval=20.0,
                ws_ping_timeout=20.0,
                timeout_graceful_shutdown=5,
            )
        )
        self._serving = asyncio.create_task(server.serve(sockets=[self.listener]), name="FunASR")

    async def close(self) -> None:
        """Take no more and close those there are."""
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await asyncio.gather(self._serving, return_exceptions=True)


def _check_certificate(certfile: Path, keyfile: Path | None) -> None:
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certfile, keyfile)
    except OSError as error:
        raise SettingsError(
            f"JIESU_FUNASR_CERTFILE={certfile} with JIESU_FUNASR_KEYFILE={keyfile} cannot be "
            f"used: {error}; give a certificate and its key in PEM form"
        ) from error


class _Quiet(uvicorn.Server):
    """Leaves signals to the service's own server."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield
