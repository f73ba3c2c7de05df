"""What FreeSWITCH is told of a call, where it asked for that."""

from __future__ import annotations

import logging

from serving.api.error_table import Fault
from serving.errors import SlowClientError
from serving.feed import LoggedEvent
from serving.ingress.messages import ErrorMessage
from serving.ingress.phone_line import PhoneLine
from serving.ingress.phone_socket import PhoneWire

log = logging.getLogger(__name__)


class EventSender:
    """Sends the events of docs/websocket.md; each text becomes an event in FreeSWITCH.

    mod_audio_fork passes on only what is wrapped in a type it knows.
    """

    def __init__(self, wire: PhoneWire, *, is_fork: bool) -> None:
        self.is_wanted = False
        self._wire = wire
        self._is_fork = is_fork

    async def send_all(self, line: PhoneLine) -> None:
        """Send what happens until the call is stored; who does not read is not told more."""
        try:
            async for event in line.line.events():
                await self._wire.send(self._wrapped(event.text, _fork_type(event)))
        except SlowClientError:
            log.warning("FreeSWITCH does not read its events; the call goes on without them")

    async def refuse(self, error: Exception, fault: Fault) -> None:
        """Say why the connection closes; nothing where nobody asked, or nobody is there."""
        if not self.is_wanted:
            return
        told = ErrorMessage(
            code=fault.code,
            title=fault.title,
            message=str(error) if fault.is_ours else "something unexpected went wrong",
            retryable=bool(getattr(error, "retryable", False)),
        )
        await self._wire.send(self._wrapped(told.model_dump_json(), "error"))

    def _wrapped(self, text: str, fork_type: str) -> str:
        return f'{{"type":"{fork_type}","data":{text}}}' if self._is_fork else text


def _fork_type(event: LoggedEvent) -> str:
    return "transcription" if event.type == "transcript" else "json"
