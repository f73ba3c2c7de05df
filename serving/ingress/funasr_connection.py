"""One connection of FunASR's WebSocket protocol, which brings one call after the other."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

from serving.errors import ClosingError, IdleCallError
from serving.ingress.connection import Wire
from serving.ingress.funasr_call import FunasrCall, FunasrOptions
from serving.ingress.funasr_replies import Message
from serving.ingress.funasr_start import FunasrStart, read_control
from serving.live.line import Lines


class FunasrConnection:
    """Takes start messages, audio and ends until the client leaves.

    Audio without a start message is taken with FunASR's defaults. After an end, what
    comes before the next start belongs to nothing and is dropped.
    """

    def __init__(
        self, wire: Wire, lines: Lines, options: FunasrOptions, spool: Callable[[], Path]
    ) -> None:
        """`spool` returns a path for a file that a client sends."""
        self.options = options
        """Those of calls to come."""
        self._wire = wire
        self._lines = lines
        self._spool = spool
        self._start = FunasrStart()
        self._call: FunasrCall | None = None

    async def serve(self) -> None:
        """Serve until nothing has come for long; raises what the client is to be told.

        Where the client leaves, what `Wire.receive` raises passes through.
        """
        self._call = self._new_call()
        receiving = asyncio.create_task(self._wire.receive(), name="FunASR message")
        try:
            while await self._wait(receiving):
                message = receiving.result()
                receiving = asyncio.create_task(self._wire.receive(), name="FunASR message")
                if isinstance(message, str):
                    await self._control(message)
                elif self._call is not None and not self._call.has_ended:
                    await self._call.hear(message)
        finally:
            receiving.cancel()
            await asyncio.gather(receiving, return_exceptions=True)

    def leave(self) -> None:
        """Let go of the call, after the client has been told why; it is ended and stored."""
        if self._call is not None:
            self._call.abandon()

    async def send(self, message: Message) -> None:
        """Send a message; raises SlowClientError."""
        await self._wire.send(json.dumps(message, ensure_ascii=False))

    def error(self, code: str, title: str, text: str) -> Message:
        """Return the message that says why the connection closes."""
        call = self._call or self._new_call()
        return call.replies.error(code, title, text)

    async def _wait(self, receiving: asyncio.Task[str | bytes]) -> bool:
        """Wait for a message; False where a connection at rest may be closed.

        Raises IdleCallError where a call brings no audio, ClosingError where the service
        has ended it, and what the replies failed with.
        """
        limits = self._lines.limits
        while not receiving.done():
            call = self._call
            replying = call.replying if call is not None else None
            within_s = limits.idle_s if call is not None and call.is_open else limits.rest_s
            waiting: set[asyncio.Task[str | bytes] | asyncio.Task[None]] = {receiving}
            if replying is not None:
                waiting.add(replying)
            done, _ = await asyncio.wait(
                waiting, timeout=within_s, return_when=asyncio.FIRST_COMPLETED
            )
            if replying is not None and replying in done:
                await self._settle()
            elif not done and call is not None and call.is_open:
                raise IdleCallError(f"nothing came for {within_s:g} s; send audio, silence too")
            elif not done and replying is None:
                return False
        return True

    async def _control(self, text: str) -> None:
        control = read_control(text, self._start)
        call = self._call
        if control.is_end:
            if call is None:
                return
            call.wants_acknowledgement |= control.wants_acknowledgement
            if not call.has_ended:
                await call.end()
                await self._settle_if_silent(call)
            return
        if call is not None and call.is_open:
            # Some clients send their fields again; the call goes on as it began.
            return
        if call is not None and call.has_ended:
            await self._settle()
        self._start = control.start
        self._call = self._new_call()

    async def _settle_if_silent(self, call: FunasrCall) -> None:
        """Forget a call that never had audio: its last message has been sent."""
        if call.replying is None:
            call.abandon()
            self._call = None

    async def _settle(self) -> None:
        """Wait until the call is stored; raises what its replies failed with."""
        call = self._call
        if call is None or call.replying is None:
            return
        await call.replying
        if not call.has_ended:
            raise ClosingError("the service is going down; the call was stored up to here")
        call.abandon()
        self._call = None

    def _new_call(self) -> FunasrCall:
        return FunasrCall(self._start, self._lines, self.options, self.send, self._spool())
