"""The application behind a port, going down without losing a word."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import signal
import socket
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import uvicorn

from serving.api.app import create_app
from serving.api.services import Parts, Services, open_services
from serving.errors import AddressError
from serving.ingress.audiosocket_door import AudioSocketDoor
from serving.ingress.doors import Door
from serving.ingress.funasr_door import FunasrDoor
from serving.settings import Settings

log = logging.getLogger(__name__)

WS_MAX_BYTES = 4 * 2**20
"""What some telephone clients send at once; our own protocol allows less and says so."""
_REQUESTS_END_WITHIN_S = 10


async def serve_until_stopped(settings: Settings, parts: Parts, demo: Path | None = None) -> None:
    """Serve until a signal comes, then end calls and close everything in order.

    Raises AddressError where nothing can listen, and what `open_services` raises; all
    before anybody is served.
    """
    # Bound before the models are loaded: a taken port shows at once.
    with contextlib.ExitStack() as bound:
        listener = bound.enter_context(bind(settings.host, settings.port))
        doors = doors_of(settings, bound)
        log.info("loading models; the service answers when this is done")
        if not _is_loopback(listener):
            log.warning(
                "everybody who can reach %s can use the service: there is no login; "
                "let a proxy with one stand before it", address_of(listener),
            )  # fmt: skip
        async with open_services(settings, parts) as services:
            services.demo.chosen = demo
            await Server(services, doors).serve(sockets=[listener])


def doors_of(settings: Settings, bound: contextlib.ExitStack) -> list[Door]:
    """Return the doors that the settings ask for; their sockets are closed with `bound`.

    Raises AddressError and SettingsError.
    """
    doors: list[Door] = []
    if settings.funasr_port is not None:
        listener = bound.enter_context(bind(settings.host, settings.funasr_port))
        doors.append(
            FunasrDoor(
                listener,
                WS_MAX_BYTES,
                certfile=settings.funasr_certfile,
                keyfile=settings.funasr_keyfile,
            )
        )
    if settings.audiosocket_port is not None:
        doors.append(
            AudioSocketDoor(bound.enter_context(bind(settings.host, settings.audiosocket_port)))
        )
    return doors


class Server(uvicorn.Server):
    """Ends the live calls before the connections: their clients still get the last words."""

    def __init__(self, services: Services, doors: Sequence[Door] = ()) -> None:
        config = uvicorn.Config(
            create_app(services),
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            ws_max_size=WS_MAX_BYTES,
            ws_ping_interval=20.0,
            ws_ping_timeout=20.0,
            timeout_graceful_shutdown=_REQUESTS_END_WITHIN_S,
        )
        super().__init__(config)
        self._services = services
        self._doors = doors

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGINT and SIGTERM; without raising them again, which would skip our closing."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        signals = (signal.SIGINT, signal.SIGTERM)
        for each in signals:
            loop.add_signal_handler(each, self.handle_exit, each, None)
        try:
            yield
        finally:
            for each in signals:
                loop.remove_signal_handler(each)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say where."""
        await super().startup(sockets)
        address = address_of(self.servers[0].sockets[0])
        log.info("serving at %s", address)
        for door in self._doors:
            await door.open(self._services)
            log.info("listening for %s at %s", door.name, address_of(door.listener))
        if self._services.demo.chosen is not None:
            log.info("open %s/demo to see the recording as a live call", address)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more calls, end those going on, then close the connections."""
        log.info("going down; live calls are being stored")
        await self._services.demo.close()
        await self._services.live.close()
        self._services.feed.close()
        for door in self._doors:
            await door.close()
        await super().shutdown(sockets)


def bind(host: str, port: int) -> socket.socket:
    """Return a socket bound to an address; AddressError says why that cannot be."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        raise AddressError(
            f"cannot listen on {host} port {port}: {error.strerror}; choose another with "
            "--host and --port (0 lets the system choose)"
        ) from error
    return listener


def _is_loopback(listener: socket.socket) -> bool:
    return ipaddress.ip_address(listener.getsockname()[0]).is_loopback


def address_of(listener: socket.socket) -> str:
    """Return the address of a bound socket as a URL."""
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}"
