"""Live calls over the WebSocket: heard, drafted, recorded, stored, resumed."""

from __future__ import annotations

import asyncio
import shutil
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from serving.live.pcm import encode_alaw, encode_mulaw
from tests.serving.live_client import LiveClient
from tests.serving.service import (
    DURATION_S,
    RATE_HZ,
    SCRIPT,
    Doubles,
    doubles,
    interleaved,
    legs,
    serving,
    settings_in,
)

WORDS = [(channel, text) for channel, _, _, text in SCRIPT]
SAMPLES = round(DURATION_S * RATE_HZ)
CUT = round(7.5 * RATE_HZ)
"""Samples up to the pause after the second turn."""
FRAME = RATE_HZ // 50 * 4
"""Bytes of 20 ms of two legs in s16le."""


@pytest.fixture
def models() -> Doubles:
    return doubles()


@pytest.fixture
def address(tmp_path: Path, models: Doubles) -> Iterator[str]:
    settings = settings_in(tmp_path, max_live_calls=4, resume_within_s=2)
    with serving(settings, models.parts) as address:
        yield address


def wait_until_done(address: str, call_id: str, within_s: float = 15.0) -> None:
    end_s = time.monotonic() + within_s
    while (state := get(address, f"/api/calls/{call_id}/status").json()["state"]) != "done":
        assert state != "failed"
        assert time.monotonic() < end_s, f"still {state}"
        time.sleep(0.05)


def get(address: str, path: str) -> httpx.Response:
    return httpx.get(address + path)


async def test_a_call_is_heard_drafted_and_stored(address: str, tmp_path: Path) -> None:
    async with LiveClient(address, call_id="call-1", encoding="s16le") as client:
        ready = await client.wait_for("ready")
        assert ready["samples_received"] == {"agent": 0, "citizen": 0}
        await client.play(interleaved(), FRAME, pause_s=0.002)
        await client.say(type="end")
        assert await client.closed() == 1000
    assert client.words == WORDS
    assert any(m["kind"] == "partial" for m in client.of("transcript"))
    drafts = client.of("draft")
    assert len(drafts) > 1
    assert drafts[-1]["ticket"]["caller"]["phone"]["value"] == "13900001234"
    assert "caller.phone" not in drafts[0]["changed"]
    assert any("caller.phone" in draft["changed"] for draft in drafts)
    assert [f["rule_id"] for f in client.of("qa")[-1]["qa"]["findings"]]
    assert client.messages[-1]["type"] == "state"
    assert client.messages[-1]["state"] == "done"
    sequence = [m["seq"] for m in client.messages if "seq" in m and m["type"] != "ready"]
    assert sequence == sorted(set(sequence))

    stored = get(address, "/api/calls/call-1/result").json()
    assert [(u["channel"], u["text"]) for u in stored["transcript"]["utterances"]] == WORDS
    assert stored["ticket"] == drafts[-1]["ticket"]
    assert stored["provenance"]["recording"]["duration_ms"] == DURATION_S * 1000
    (tmp_path / "back.wav").write_bytes(get(address, "/api/calls/call-1/audio").content)
    with wave.open(str(tmp_path / "back.wav")) as recording:
        assert (recording.getnchannels(), recording.getframerate()) == (2, RATE_HZ)
        assert recording.readframes(SAMPLES + 1) == interleaved()


@pytest.mark.parametrize(("encoding", "encode"), [("alaw", encode_alaw), ("mulaw", encode_mulaw)])
async def test_telephone_encodings_are_heard(address: str, encoding: str, encode) -> None:  # type: ignore[no-untyped-def]
    both = legs()
    stereo = np.stack([both["citizen"], both["agent"]], axis=1).reshape(-1)
    start = {"encoding": encoding, "channels": ["citizen", "agent"]}
    async with LiveClient(address, **start) as client:
        await client.play(encode(stereo), 320)
        await client.say(type="end")
        assert await client.closed() == 1000
    assert client.words == WORDS


async def test_one_leg_a_message(address: str) -> None:
    both = legs()
    async with LiveClient(address, framing="prefixed") as client:
        for start in range(0, SAMPLES, 160):
            for prefix, channel in ((b"\0", "agent"), (b"\1", "citizen")):
                await client.send(prefix + both[channel][start : start + 160].tobytes())  # type: ignore[index]
        await client.say(type="end")
        assert await client.closed() == 1000
    assert client.words == WORDS


