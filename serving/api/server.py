"""The application behind a port, going down without losing a word."""

from __future__ import annotations

import socket

import uvicorn
from fastapi import FastAPI

from serving.api.services import Services

_WS_MAX_BYTES = 4 * 2**20
"""What some telephone clients send at once; our own protocol allows less and says so."""
_REQUESTS_END_WITHIN_S = 10


class Server(uvicorn.Server):
    """Ends the live calls before the connections: their clients still get the last words."""

    def __init__(self, app: FastAPI, *, host: str, port: int) -> None:
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            ws_max_size=_WS_MAX_BYTES,
            ws_ping_interval=20.0,
            ws_ping_timeout=20.0,
            timeout_graceful_shutdown=_REQUESTS_END_WITHIN_S,
        )
        super().__init__(config)
        self._app = app

    @property
    def address(self) -> str:
        """The address it listens on, once it has started."""
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        return f"http://{shown}:{port}"

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more calls, end those going on, then close the connections."""
        services: Services | None = getattr(self._app.state, "services", None)
        if services is not None:
            await services.demo.close()
            await services.live.close()
            services.feed.close()
        await super().shutdown(sockets)
