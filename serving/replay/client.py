"""A recording streamed to a service over its WebSocket, taken up again when the line breaks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from asr.audio import Recording
from asr.types import Channel
from serving.errors import ReplayError
from serving.live.pcm import encode_alaw
from serving.replay.frames import FRAME_MS, leg_frames, line_rate_hz, open_two_legs
from serving.result import CallKind

Show = Callable[[dict[str, Any]], None]
"""Takes each message of the service."""

_LEGS: tuple[Channel, ...] = ("agent", "citizen")
_MAX_MESSAGE_BYTES = 16_000
_RECONNECTS = 5
_RECONNECT_AFTER_S = 1.0


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """What to play, where to, and how."""

    file: Path
    url: str
    speed: float = 1.0
    call_id: str | None = None
    profile: str | None = None
    kind: CallKind | None = None


async def replay_recording(request: ReplayRequest, show: Show) -> None:
    """Play a recording to a service as A-law in 20 ms frames; hand every message to `show`.

    Raises AudioError (the file), ReplayError where the service refuses or stays away.
    """
    url = socket_url(request.url)
    recording = await asyncio.to_thread(open_two_legs, request.file)
    with recording:
        call = _Call(request, recording, show)
        playing = asyncio.create_task(call.play(recording), name="replay")
        try:
            await _until_stored(call, url)
        finally:
            playing.cancel()
            (outcome,) = await asyncio.gather(playing, return_exceptions=True)
        # The part before the damage was played; the user is told of the rest.
        if isinstance(outcome, Exception):
            raise outcome


async def _until_stored(call: _Call, url: str) -> None:
    for attempt in range(_RECONNECTS + 1):
        try:
            async with connect(url, compression=None) as socket:
                await call.serve(socket)
            return
        except (InvalidHandshake, InvalidURI) as error:
            raise ReplayError(f"{url} is no live call of jiesu: {error}") from error
        except (OSError, ConnectionClosed) as error:
            if call.is_new or attempt == _RECONNECTS:
                raise ReplayError(f"{url} cannot be reached: {error}") from error
            await asyncio.sleep(_RECONNECT_AFTER_S)


def socket_url(url: str, path: str = "/ws/call") -> str:
    """Return the address of a WebSocket of a service, given with or without its path."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    if scheme not in ("ws", "wss") or not parts.netloc:
        raise ReplayError(f"{url!r} is no address of a service; write http://127.0.0.1:8123")
    given = parts.path if parts.path not in ("", "/") else path
    return urlunsplit((scheme, parts.netloc, given, parts.query, ""))


class _Call:
    """A call across its connections: what is not acknowledged is kept and sent again."""

    def __init__(self, request: ReplayRequest, recording: Recording, show: Show) -> None:
        self._request = request
        self._rate_hz = line_rate_hz(recording)
        self._show = show
        self._kept = bytearray()
        """Audio from sample `_kept_from` on; both legs, a byte each a sample."""
        self._kept_from = 0
        self._has_ended = False
        self._grew = asyncio.Event()
        self._ready: dict[str, Any] | None = None
        self._last_seq = 0
        self._refusal: ReplayError | None = None

    @property
    def is_new(self) -> bool:
        """Whether no service has taken the call yet."""
        return self._ready is None

    async def serve(self, socket: ClientConnection) -> None:
        """Go on with the call on this connection; raises ConnectionClosed when it breaks."""
        await socket.send(json.dumps(self._first_message()))
        ready = asyncio.get_running_loop().create_future()
        sending = asyncio.create_task(self._send(socket, ready))
        try:
            async for text in socket:
                self._take(json.loads(text), ready)
        except ConnectionClosed:
            if self._refusal is not None:
                raise self._refusal from None
            raise
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    def _first_message(self) -> dict[str, Any]:
        if self._ready is not None:
            return {
                "type": "resume",
                "call_id": self._ready["call_id"],
                "token": self._ready["token"],
                "last_seq": self._last_seq,
                "channels": _LEGS,
                "encoding": "alaw",
            }
        start = {
            "type": "start",
            "call_id": self._request.call_id,
            "profile": self._request.profile,
            "kind": self._request.kind,
            "channels": _LEGS,
            "encoding": "alaw",
            "sample_rate_hz": self._rate_hz,
        }
        return {name: value for name, value in start.items() if value is not None}

    def _take(self, message: dict[str, Any], ready: asyncio.Future[int]) -> None:
        self._show(message)
        match message["type"]:
            case "ready":
                self._ready = message
                ready.set_result(min(message["samples_received"].values()))
            case "ack":
                self._forget_before(min(message["samples_received"].values()))
            case "error":
                self._refusal = ReplayError(f"the service says: {message['message']}")
            case _:
                self._last_seq = message.get("seq", self._last_seq)

    async def play(self, recording: Recording) -> None:
        """Let the audio come in real time, whether anybody takes it or not."""
        loop = asyncio.get_running_loop()
        due_s = loop.time()
        seconds = leg_frames(recording)
        try:
            while (frames := await asyncio.to_thread(next, seconds, None)) is not None:
                for frame in frames:
                    both = np.stack([frame[leg] for leg in _LEGS], axis=1)
                    self._kept += encode_alaw(both.reshape(-1))
                    self._grew.set()
                    due_s += FRAME_MS / 1000 / self._request.speed
                    await asyncio.sleep(max(due_s - loop.time(), 0))
        finally:
            self._has_ended = True
            self._grew.set()

    async def _send(self, socket: ClientConnection, ready: asyncio.Future[int]) -> None:
        sent = await ready
        self._forget_before(sent)
        while True:
            self._grew.clear()
            start = (sent - self._kept_from) * len(_LEGS)
            piece = bytes(self._kept[start : start + _MAX_MESSAGE_BYTES])
            if piece:
                await socket.send(piece)
                sent += len(piece) // len(_LEGS)
            elif self._has_ended:
                await socket.send('{"type":"end"}')
                return
            else:
                await self._grew.wait()

    def _forget_before(self, sample: int) -> None:
        del self._kept[: (sample - self._kept_from) * len(_LEGS)]
        self._kept_from = sample