async def test_one_leg_a_connection(address: str) -> None:
    both = legs()
    async with LiveClient(address, call_id="two", channels=["agent"]) as agent:
        ready = await agent.wait_for("ready")
        async with LiveClient(
            address, call_id="two", channels=["citizen"], token=ready["token"]
        ) as citizen:
            await citizen.wait_for("ready")
            await asyncio.gather(
                agent.play(both["agent"].tobytes(), 320, 0.001),
                citizen.play(both["citizen"].tobytes(), 320, 0.001),
            )
            await agent.say(type="end")
            await citizen.say(type="end")
            assert (await agent.closed(), await citizen.closed()) == (1000, 1000)
    assert agent.words == citizen.words == WORDS


async def test_a_leg_that_joins_late_keeps_the_call_s_clock(address: str) -> None:
    both = legs()
    late = round(3.0 * RATE_HZ)
    async with LiveClient(address, call_id="late", channels=["agent"]) as agent:
        ready = await agent.wait_for("ready")
        await agent.play(both["agent"][:late].tobytes(), 320)
        await agent.wait_for("ack", samples_received={"agent": late})
        async with LiveClient(
            address, call_id="late", channels=["citizen"], token=ready["token"]
        ) as citizen:
            assert (await citizen.wait_for("ready"))["samples_received"] == {"citizen": 0}
            await citizen.play(both["citizen"][late:].tobytes(), 320)
            await agent.play(both["agent"][late:].tobytes(), 320)
            await agent.say(type="end")
            await citizen.say(type="end")
            await agent.closed()
    assert agent.words == WORDS


async def test_a_dropped_connection_resumes_without_losing_a_sample(address: str) -> None:
    audio = interleaved()
    async with LiveClient(address, call_id="drop") as first:
        ready = await first.wait_for("ready")
        await first.play(audio[: 6 * RATE_HZ * 4 + 10 * FRAME], FRAME, 0.001)
        await first.wait_for("transcript", kind="final")
        first.drop()
        await first.closed()
    last_seq = max(m["seq"] for m in first.messages if "seq" in m)
    resume = {"type": "resume", "call_id": "drop", "token": ready["token"], "last_seq": last_seq}
    async with LiveClient(address, **resume) as second:
        again = await second.wait_for("ready")
        received = again["samples_received"]["agent"]
        assert again["samples_received"]["citizen"] == received
        assert 0 < received <= 6 * RATE_HZ + 10 * 160
        await second.play(audio[received * 4 :], FRAME, 0.001)
        await second.say(type="end")
        assert await second.closed() == 1000
    merged = LiveClient(address)
    merged.messages = first.messages + second.messages
    assert merged.words == WORDS
    assert all(m["seq"] > last_seq for m in second.messages[1:] if "seq" in m)
    recording = get(address, "/api/calls/drop/audio").content
    assert recording.endswith(audio)


async def test_events_missed_while_away_come_again(address: str) -> None:
    audio = interleaved()
    async with LiveClient(address, call_id="away") as first:
        ready = await first.wait_for("ready")
        await first.play(audio[: CUT * 4], FRAME)
        await first.wait_for("draft")
        first.drop()
        await first.closed()
    resume = {"type": "resume", "call_id": "away", "token": ready["token"], "last_seq": 0}
    async with LiveClient(address, **resume) as second:
        await second.wait_for("draft")
        assert second.words[:1] == WORDS[:1]


async def test_a_call_that_nobody_resumes_is_stored_as_far_as_it_came(address: str) -> None:
    async with LiveClient(address, call_id="lost") as client:
        await client.wait_for("ready")
        await client.play(interleaved()[: CUT * 4], FRAME)
        await client.wait_for("ack", samples_received={"agent": CUT, "citizen": CUT})
        client.drop()
    wait_until_done(address, "lost")
    stored = get(address, "/api/calls/lost/result").json()
    assert [(u["channel"], u["text"]) for u in stored["transcript"]["utterances"]] == WORDS[:2]


