"""Clients that break the protocol: told why, closed with the right code, nobody else disturbed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as fuzzing
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from serving.live.limits import LiveLimits
from tests.serving.live_client import LiveClient
from tests.serving.service import RATE_HZ, doubles, interleaved, serving, settings_in
from tests.serving.test_ws_calls import FRAME, WORDS, get, wait_until_done

LIMITS = LiveLimits(max_calls=20, resume_within_s=0.3, max_call_s=20)
"""A call of 20 s is as good as one of four hours to test the limit."""
IMPATIENT = LiveLimits(resume_within_s=0.3, start_within_s=0.4, idle_s=0.6, send_within_s=1.0)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = settings_in(tmp_path_factory.mktemp("faults"), max_live_calls=20)
    with serving(settings, doubles().parts, LIMITS) as address:
        yield address


async def outcome(
    address: str, *messages: bytes | str, start: bool = True
) -> tuple[int | None, str]:
    """Send messages after `start` and return close code and the error's code."""
    client = LiveClient(address, **({} if start else {"type": ""}))
    async with client:
        if start:
            await client.wait_for("ready")
        with contextlib.suppress(ConnectionClosed):
            for message in messages:
                await client.send(message)
        code = await client.closed()
    errors = client.of("error")
    return code, errors[-1]["code"] if errors else ""


START = {"type": "start", "channels": ["agent", "citizen"]}


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (b"\0\0\0\0", (1008, "message-order")),
        ("hello", (1007, "message-format")),
        ("", (1007, "message-format")),
        ("[]", (1007, "message-format")),
        ("null", (1007, "message-format")),
        ('{"type":"begin"}', (1007, "message-format")),
        ('{"type":"start"}', (1007, "message-format")),
        (json.dumps(START | {"channels": []}), (1007, "message-format")),
        (json.dumps(START | {"channels": ["agent", "agent"]}), (1007, "message-format")),
        (json.dumps(START | {"channels": ["operator"]}), (1007, "message-format")),
        (json.dumps(START | {"colour": "blue"}), (1007, "message-format")),
        (json.dumps(START | {"encoding": "opus"}), (1007, "message-format")),
        (json.dumps(START | {"sample_rate_hz": "8000"}), (1007, "message-format")),
        (json.dumps(START | {"sample_rate_hz": 4000}), (1007, "message-format")),
        (json.dumps(START | {"sample_rate_hz": 96000}), (1007, "message-format")),
        (json.dumps(START | {"call_id": "../etc/passwd"}), (1007, "message-format")),
        (json.dumps(START | {"call_id": "x" * 65}), (1007, "message-format")),
        (json.dumps(START | {"profile": "/etc"}), (1008, "profile")),
        ('{"type":"end"}', (1008, "message-order")),
        ('{"type":"ping"}', (1008, "message-order")),
        (
            '{"type":"resume","call_id":"gone","token":"x","channels":["agent"]}',
            (1008, "resume"),
        ),
        ("x" * (LIMITS.max_message_bytes + 1), (1009, "message-too-large")),
    ],
)
async def test_a_wrong_first_message(
    address: str, first: bytes | str, expected: tuple[int, str]
) -> None:
    assert await outcome(address, first, start=False) == expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (b"\0", (1007, "audio-frame")),
        (b"\0" * 322, (1007, "audio-frame")),
        (bytes(LIMITS.max_message_bytes + 4), (1009, "message-too-large")),
        ("AAAA", (1007, "message-format")),
        ('{"type":"ping","id":5}', (1007, "message-format")),
        (json.dumps(START), (1008, "message-order")),
        (
            '{"type":"resume","call_id":"a","token":"b","channels":["agent"]}',
            (1008, "message-order"),
        ),
    ],
)
async def test_a_wrong_message_in_a_call(
    address: str, message: bytes | str, expected: tuple[int, str]
) -> None:
    assert await outcome(address, message) == expected


async def test_a_message_beyond_what_any_protocol_sends(address: str) -> None:
    code, _ = await outcome(address, bytes(5 * 2**20))
    assert code == 1009


async def test_errors_name_the_field(address: str) -> None:
    async with LiveClient(address, type="start", chanels=["agent"], sample_rate_hz=1) as client:
        await client.closed()
    message = client.error["message"]
    assert "`chanels` is not a known field" in message or "chanels" in message
    assert client.error["title"] == "消息格式不对"


async def test_a_call_id_is_used_once(address: str) -> None:
    async with LiveClient(address, call_id="once") as first:
        await first.wait_for("ready")
        async with LiveClient(address, call_id="once") as second:
            assert await second.closed() == 1008
            assert second.error["code"] == "call-state"
        await first.play(interleaved()[: RATE_HZ * 4], FRAME)
        await first.say(type="end")
        assert await first.closed() == 1000
    async with LiveClient(address, call_id="once") as third:
        assert await third.closed() == 1008


