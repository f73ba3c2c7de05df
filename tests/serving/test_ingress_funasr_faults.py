"""FunASR clients that break the protocol, vanish or come in crowds: nobody else is disturbed."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as fuzzing
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, InvalidStatus

from serving.api.services import open_services
from serving.errors import SlowClientError
from serving.ingress.funasr_call import FunasrOptions
from serving.ingress.funasr_connection import FunasrConnection
from serving.live.limits import LiveLimits
from tests.asr.recordings import wav_bytes
from tests.serving.funasr_caller import FunasrCaller
from tests.serving.service import doubles, serving, settings_in
from tests.serving.test_ingress_funasr import END, SAID, START, pcm

LIMITS = LiveLimits(max_calls=20, max_call_s=20)
CALL = START | {"audio_fs": 8_000}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = settings_in(
        tmp_path_factory.mktemp("faults"), max_live_calls=20, max_upload_bytes=2**20
    )
    with serving(settings, doubles().parts, LIMITS) as address:
        yield address


def ready(address: str) -> bool:
    return httpx.get(address + "/ready").status_code == 200


def states(address: str) -> list[str]:
    return [call["state"] for call in httpx.get(address + "/api/calls").json()["calls"]]


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while True:
            if is_so():
                return
            await asyncio.sleep(0.01)


async def outcome(
    address: str, *messages: bytes | str | dict[str, Any], path: str = "/funasr"
) -> tuple[int | None, str]:
    """Send messages and return close code and the error's code."""
    async with FunasrCaller(address, path) as client:
        with contextlib.suppress(ConnectionClosed):
            for message in messages:
                if isinstance(message, dict):
                    await client.say(**message)
                else:
                    await client.send(message)
        code = await client.closed()
    told = client.messages[-1]
    # Every client can read it, and none waits for more.
    assert {"mode", "text", "wav_name"} <= set(told)
    assert told["is_final"]
    return code, told["error"]["code"]


async def one_call(address: str) -> None:
    async with FunasrCaller(address) as client:
        await client.say(**CALL)
        await client.play(pcm(8_000), 16_000)
        await client.say(**END)
        await client.final()
        assert client.sentences == SAID


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        (["hello"], (1007, "message-format")),
        (["[]"], (1007, "message-format")),
        ([""], (1007, "message-format")),
        (["[" * 100_000], (1007, "message-format")),
        ([START | {"audio_fs": 4_000}], (1007, "message-format")),
        ([START | {"audio_fs": "fast"}], (1007, "message-format")),
        ([START | {"audio_fs": 8_000.5}], (1007, "message-format")),
        ([START | {"audio_fs": [8_000]}], (1007, "message-format")),
        ([START | {"audio_fs": True}], (1007, "message-format")),
        ([START | {"audio_fs": 1e400}], (1007, "message-format")),
        ([CALL, bytes(3_200), "text where audio belongs"], (1007, "message-format")),
        ([CALL, wav_bytes(bytes(64), format_tag=85, bits=0)], (1007, "audio-frame")),
        ([CALL, wav_bytes(bytes(64), rate_hz=96_000)], (1007, "audio-frame")),
        ([CALL, wav_bytes(bytes(64), channels=3)], (1007, "audio-frame")),
        ([CALL | {"wav_format": "mp3"}, b"no music", END], (1007, "audio-decode")),
        ([CALL | {"wav_format": "mp3"}, bytes(2**20), bytes(2**20)], (1009, "upload-too-large")),
    ],
)
async def test_what_cannot_be_used_is_told_and_closed(
    address: str, messages: list[Any], expected: tuple[int, str]
) -> None:
    assert await outcome(address, *messages) == expected


async def test_an_address_that_says_something_unknown(address: str) -> None:
    assert await outcome(address, path="/funasr?kind=chat") == (1007, "message-format")
    there_is_none = await outcome(address, CALL, bytes(3_200), path="/funasr?profile=none")
    assert there_is_none == (1008, "profile")


async def test_a_message_beyond_what_any_client_sends(address: str) -> None:
    async with FunasrCaller(address) as client:
        await client.say(**CALL)
        with contextlib.suppress(ConnectionClosed):
            await client.send(bytes(5 * 2**20))
        assert await client.closed() == 1009


async def test_a_line_left_open_is_cut_and_stored(address: str) -> None:
    assert await outcome(address, CALL, pcm(8_000), bytes(16_000 * 5)) == (1008, "call-too-long")
    await until(lambda: states(address)[0] == "done")


async def test_a_client_that_vanishes_leaves_a_stored_call(address: str) -> None:
    async with FunasrCaller(address) as client:
        await client.say(**CALL)
        await client.play(pcm(8_000), 16_000)
        await asyncio.sleep(0.3)
        client.drop()
    await until(lambda: states(address)[0] == "done")


async def test_idle_clients_are_told_and_resting_ones_let_go(tmp_path: Path) -> None:
    limits = LiveLimits(idle_s=0.4, rest_s=1.0, send_within_s=1.0)
    with serving(settings_in(tmp_path), doubles().parts, limits) as address:
        assert await outcome(address, CALL, bytes(3_200)) == (1008, "idle-call")
        async with FunasrCaller(address) as silent:
            assert await silent.closed() == 1000
        async with FunasrCaller(address) as resting:
            await resting.say(**CALL)
            await resting.play(pcm(8_000), 64_000)
            await resting.say(**END)
            await resting.final()
            assert await resting.closed() == 1000
        assert states(address)[0] == "done"