async def test_another_connection_takes_a_call_over(address: str) -> None:
    async with LiveClient(address, call_id="held") as first:
        ready = await first.wait_for("ready")
        resume = {"type": "resume", "call_id": "held", "token": ready["token"], "last_seq": 0}
        async with LiveClient(address, **resume) as second:
            await second.wait_for("ready")
            assert await first.closed() == 1008
            assert first.error["code"] == "resume"
            await second.play(interleaved(), FRAME)
            await second.say(type="end")
            assert await second.closed() == 1000
    assert second.words == WORDS


@pytest.mark.parametrize("token", ["wrong", ""])
async def test_a_wrong_token_resumes_nothing(address: str, token: str) -> None:
    async with LiveClient(address, call_id="mine") as client:
        await client.wait_for("ready")
        resume = {"type": "resume", "call_id": "mine", "token": token, "last_seq": 0}
        async with LiveClient(address, **resume) as thief:
            assert await thief.closed() == 1008
            assert thief.error["code"] == "resume"
        await client.say(type="ping", id="still")
        await client.wait_for("pong", id="still")


async def test_flush_ends_the_utterance_that_goes_on(address: str) -> None:
    async with LiveClient(address) as client:
        await client.wait_for("ready")
        await client.play(interleaved()[: round(2.5 * RATE_HZ) * 4], FRAME)
        await asyncio.sleep(0.3)
        assert client.words == []
        await client.say(type="flush")
        await client.wait_for("transcript", kind="final")


async def test_one_call_too_many_is_refused_and_the_others_go_on(
    address: str, tmp_path: Path
) -> None:
    clients = [LiveClient(address) for _ in range(4)]
    for client in clients:
        await client.__aenter__()
        await client.wait_for("ready")
    async with LiveClient(address) as refused:
        assert await refused.closed() == 1013
        assert refused.error["retryable"] is True
    for client in clients:
        await client.say(type="ping", id="x")
        await client.wait_for("pong")
    for client in clients:
        client.drop()
        await client.__aexit__(None, None, None)


async def test_a_failing_recogniser_costs_no_call(address: str, models: Doubles) -> None:
    models.recogniser.fail_next = 1000
    async with LiveClient(address, call_id="ill") as client:
        await client.play(interleaved(), FRAME, 0.001)
        await client.wait_for("trouble", error="recogniser-failed")
        models.recogniser.fail_next = 0
        await client.say(type="end")
        await client.closed()
    wait_until_done(address, "ill")
    stored = get(address, "/api/calls/ill/result").json()
    assert [(u["channel"], u["text"]) for u in stored["transcript"]["utterances"]] == WORDS


async def test_going_down_stores_the_calls_that_go_on(tmp_path: Path, models: Doubles) -> None:
    settings = settings_in(tmp_path)
    with serving(settings, models.parts) as address:
        client = LiveClient(address, call_id="cut")
        await client.__aenter__()
        await client.play(interleaved()[: CUT * 4], FRAME)
        await client.wait_for("ack", samples_received={"agent": CUT, "citizen": CUT})
        leaving = asyncio.create_task(client.closed())
    assert await leaving == 1012
    assert client.error["code"] == "closing"
    with serving(settings, doubles().parts) as address:
        stored = get(address, "/api/calls/cut/result").json()
    assert [(u["channel"], u["text"]) for u in stored["transcript"]["utterances"]] == WORDS[:2]


async def test_a_call_that_a_crash_cut_off_is_found_again(tmp_path: Path, models: Doubles) -> None:
    settings = settings_in(tmp_path)
    with serving(settings, models.parts) as address:
        async with LiveClient(address, call_id="crash") as client:
            await client.play(interleaved()[: CUT * 4], FRAME)
            await client.wait_for("ack", samples_received={"agent": CUT, "citizen": CUT})
            # One moment of a call that goes on, nothing closed.
            crashed = tmp_path / "crashed"
            shutil.copytree(tmp_path / "data", crashed)
    with serving(settings_in(tmp_path, data_dir=crashed), doubles().parts) as address:
        wait_until_done(address, "crash")
        stored = get(address, "/api/calls/crash/result").json()
    texts = [(u["channel"], u["text"]) for u in stored["transcript"]["utterances"]]
    assert texts == WORDS[:2]