async def test_a_call_without_audio_is_a_failed_call(address: str) -> None:
    async with LiveClient(address, call_id="mute") as client:
        await client.wait_for("ready")
        await client.say(type="end")
        assert await client.closed() == 1000
    assert client.messages[-1]["state"] == "failed"
    assert get(address, "/api/calls/mute/status").json()["error"]["code"] == "audio-empty"


async def test_a_line_left_open_is_cut_and_stored(address: str) -> None:
    async with LiveClient(address, call_id="long") as client:
        await client.wait_for("ready")
        await client.play(interleaved(), FRAME)
        with pytest.raises(ConnectionClosed):
            await client.play(bytes(RATE_HZ * 4 * 60), FRAME, 0.0005)
        assert await client.closed() == 1008
        assert client.error["code"] == "call-too-long"
    wait_until_done(address, "long")
    stored = get(address, "/api/calls/long/result").json()
    assert [(u["channel"], u["text"]) for u in stored["transcript"]["utterances"]] == WORDS


async def test_a_page_of_another_site_is_refused(address: str) -> None:
    target = address.replace("http", "ws", 1) + "/ws/call"
    with pytest.raises(InvalidStatus) as refused:
        await connect(target, additional_headers={"Origin": "https://elsewhere.example"})
    assert refused.value.response.status_code == 403


async def test_half_open_and_silent_clients(tmp_path: Path) -> None:
    with serving(settings_in(tmp_path), doubles().parts, IMPATIENT) as address:
        silent = LiveClient(address, type="")
        async with silent:
            assert await silent.closed() == 1008
        assert silent.error["code"] == "idle-call"
        async with LiveClient(address, call_id="idle") as client:
            await client.wait_for("ready")
            await client.play(interleaved()[: RATE_HZ * 4 * 3], FRAME)
            assert await client.closed() == 1008
            assert client.error["code"] == "idle-call"
        wait_until_done(address, "idle")


async def test_a_client_that_never_reads_is_given_up(tmp_path: Path) -> None:
    with serving(settings_in(tmp_path), doubles().parts, IMPATIENT) as address:
        host, port = address.removeprefix("http://").split(":")
        raw = socket.create_connection((host, int(port)))
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.sendall(
            b"GET /ws/call HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        raw.sendall(text_frame(json.dumps(START | {"call_id": "deaf"})))
        ping = text_frame(json.dumps({"type": "ping", "id": "x" * 60}))
        raw.settimeout(20)
        with pytest.raises(ConnectionError):
            await asyncio.to_thread(send_forever, raw, ping * 500)
        raw.close()
        # The service is as well as before.
        async with LiveClient(address) as client:
            await client.wait_for("ready")
            await client.play(interleaved(), FRAME)
            await client.say(type="end")
            assert await client.closed() == 1000
        assert client.words == WORDS


def send_forever(raw: socket.socket, data: bytes) -> None:
    while True:
        raw.sendall(data)


def text_frame(text: str) -> bytes:
    """A masked text frame, by hand."""
    data = text.encode()
    head = bytes([0x81, 0x80 | len(data)]) if len(data) < 126 else (
        bytes([0x81, 0x80 | 126]) + len(data).to_bytes(2, "big")
    )  # fmt: skip
    return head + b"\0\0\0\0" + data


control = st.sampled_from(
    [json.dumps(m) for m in (START, {"type": "end"}, {"type": "flush"}, {"type": "ping"})]
)
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
near_control = st.builds(
    lambda kind, more: json.dumps({"type": kind} | more),
    st.sampled_from(["start", "resume", "flush", "end", "ping"]),
    st.dictionaries(
        st.sampled_from(["channels", "encoding", "call_id", "token", "sample_rate_hz", "id"]),
        values,
        max_size=4,
    ),
)
messages = st.lists(
    st.binary(max_size=700) | st.text(max_size=200) | control | near_control, max_size=8
)


@fuzzing(
    max_examples=40, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(first=messages, has_start=st.booleans())
def test_random_messages_end_in_a_clean_close(
    address: str, first: list[bytes | str], has_start: bool
) -> None:
    async def attack() -> int | None:
        async with LiveClient(address, **({} if has_start else {"type": ""})) as client:
            try:
                for message in first:
                    await client.send(message)
                await client.say(type="end")
                await client.say(type="end")
            except ConnectionClosed:
                pass
            code = await client.closed()
            assert all(error["title"] for error in client.of("error"))
            return code

    assert asyncio.run(attack()) in {1000, 1003, 1007, 1008, 1009, 1013}
    assert get(address, "/ready").status_code == 200