async def test_one_call_too_many_is_refused_and_the_others_go_on(tmp_path: Path) -> None:
    with serving(settings_in(tmp_path, max_live_calls=2), doubles().parts) as address:
        async with FunasrCaller(address) as one, FunasrCaller(address) as two:
            for client in (one, two):
                await client.say(**CALL)
                await client.play(pcm(8_000)[:64_000], 16_000)
                await asyncio.sleep(0.2)
            refused = await asyncio.gather(*(outcome(address, CALL, bytes(320)) for _ in range(20)))
            assert set(refused) == {(1013, "busy")}
            for client in (one, two):
                await client.play(pcm(8_000)[64_000:], 16_000)
                await client.say(**END)
                await client.final()
                assert client.sentences == SAID
        await one_call(address)


async def test_a_crowd_of_connections_is_refused(tmp_path: Path) -> None:
    limits = LiveLimits(max_connections=5)
    with serving(settings_in(tmp_path), doubles().parts, limits) as address:
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(5):
                await stack.enter_async_context(FunasrCaller(address))
            crowd = await asyncio.gather(*(outcome(address) for _ in range(50)))
            assert set(crowd) == {(1013, "busy")}
        await one_call(address)


async def test_a_page_of_another_site_is_let_in_only_where_that_is_wanted(
    address: str, tmp_path: Path
) -> None:
    page = {"Origin": "https://elsewhere.example"}
    with pytest.raises(InvalidStatus):
        async with FunasrCaller(address, headers=page):
            pass
    with serving(settings_in(tmp_path, funasr_any_origin=True), doubles().parts) as open_address:
        async with FunasrCaller(open_address, headers=page) as client:
            await client.say(**START)


async def test_going_down_is_told(tmp_path: Path) -> None:
    async with contextlib.AsyncExitStack() as stack:
        with serving(settings_in(tmp_path), doubles().parts) as address:
            client = await stack.enter_async_context(FunasrCaller(address))
            await client.say(**CALL)
            await client.play(pcm(8_000), 16_000)
            await asyncio.sleep(0.3)
        assert await client.closed() == 1012
        assert client.messages[-1]["error"]["code"] == "closing"
        assert client.sentences == SAID


async def test_a_recogniser_that_fails_is_told_with_the_last_message(tmp_path: Path) -> None:
    models = doubles()
    with serving(settings_in(tmp_path), models.parts) as address:
        models.recogniser.fail_next = 50
        async with FunasrCaller(address) as client:
            await client.say(**CALL)
            await client.play(pcm(8_000), 16_000)
            await client.say(**END)
            last = await client.final()
            assert last["error"]["code"] == "recogniser-failed"
        models.recogniser.fail_next = 0
        await one_call(address)


class DeafWire:
    """A client that sends a call and never reads; the socket's own wire gives it up so."""

    def __init__(self) -> None:
        self._messages: list[str | bytes] = [json.dumps(CALL), pcm(8_000), json.dumps(END)]
        self.tried = 0

    async def receive(self) -> str | bytes:
        if not self._messages:
            await asyncio.Event().wait()
        return self._messages.pop(0)

    async def send(self, text: str) -> None:
        self.tried += 1
        raise SlowClientError("an event was not read")


async def test_a_client_that_never_reads_is_given_up_and_its_call_stored(tmp_path: Path) -> None:
    async with open_services(settings_in(tmp_path), doubles().parts) as services:
        wire = DeafWire()
        options = FunasrOptions("2pass", max_file_bytes=1)
        connection = FunasrConnection(wire, services.lines, options, lambda: tmp_path / "spool")
        with pytest.raises(SlowClientError):
            await connection.serve()
        connection.leave()
        assert wire.tried == 1
        await until(lambda: services.live.count == 0)
        assert services.calls.counts() == {"done": 1}


fields = st.sampled_from(
    ["mode", "is_speaking", "audio_fs", "wav_format", "wav_name", "hotwords", "is_end",
     "chunk_size", "is_finished", "itn"]
)  # fmt: skip
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.sampled_from(["offline", "online", "mp3", "wav", 8_000]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=5,
)  # fmt: skip
control = st.dictionaries(fields, values, max_size=5).map(json.dumps)
sound = st.binary(max_size=700) | st.just(wav_bytes(bytes(2_000))) | st.just(bytes(8_001))
ends = st.sampled_from([json.dumps(END), json.dumps(END | {"is_end": True})])
talk = st.lists(sound | control | ends | st.text(max_size=100), max_size=10)


@fuzzing(
    max_examples=30, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(messages=talk)
def test_random_talk_ends_cleanly(address: str, messages: list[bytes | str]) -> None:
    async def attack() -> int | None:
        async with FunasrCaller(address) as client:
            with contextlib.suppress(ConnectionClosed):
                for message in messages:
                    await client.send(message)
                await client.say(**START | {"is_speaking": True})
                await client.say(**END)
                await until(lambda: client.has_closed or bool(client.messages))
            assert all({"mode", "text", "wav_name", "is_final"} <= set(m) for m in client.messages)
            return client.close_code

    assert asyncio.run(attack()) in {None, 1007, 1008, 1009}
    assert ready(address)


def test_afterwards_all_is_well(address: str) -> None:
    asyncio.run(one_call(address))
