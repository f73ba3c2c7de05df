"""Doors on ports of their own, for protocols whose clients expect one."""

from __future__ import annotations

import socket
from typing import Protocol

from serving.api.services import Services


class Door(Protocol):
    """A protocol behind a bound socket; opened when the models are loaded."""

    @property
    def name(self) -> str:
        """What connects here, for the log."""

    @property
    def listener(self) -> socket.socket:
        """The bound socket."""

    async def open(self, services: Services) -> None:
        """Begin to take connections; returns at once."""

    async def close(self) -> None:
        """Take no more and close those there are; their calls have been ended before."""
