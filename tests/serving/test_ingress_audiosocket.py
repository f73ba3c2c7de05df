"""AudioSocket connections become live calls: every sample heard, drafted, stored."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import numpy as np
import pytest

from serving.api.server import bind
from serving.ingress.audiosocket_door import AudioSocketDoor
from serving.live.limits import LiveLimits
from tests.serving.audiosocket_client import KINDS, AudioSocketCall, frame
from tests.serving.service import doubles, legs, serving, settings_in
from tests.serving.stored_call import (
    WORDS,
    audio_s,
    recorded,
    says_same,
    stored,
    until_audio,
    until_heard,
    until_live,
    words,
)

BOTH = legs()
CITIZEN = [(channel, text) for channel, text in WORDS if channel == "citizen"]
LIMITS = LiveLimits(max_calls=8, resume_within_s=1.5, start_within_s=0.5, line_idle_s=3.0)
HANG_UP = b"\0\0\0"


@contextlib.contextmanager
def listening(
    folder: Path, limits: LiveLimits = LIMITS, **values: object
) -> Iterator[tuple[str, int]]:
    """The service; yields its address and the port of its AudioSocket."""
    with bind("127.0.0.1", 0) as listener:
        doors = [AudioSocketDoor(listener)]
        with serving(settings_in(folder, **values), doubles().parts, limits, doors) as address:
            yield address, listener.getsockname()[1]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[tuple[str, int]]:
    with listening(tmp_path) as service:
        yield service


async def announce(address: str, uuid: UUID, **said: str) -> int:
    async with httpx.AsyncClient(base_url=address) as client:
        return (await client.put(f"/api/audiosocket/{uuid}", json=said)).status_code


async def test_one_connection_is_the_citizen_s_leg(service: tuple[str, int]) -> None:
    address, port = service
    async with AudioSocketCall(port) as line:
        await line.play(BOTH["citizen"])
    result = await stored(address, str(line.uuid))
    assert words(result) == CITIZEN
    assert result["ticket"]["caller"]["phone"]["value"] == "13900001234"
    _, heard = recorded(address, str(line.uuid))
    assert says_same(heard["citizen"], BOTH["citizen"])
    assert not heard["agent"].any()
    assert await line.answer() == b""


@pytest.mark.parametrize("rate_hz", sorted(KINDS))
async def test_every_rate(service: tuple[str, int], rate_hz: int) -> None:
    address, port = service
    sound = legs(rate_hz)["citizen"][: round(7.5 * rate_hz)]
    async with AudioSocketCall(port) as line:
        await line.play(sound, rate_hz)
    assert words(await stored(address, str(line.uuid))) == CITIZEN[:1]
    heard_hz, heard = recorded(address, str(line.uuid))
    assert heard_hz == rate_hz
    assert says_same(heard["citizen"], sound)


async def test_bytes_may_come_in_any_pieces(service: tuple[str, int]) -> None:
    address, port = service
    sound = BOTH["citizen"][:60_000]
    chance = random.Random(3)
    async with AudioSocketCall(port, hello=False) as line:
        data = frame(0x01, line.uuid.bytes)
        start = 0
        while start < len(sound):
            length = chance.choice([1, 160, 777, 32_767])
            data += frame(0x10, sound[start : start + length].tobytes())
            start += length
        while data:
            cut = chance.choice([1, 2, 3, 700, 5_000])
            await line.send(data[:cut])
            data = data[cut:]
            await asyncio.sleep(0)
    await stored(address, str(line.uuid))
    assert says_same(recorded(address, str(line.uuid))[1]["citizen"], sound)


async def test_other_frames_are_passed_over(service: tuple[str, int]) -> None:
    address, port = service
    sound = BOTH["citizen"][:16_000]
    async with AudioSocketCall(port) as line:
        await line.send(frame(0x03, b"5"))
        await line.play(sound[:8_000])
        for other in (frame(0x03, b"#"), frame(0xFF, b"\1"), frame(0x42, b"??"), frame(0x10)):
            await line.send(other)
        await line.send(frame(0x01, line.uuid.bytes))
        await line.play(sound[8_000:])
        # Only towards Asterisk by the book; whoever says it means it.
        await line.send(frame(0x00))
        assert await line.answer() == b""
    await stored(address, str(line.uuid))
    assert says_same(recorded(address, str(line.uuid))[1]["citizen"], sound)


async def test_frames_of_an_odd_number_of_bytes_lose_nothing(service: tuple[str, int]) -> None:
    address, port = service
    sound = BOTH["citizen"][:60_000]
    data = sound.tobytes()
    async with AudioSocketCall(port) as line:
        for start in range(0, len(data), 321):
            await line.send(frame(0x10, data[start : start + 321]))
    await stored(address, str(line.uuid))
    assert says_same(recorded(address, str(line.uuid))[1]["citizen"], sound)


async def test_the_same_uuid_twice_is_a_call_of_two_legs(service: tuple[str, int]) -> None:
    address, port = service
    before_s = audio_s()
    async with AudioSocketCall(port) as citizen:
        await citizen.play(BOTH["citizen"][:160])
        await until_audio(before_s + 0.02)
        async with AudioSocketCall(port, citizen.uuid) as agent:
            await agent.play(BOTH["agent"][:160])
            await until_audio(before_s + 0.04)
            await asyncio.gather(
                citizen.play(BOTH["citizen"][160:]), agent.play(BOTH["agent"][160:])
            )
    assert words(await stored(address, str(citizen.uuid))) == WORDS
    heard = recorded(address, str(citizen.uuid))[1]
    assert says_same(heard["citizen"], BOTH["citizen"])
    # The agent's leg began where the citizen's was by then.
    assert says_same(heard["agent"][160:], BOTH["agent"])


async def test_announced_connections_are_legs_of_one_call(service: tuple[str, int]) -> None:
    address, port = service
    ids = {"citizen": uuid4(), "agent": uuid4()}
    for leg, uuid in ids.items():
        said = {"call_id": "both", "leg": leg, "kind": "ticket", "profile": "haikou"}
        assert await announce(address, uuid, **said) == 204
    # The agent's line is there first, and at another rate.
    async with AudioSocketCall(port, ids["agent"]) as agent:
        wide = legs(16_000)["agent"]
        before_s = audio_s()
        await agent.play(wide[:320], 16_000)
        await until_audio(before_s + 0.02)
        async with AudioSocketCall(port, ids["citizen"]) as citizen:
            await citizen.play(BOTH["citizen"][:1_600])
            await until_live(address, "both")
            await until_audio(before_s + 0.1)
            await asyncio.gather(
                agent.play(wide[320:], 16_000), citizen.play(BOTH["citizen"][1_600:])
            )
    assert words(await stored(address, "both")) == WORDS
    assert recorded(address, "both")[0] == 16_000


@pytest.mark.parametrize(
    ("said", "status"),
    [({"leg": "caller"}, 422), ({"legs": "agent"}, 422), ({"profile": "/etc"}, 422)],
)
async def test_wrong_announcements(
    service: tuple[str, int], said: dict[str, str], status: int
) -> None:
    assert await announce(service[0], uuid4(), **said) == status


async def test_a_leg_that_was_on_hold_is_put_on_the_other_s_clock(
    service: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.ingress.phone_line._HELD_S", 0.2)
    address, port = service
    before_s = audio_s()
    async with AudioSocketCall(port) as citizen:
        await citizen.play(BOTH["citizen"][:1_600])
        await until_audio(before_s + 0.2)
        async with AudioSocketCall(port, citizen.uuid) as agent:
            await agent.play(BOTH["agent"][:8_000])
            await until_audio(before_s + 1.2)
            await citizen.play(BOTH["citizen"][1_600:40_000])
            await until_audio(before_s + 6.0)
            # The hold is over: what the agent says now, the citizen hears after five seconds.
            await asyncio.sleep(0.25)
            await agent.play(BOTH["agent"][8_000:16_000])
            await until_audio(before_s + 7.0)
    await stored(address, str(citizen.uuid))
    heard = recorded(address, str(citizen.uuid))[1]
    assert says_same(heard["citizen"], BOTH["citizen"][:40_000])
    assert not heard["agent"][:1_600].any()
    assert np.array_equal(heard["agent"][1_600:9_600], BOTH["agent"][:8_000])
    assert not heard["agent"][9_600:40_000].any()
    assert np.array_equal(heard["agent"][40_000:], BOTH["agent"][8_000:16_000])


async def test_a_rate_that_changes_in_the_call(service: tuple[str, int]) -> None:
    address, port = service
    cut = round(7.5 * 8_000)
    async with AudioSocketCall(port) as line:
        await line.play(BOTH["citizen"][:cut])
        await line.play(legs(16_000)["citizen"][2 * cut :], 16_000)
    assert words(await stored(address, str(line.uuid))) == CITIZEN
    rate_hz, heard = recorded(address, str(line.uuid))
    assert rate_hz == 8_000
    assert says_same(heard["citizen"][:cut], BOTH["citizen"][:cut])
    assert len(heard["citizen"]) == len(BOTH["citizen"])


@pytest.mark.parametrize(
    "hello",
    [
        frame(0x10, bytes(320)),
        frame(0x01, bytes(15)),
        frame(0x03, b"1"),
        frame(0x00),
        b"GET / HTTP/1.1\r\n\r\n" + bytes(70_000),
    ],
)
async def test_what_does_not_begin_with_a_uuid_is_refused(
    service: tuple[str, int], hello: bytes
) -> None:
    async with AudioSocketCall(service[1], hello=False) as line:
        await line.send(hello)
        assert await line.answer() == HANG_UP


async def test_another_uuid_in_the_same_connection_is_refused(service: tuple[str, int]) -> None:
    address, port = service
    async with AudioSocketCall(port) as line:
        await line.play(BOTH["citizen"][:8_000])
        await line.send(frame(0x01, uuid4().bytes))
        assert await line.answer() == HANG_UP
    # What came before is kept.
    await stored(address, str(line.uuid))


async def test_connections_without_a_word(service: tuple[str, int]) -> None:
    address, port = service
    async with AudioSocketCall(port, hello=False):
        pass
    async with AudioSocketCall(port, hello=False) as line:
        assert await line.answer() == HANG_UP
    async with AudioSocketCall(port):
        pass
    async with httpx.AsyncClient(base_url=address) as client:
        assert (await client.get("/api/calls")).json()["calls"] == []


async def test_the_call_that_is_one_too_many_is_hung_up(tmp_path: Path) -> None:
    limits = LiveLimits(max_calls=1, resume_within_s=0.2)
    with listening(tmp_path, limits, max_live_calls=1) as (address, port):
        async with AudioSocketCall(port) as first, AudioSocketCall(port) as second:
            await first.play(BOTH["citizen"][:160])
            await until_live(address, str(first.uuid))
            await second.play(BOTH["citizen"][:160])
            assert await second.answer() == HANG_UP
            await first.play(BOTH["citizen"][160:])
        assert words(await stored(address, str(first.uuid))) == CITIZEN


async def test_a_connection_too_many_is_hung_up(tmp_path: Path) -> None:
    with listening(tmp_path, LiveLimits(max_connections=1)) as (_, port):
        async with AudioSocketCall(port) as first:
            await first.play(BOTH["citizen"][:160])
            async with AudioSocketCall(port) as second:
                assert await second.answer() == HANG_UP


async def test_a_crowd_of_connections_disturbs_no_call(tmp_path: Path) -> None:
    limits = LiveLimits(max_calls=2, max_connections=40, start_within_s=1.0, resume_within_s=0.2)

    async def come_and_go(port: int) -> bytes:
        async with AudioSocketCall(port, hello=False) as line:
            try:
                return await line.answer()
            except ConnectionError:
                return b""

    with listening(tmp_path, limits, max_live_calls=2) as (address, port):
        before_s = audio_s()
        async with AudioSocketCall(port) as line:
            await line.play(BOTH["citizen"][:160])
            await until_audio(before_s + 0.02)
            crowd = [asyncio.create_task(come_and_go(port)) for _ in range(400)]
            await line.play(BOTH["citizen"][160:])
            answers = await asyncio.gather(*crowd)
        assert answers.count(HANG_UP) > 350
        assert words(await stored(address, str(line.uuid))) == CITIZEN
        assert says_same(recorded(address, str(line.uuid))[1]["citizen"], BOTH["citizen"])


async def test_a_line_that_is_silent_for_too_long_is_ended_and_stored(tmp_path: Path) -> None:
    with listening(tmp_path, LiveLimits(resume_within_s=0.1, line_idle_s=0.3)) as (address, port):
        async with AudioSocketCall(port) as line:
            await line.play(BOTH["citizen"])
            assert await line.answer() == HANG_UP
        assert words(await stored(address, str(line.uuid))) == CITIZEN


async def test_a_connection_that_breaks_may_come_back(service: tuple[str, int]) -> None:
    address, port = service
    before_s, uuid = audio_s(), uuid4()
    # The new connection may be there before the old one is known to be gone: the leg's name
    # tells them apart from two legs of a call.
    assert await announce(address, uuid, leg="citizen") == 204
    async with AudioSocketCall(port, uuid) as line:
        await line.play(BOTH["citizen"][:40_000])
        await until_audio(before_s + 5.0)
        line.drop()
    async with AudioSocketCall(port, line.uuid) as line:
        await line.play(BOTH["citizen"][40_000:])
    assert words(await stored(address, str(line.uuid))) == CITIZEN
    assert says_same(recorded(address, str(line.uuid))[1]["citizen"], BOTH["citizen"])


async def test_going_down_stores_the_call(tmp_path: Path) -> None:
    with listening(tmp_path) as (address, port):
        line = AudioSocketCall(port)
        await line.__aenter__()
        await line.play(BOTH["citizen"])
        await until_heard(address, str(line.uuid), CITIZEN[-1][1])
    assert await line.answer() == HANG_UP
    line.writer.close()
    with listening(tmp_path) as (address, _):
        assert words(await stored(address, str(line.uuid))) == CITIZEN


async def test_noise_on_the_port_harms_no_call(service: tuple[str, int]) -> None:
    address, port = service
    chance = random.Random(11)

    async def noise() -> None:
        async with AudioSocketCall(port, hello=chance.random() < 0.5) as line:
            for _ in range(chance.randrange(30)):
                kind = chance.choice([*KINDS.values(), 0, 1, 3, 0xFF, chance.randrange(256)])
                data = frame(kind, chance.randbytes(chance.choice([0, 1, 16, 320, 5_000])))
                try:
                    await line.send(data[: chance.choice([len(data), len(data), 2])])
                except ConnectionError:
                    return
                await asyncio.sleep(0)
            if chance.random() < 0.3:
                line.drop()

    async with AudioSocketCall(port) as line:
        await line.play(BOTH["citizen"][:160])
        await until_live(address, str(line.uuid))
        for _ in range(20):
            await asyncio.gather(*(noise() for _ in range(3)))
        await line.play(BOTH["citizen"][160:])
    assert words(await stored(address, str(line.uuid))) == CITIZEN
    assert says_same(recorded(address, str(line.uuid))[1]["citizen"], BOTH["citizen"])


async def test_silence_is_a_call_without_words(service: tuple[str, int]) -> None:
    address, port = service
    async with AudioSocketCall(port) as line:
        await line.play(np.zeros(80_000, dtype=np.int16))
    assert words(await stored(address, str(line.uuid))) == []
