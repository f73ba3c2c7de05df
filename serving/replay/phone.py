"""A recording played as FreeSWITCH or Asterisk would send it, over the protocol they speak."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Literal
from urllib.parse import urlencode, urlsplit
from uuid import UUID, uuid4

import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.typing import Subprotocol

from asr.audio import Recording
from asr.types import Channel
from serving.errors import ReplayError
from serving.ingress.audiosocket_frames import RATES_HZ, Frame, Kind, write_frame
from serving.replay.client import ReplayRequest, Show, socket_url
from serving.replay.frames import FRAME_MS, LegFrame, leg_frames, line_rate_hz, open_two_legs

PhoneProtocol = Literal["freeswitch", "audiosocket", "chan-websocket"]

Send = Callable[[LegFrame], Awaitable[None]]
_Said = dict[str, str | int]
_Talk = Callable[[ReplayRequest, int, Show], AbstractAsyncContextManager[Send]]

_LEGS: tuple[Channel, ...] = ("citizen", "agent")
_ANSWER_S = 0.3
"""Until then the first line's call has begun, so that the second finds it."""


async def replay_as_phone(request: ReplayRequest, protocol: PhoneProtocol, show: Show) -> None:
    """Play a recording in 20 ms frames; `show` gets what the service says, where it says anything.

    Raises AudioError (the file), ReplayError where the service hangs up or stays away.
    """
    recording = await asyncio.to_thread(open_two_legs, request.file)
    with recording:
        try:
            async with _TALK[protocol](request, line_rate_hz(recording), show) as send:
                await _play(recording, request.speed, send)
        except ConnectionClosed as gone:
            reason = gone.rcvd.reason if gone.rcvd is not None else "without a word"
            raise ReplayError(f"the service hung up: {reason}") from gone
        except (InvalidHandshake, InvalidURI) as error:
            raise ReplayError(f"{request.url} does not speak {protocol}: {error}") from error
        except OSError as error:
            raise ReplayError(f"{request.url} cannot be reached, or hung up: {error}") from error


async def _play(recording: Recording, speed: float, send: Send) -> None:
    loop = asyncio.get_running_loop()
    due_s = loop.time()
    seconds = leg_frames(recording)
    while (frames := await asyncio.to_thread(next, seconds, None)) is not None:
        for frame in frames:
            await send(frame)
            due_s += FRAME_MS / 1000 / speed
            await asyncio.sleep(max(due_s - loop.time(), 0))


@asynccontextmanager
async def _freeswitch(request: ReplayRequest, rate_hz: int, show: Show) -> AsyncIterator[Send]:
    """One stream in stereo, with events."""
    stream: _Said = {"rate": rate_hz, "mix": "stereo", "citizen": "left", "events": 1}
    async with connect(_url(request, "/freeswitch", stream | _said(request))) as socket:
        reading = asyncio.create_task(_show_all(socket, show))

        async def send(frame: LegFrame) -> None:
            both = np.stack([frame[leg] for leg in _LEGS], axis=1)
            await socket.send(both.astype("<i2").tobytes())

        try:
            yield send
            await socket.send('{"type":"end"}')
            await reading
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


async def _show_all(socket: ClientConnection, show: Show) -> None:
    async for text in socket:
        show(json.loads(text))


@asynccontextmanager
async def _chan_websocket(request: ReplayRequest, rate_hz: int, show: Show) -> AsyncIterator[Send]:
    """A channel for each leg, joined by the call's id."""
    said: _Said = {"call_id": str(uuid4()), **_said(request)}
    codec = "slin" if rate_hz == 8_000 else f"slin{rate_hz // 1000}"
    start = {"event": "MEDIA_START", "connection_id": "jiesu", "format": codec}
    channels = {
        leg: connect(
            _url(request, "/media", said | {"leg": leg}),
            subprotocols=[Subprotocol("media")],
            compression=None,
        )
        for leg in _LEGS
    }
    async with channels["citizen"] as citizen, channels["agent"] as agent:
        sockets: dict[Channel, ClientConnection] = {"citizen": citizen, "agent": agent}
        for socket in sockets.values():
            await socket.send(json.dumps(start))
            await asyncio.sleep(_ANSWER_S)
        show({"type": "ready", "call_id": said["call_id"]})

        async def send(frame: LegFrame) -> None:
            for leg, socket in sockets.items():
                await socket.send(frame[leg].astype("<i2").tobytes())

        yield send


@asynccontextmanager
async def _audiosocket(request: ReplayRequest, rate_hz: int, show: Show) -> AsyncIterator[Send]:
    """A connection for each leg, with the same UUID: the citizen's is there first."""
    uuid = _uuid(request)
    host, port = _host_and_port(request.url)
    kind = next(kind for kind, hz in RATES_HZ.items() if hz == rate_hz)
    writers = {}
    try:
        for leg in _LEGS:
            _, writers[leg] = await asyncio.open_connection(host, port)
            # A moment of silence opens the leg before either speaks.
            writers[leg].write(write_frame(Frame(Kind.UUID, uuid.bytes)))
            writers[leg].write(write_frame(Frame(kind, bytes(2 * rate_hz * FRAME_MS // 1000))))
            await asyncio.sleep(_ANSWER_S)
        show({"type": "ready", "call_id": str(uuid)})

        async def send(frame: LegFrame) -> None:
            for leg, writer in writers.items():
                writer.write(write_frame(Frame(kind, frame[leg].astype("<i2").tobytes())))
                await writer.drain()

        yield send
    finally:
        for writer in writers.values():
            writer.close()


_TALK: dict[PhoneProtocol, _Talk] = {
    "freeswitch": _freeswitch,
    "audiosocket": _audiosocket,
    "chan-websocket": _chan_websocket,
}


def _said(request: ReplayRequest) -> _Said:
    said = {"call_id": request.call_id, "profile": request.profile, "kind": request.kind}
    return {name: value for name, value in said.items() if value is not None}


def _url(request: ReplayRequest, path: str, said: _Said) -> str:
    url = socket_url(request.url, path)
    return f"{url}{'&' if '?' in url else '?'}{urlencode(said)}"


def _uuid(request: ReplayRequest) -> UUID:
    if request.profile or request.kind:
        raise ReplayError(
            "an AudioSocket names no profile and no kind: announce them, see docs/ingress.md"
        )
    try:
        return UUID(request.call_id) if request.call_id else uuid4()
    except ValueError:
        raise ReplayError("the id of an AudioSocket's call must be a UUID") from None


def _host_and_port(url: str) -> tuple[str, int]:
    parts = urlsplit(url if "://" in url else f"audiosocket://{url}")
    try:
        port = parts.port
    except ValueError:
        port = None
    if parts.scheme != "audiosocket" or not parts.hostname or not port:
        raise ReplayError(f"{url!r} is no AudioSocket; write audiosocket://127.0.0.1:9019")
    return parts.hostname, port
