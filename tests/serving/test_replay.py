"""`jiesu replay`: a recording played to a service, over lines that break."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from asr.errors import AudioDecodeError, ChannelLayoutError
from serving.errors import ReplayError
from serving.replay.client import ReplayRequest, replay_recording, socket_url
from serving.replay.frames import FRAME_MS, leg_frames, line_rate_hz, open_two_legs
from tests.serving.service import (
    DURATION_S,
    SCRIPT,
    doubles,
    legs,
    serving,
    settings_in,
    write_recording,
)
from tests.serving.test_ws_calls import get, wait_until_done

WORDS = [(channel, text) for channel, _, _, text in SCRIPT]


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with serving(settings_in(tmp_path, max_live_calls=1), doubles().parts) as address:
        yield address


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("127.0.0.1:8123", "ws://127.0.0.1:8123/ws/call"),
        ("http://host:1/", "ws://host:1/ws/call"),
        ("https://host", "wss://host/ws/call"),
        ("ws://host/other?x=1", "ws://host/other?x=1"),
    ],
)
def test_addresses_may_be_short(given: str, expected: str) -> None:
    assert socket_url(given) == expected


@pytest.mark.parametrize("given", ["ftp://host", "http://", ""])
def test_a_wrong_address_says_how_to_write_it(given: str) -> None:
    with pytest.raises(ReplayError, match="8123"):
        socket_url(given)


@pytest.mark.parametrize(
    ("file_hz", "line_hz"), [(8_000, 8_000), (16_000, 16_000), (44_100, 16_000)]
)
def test_frames_are_20_ms_and_carry_the_recording(
    tmp_path: Path, file_hz: int, line_hz: int
) -> None:
    path = write_recording(tmp_path / "call.wav", file_hz)
    with open_two_legs(path) as recording:
        assert line_rate_hz(recording) == line_hz
        frames = [frame for some in leg_frames(recording) for frame in some]
    length = line_hz * FRAME_MS // 1000
    assert {len(frame["agent"]) for frame in frames[:-1]} == {length}
    played = np.concatenate([frame["citizen"] for frame in frames])
    assert len(played) == pytest.approx(DURATION_S * line_hz, abs=2)
    if file_hz == line_hz:
        spoken = legs(file_hz)["citizen"].astype(np.float64)
        played = played[: len(spoken)].astype(np.float64)
        error = np.sqrt(np.mean((spoken[: len(played)] - played) ** 2))
        assert error < 0.03 * np.sqrt(np.mean(spoken**2))


async def test_a_recording_is_played_and_every_message_shown(address: str, tmp_path: Path) -> None:
    messages: list[dict[str, Any]] = []
    request = ReplayRequest(
        file=write_recording(tmp_path / "call.wav"), url=address, speed=20, call_id="replayed"
    )
    loop = asyncio.get_running_loop()
    started_s = loop.time()
    await replay_recording(request, messages.append)
    assert loop.time() - started_s >= DURATION_S / 20 - 0.1
    assert messages[0]["type"] == "ready"
    assert messages[0]["sample_rate_hz"] == 8_000
    assert messages[-1]["state"] == "done"
    stored = get(address, "/api/calls/replayed/result").json()
    assert [(u["channel"], u["text"]) for u in stored["transcript"]["utterances"]] == WORDS


async def test_a_line_that_breaks_costs_no_word(address: str, tmp_path: Path) -> None:
    """Through a relay that cuts the first connections after some data."""
    cuts = [30_000, 60_000]

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = address.removeprefix("http://").split(":")
        inner_reader, inner_writer = await asyncio.open_connection(host, int(port))
        limit = cuts.pop(0) if cuts else None
        done = asyncio.ensure_future(
            asyncio.wait(
                [
                    asyncio.ensure_future(pump(reader, inner_writer, limit)),
                    asyncio.ensure_future(pump(inner_reader, writer, None)),
                ],
                return_when=asyncio.FIRST_COMPLETED,
            )
        )
        await done
        for each in (writer, inner_writer):
            each.transport.abort()

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    messages: list[dict[str, Any]] = []
    async with server:
        request = ReplayRequest(
            file=write_recording(tmp_path / "call.wav"), url=url, speed=10, call_id="broken"
        )
        await replay_recording(request, messages.append)
    assert not cuts
    assert sum(message["type"] == "ready" for message in messages) == 3
    wait_until_done(address, "broken")
    stored = get(address, "/api/calls/broken/result").json()
    assert [(u["channel"], u["text"]) for u in stored["transcript"]["utterances"]] == WORDS
    assert stored["provenance"]["recording"]["duration_ms"] == pytest.approx(
        DURATION_S * 1000, abs=1
    )


async def pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limit: int | None
) -> None:
    """Pass bytes on until the end, or until `limit` of them went through."""
    passed = 0
    while (data := await reader.read(4096)) and (limit is None or passed < limit):
        writer.write(data)
        passed += len(data)


async def test_a_refusal_is_told(address: str, tmp_path: Path) -> None:
    path = write_recording(tmp_path / "call.wav")
    with pytest.raises(ReplayError, match="no profile 'nowhere'"):
        await replay_recording(ReplayRequest(path, address, profile="nowhere"), lambda _: None)


async def test_nobody_there_and_somebody_else_there(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "call.wav")
    with pytest.raises(ReplayError, match="cannot be reached"):
        await replay_recording(ReplayRequest(path, "http://127.0.0.1:9"), lambda _: None)

    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(other, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with pytest.raises(ReplayError, match="no live call"):
            await replay_recording(ReplayRequest(path, url), lambda _: None)


async def test_what_cannot_be_played_is_no_matter_of_the_service(tmp_path: Path) -> None:
    mono = tmp_path / "mono.wav"
    with wave.open(str(mono), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(legs()["agent"].tobytes())
    with pytest.raises(ChannelLayoutError, match="one leg"):
        await replay_recording(ReplayRequest(mono, "http://127.0.0.1:9"), lambda _: None)
    with pytest.raises(AudioDecodeError):
        await replay_recording(
            ReplayRequest(tmp_path / "gone.wav", "http://127.0.0.1:9"), lambda _: None
        )
