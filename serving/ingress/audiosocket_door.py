"""The port that Asterisk's AudioSocket connects to.

We listen only: nothing is sent but a hang-up where a call is refused. Asterisk drops a call
whose socket does not take its audio at once, so that much may wait here.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket

from serving.api.services import Services
from serving.ingress.audiosocket import AudioSocket
from serving.ingress.audiosocket_frames import HANG_UP
from serving.ingress.phone_faults import note_fault

log = logging.getLogger(__name__)

_READ_AHEAD_BYTES = 1 << 20
"""A minute of 8 kHz; asyncio holds twice as much before it lets the sender wait."""
_CLOSE_WITHIN_S = 2.0
_KEEPALIVE = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}
"""Seconds and probes after which a side that vanished without a word is gone."""


class AudioSocketDoor:
    """Takes connections from Asterisk on a bound socket."""

    name = "AudioSocket connections"

    def __init__(self, listener: socket.socket) -> None:
        self.listener = listener
        self._services: Services | None = None
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, services: Services) -> None:
        """Begin to take connections; returns at once."""
        self._services = services
        self._server = await asyncio.start_server(
            self._serve, sock=self.listener, limit=_READ_AHEAD_BYTES
        )

    async def close(self) -> None:
        """Take no more and close those there are."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        assert self._services is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        services = self._services
        _keep_alive(writer.get_extra_info("socket"))
        try:
            with services.lines.visit():
                await AudioSocket(reader, services.phone_lines, services.announcements).serve()
        except OSError:
            log.info("an AudioSocket connection broke; its call is kept for a moment")
        except Exception as error:
            note_fault(error, "audiosocket")
            await _hang_up(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(_CLOSE_WITHIN_S):
                    await writer.wait_closed()


async def _hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say it, and take what is under way: closing on unread audio would undo the word."""
    with contextlib.suppress(OSError, TimeoutError):
        writer.write(HANG_UP)
        writer.write_eof()
        async with asyncio.timeout(_CLOSE_WITHIN_S):
            while await reader.read(_READ_AHEAD_BYTES):
                pass


def _keep_alive(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE.items():
        # Not every system has all of them.
        if (option := getattr(socket, name, None)) is not None:
            connection.setsockopt(socket.IPPROTO_TCP, option, value)
