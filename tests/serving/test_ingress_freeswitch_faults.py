"""What FreeSWITCH, or who pretends to be one, may do wrong: no call is lost, none disturbed."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from serving.live.limits import LiveLimits
from tests.serving.freeswitch_client import FreeSwitch
from tests.serving.service import doubles, legs, serving, settings_in
from tests.serving.stored_call import WORDS, recorded, says_same, stored, until_live, words

BOTH = legs()
CITIZEN = [(channel, text) for channel, text in WORDS if channel == "citizen"]
LIMITS = LiveLimits(
    max_calls=8, resume_within_s=0.3, start_within_s=0.5, max_call_s=120, send_within_s=0.5
)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with serving(settings_in(tmp_path, max_live_calls=8), doubles().parts, LIMITS) as address:
        yield address


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("rate=11025", 1007),
        ("rate=fast", 1007),
        ("mix=both", 1007),
        ("call_id=../etc/passwd", 1007),
        ("leg=caller", 1007),
        ("kind=other", 1007),
        ("profile=nowhere", 1008),
    ],
)
async def test_wrong_words_in_the_url(address: str, query: str, code: int) -> None:
    async with FreeSwitch(address, f"{query}&events=1") as line:
        with contextlib.suppress(ConnectionClosed):
            await line.send("{}")
        assert await line.closed() == code


async def test_words_of_others_in_the_url_and_empty_ones_are_left_alone(address: str) -> None:
    async with FreeSwitch(address, "token=x&tenant=5&call_id=ours&profile=&kind=") as line:
        await line.play(BOTH["citizen"])
    assert words(await stored(address, "ours")) == CITIZEN


async def test_a_call_too_many_is_refused_and_told_why(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, max_live_calls=1)
    with serving(settings, doubles().parts, LiveLimits(max_calls=1)) as address:
        async with FreeSwitch(address, "call_id=one") as first:
            await first.send("{}")
            await until_live(address, "one")
            async with FreeSwitch(address, "events=1") as second:
                await second.send("{}")
                assert await second.closed() == 1013
            async with FreeSwitch(address, fork=True) as third:
                await third.send('{"events": true}')
                assert await third.closed() == 1013
            await first.play(BOTH["citizen"])
        assert second.texts[0]["code"] in ("busy", "capacity")
        assert second.texts[0]["retryable"]
        assert third.texts[0]["type"] == "error"
        assert words(await stored(address, "one")) == CITIZEN


async def test_who_says_nothing_is_let_go(address: str) -> None:
    async with FreeSwitch(address) as line:
        assert await line.closed() == 1008


async def test_a_page_of_another_site_is_kept_out(address: str) -> None:
    url = address.replace("http", "ws", 1) + "/freeswitch"
    with pytest.raises(InvalidStatus):
        await connect(url, origin="http://elsewhere.example")  # type: ignore[arg-type]
    # libwebsockets makes an Origin of the address it dialled, without the port.
    async with connect(url, origin="http://127.0.0.1"):  # type: ignore[arg-type]
        pass


async def test_messages_that_end_within_a_sample_lose_nothing(address: str) -> None:
    data = BOTH["citizen"].tobytes()
    async with FreeSwitch(address, "call_id=torn&events=1") as line:
        await line.send("{}")
        for start in range(0, len(data), 319):
            await line.send(data[start : start + 319])
        assert (await line.told("trouble"))["error"] == "audio-frame"
    await stored(address, "torn")
    assert says_same(recorded(address, "torn")[1]["citizen"], BOTH["citizen"])


async def test_a_message_of_minutes_is_heard_and_one_of_hours_refused(address: str) -> None:
    long = np.concatenate([BOTH["citizen"], np.zeros(60 * 8_000, dtype=np.int16)])
    async with FreeSwitch(address, "call_id=long") as line:
        await line.send("{}")
        await line.send(long.tobytes())
    assert words(await stored(address, "long")) == CITIZEN
    assert says_same(recorded(address, "long")[1]["citizen"], long)
    async with FreeSwitch(address, "call_id=longer") as line:
        await line.send("{}")
        with contextlib.suppress(ConnectionClosed):
            await line.send(bytes(5 * 2**20))
        assert await line.closed() == 1009


async def test_a_line_left_open_ends_at_the_limit_and_is_stored(address: str) -> None:
    async with FreeSwitch(address, "call_id=open") as line:
        await line.send("{}")
        with contextlib.suppress(ConnectionClosed):
            await line.send(BOTH["citizen"].tobytes() + bytes(16_000 * 130))
        assert await line.closed() == 1008
    assert words(await stored(address, "open")) == CITIZEN


async def test_who_does_not_read_its_events_is_heard_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("starlette.websockets.WebSocket.send_text", never)
    with serving(settings_in(tmp_path), doubles().parts, LIMITS) as address:
        async with FreeSwitch(address, "call_id=deaf&events=1") as line:
            await line.send("{}")
            await line.play(BOTH["citizen"])
        assert words(await stored(address, "deaf")) == CITIZEN


async def test_noise_harms_no_call(address: str) -> None:
    chance = random.Random(7)

    async def noise() -> None:
        query = chance.choice(["", "mix=stereo", "rate=48k&events=1", "mix=mixed&leg=agent"])
        fork = chance.random() < 0.3
        async with FreeSwitch(address, query, fork=fork) as line:
            for _ in range(chance.randrange(12)):
                try:
                    await line.send(chance.choice(_noises(chance)))
                except ConnectionClosed:
                    return
            if chance.random() < 0.3:
                line.drop()

    async with FreeSwitch(address, "call_id=quiet") as line:
        await line.send("{}")
        await line.play(BOTH["citizen"][:160])
        await until_live(address, "quiet")
        for _ in range(15):
            await asyncio.gather(*(noise() for _ in range(2)))
        await line.play(BOTH["citizen"][160:])
    assert words(await stored(address, "quiet")) == CITIZEN
    assert says_same(recorded(address, "quiet")[1]["citizen"], BOTH["citizen"])


def _noises(chance: random.Random) -> list[str | bytes]:
    return [
        chance.randbytes(chance.choice([0, 1, 319, 640, 60_000])),
        bytes(640),
        "".join(chance.choices('{}":,[] az019啊\n', k=chance.randrange(80))),
        '{"rate": -1}',
        '{"type": "end"}',
        '{"mix": ["stereo"], "rate": {"a": 1}}',
        "[" * 50_000,
    ]
