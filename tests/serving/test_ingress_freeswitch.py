"""FreeSWITCH streams become live calls: every sample heard, drafted, stored."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from asr.types import Channel, SpeechSegment
from serving.live.limits import LiveLimits
from serving.live.pcm import Pcm
from tests.asr.doubles import ScriptedRecogniser
from tests.serving.freeswitch_client import FreeSwitch
from tests.serving.service import RATE_HZ, doubles, legs, serving, settings_in, spoken
from tests.serving.stored_call import WORDS, recorded, says_same, stored, words

CITIZEN = [(channel, text) for channel, text in WORDS if channel == "citizen"]
BOTH = legs()
LIMITS = LiveLimits(max_calls=8, resume_within_s=1.5, start_within_s=1.0)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with serving(settings_in(tmp_path, max_live_calls=8), doubles().parts, LIMITS) as address:
        yield address


def heard_all(address: str, call_id: str, citizen: Pcm | None, agent: Pcm | None) -> bool:
    """Whether the call was recorded as it was sent; a leg that was not sent is silent."""
    _, heard = recorded(address, call_id)
    nothing = np.zeros(0, dtype=np.int16)
    return says_same(heard["citizen"], nothing if citizen is None else citizen) and says_same(
        heard["agent"], nothing if agent is None else agent
    )


@pytest.mark.parametrize("rate_hz", [8_000, 16_000])
async def test_stereo_is_a_call_of_two_legs(address: str, rate_hz: int) -> None:
    sound = legs(rate_hz)
    async with FreeSwitch(address, f"rate={rate_hz}&mix=stereo&call_id=fs.1") as line:
        await line.play(sound["citizen"], sound["agent"], frame=rate_hz // 50)
    result = await stored(address, "fs.1")
    assert words(result) == WORDS
    assert result["ticket"]["caller"]["phone"]["value"] == "13900001234"
    assert recorded(address, "fs.1")[0] == rate_hz
    assert heard_all(address, "fs.1", sound["citizen"], sound["agent"])
    assert line.texts == []


@pytest.mark.parametrize("frames_before", [0, 1, 40])
async def test_metadata_before_and_after_the_first_frames(address: str, frames_before: int) -> None:
    sound = legs(16_000)
    said = {"call_id": "meta", "sampleRate": 16_000, "mixType": "stereo", "from": "1001"}
    cut = frames_before * 320
    async with FreeSwitch(address) as line:
        await line.play(sound["citizen"][:cut], sound["agent"][:cut], frame=320)
        await line.send(json.dumps(said))
        await line.play(sound["citizen"][cut:], sound["agent"][cut:], frame=320)
    assert words(await stored(address, "meta")) == WORDS
    assert heard_all(address, "meta", sound["citizen"], sound["agent"])


async def test_metadata_that_never_comes(address: str) -> None:
    async with FreeSwitch(address, "rate=8k&call_id=none") as line:
        await line.play(BOTH["citizen"])
        await line.send("goodbye")
    assert words(await stored(address, "none")) == CITIZEN
    assert heard_all(address, "none", BOTH["citizen"], None)


async def test_metadata_that_is_wrong_is_left_aside(address: str) -> None:
    async with FreeSwitch(address, "call_id=wrong&events=1") as line:
        await line.send(json.dumps({"rate": 11_025, "call_id": "../x"}))
        await line.play(BOTH["citizen"])
        assert "rate" in (await line.told("trouble"))["message"]
    assert words(await stored(address, "wrong")) == CITIZEN


async def test_metadata_that_comes_too_late_is_told(address: str) -> None:
    async with FreeSwitch(address, "call_id=late&events=1") as line:
        await line.send("{}")
        await line.play(BOTH["citizen"])
        await line.send(json.dumps({"rate": 16_000}))
        assert (await line.told("trouble"))["error"] == "metadata-late"


@pytest.mark.parametrize("query", ["citizen=right", ""])
async def test_the_citizen_on_the_right(tmp_path: Path, query: str) -> None:
    side = "left" if query else "right"
    settings = settings_in(tmp_path, freeswitch_citizen=side)
    with serving(settings, doubles().parts, LIMITS) as address:
        async with FreeSwitch(address, f"mix=stereo&call_id=swap&{query}") as line:
            await line.play(BOTH["agent"], BOTH["citizen"])
        assert words(await stored(address, "swap")) == WORDS


async def test_mixed_voices_are_told_apart_afterwards(tmp_path: Path) -> None:
    def at_that_time(segment: SpeechSegment) -> str:
        return spoken(segment) or spoken(replace(segment, channel=_other(segment.channel)))

    mixed = BOTH["citizen"] + BOTH["agent"]
    models = doubles(ScriptedRecogniser(at_that_time))
    with serving(settings_in(tmp_path), models.parts, LIMITS) as address:
        async with FreeSwitch(address, "mix=mixed&call_id=mixed&events=1") as line:
            await line.play(mixed)
            await line.send('{"type":"end"}')
            assert await line.closed() == 1000
        assert words(await stored(address, "mixed")) == WORDS
        _, heard = recorded(address, "mixed")
    assert says_same(heard["citizen"], mixed)
    assert says_same(heard["agent"], mixed)
    live = [text["utterance"]["channel"] for text in line.texts if text["type"] == "transcript"]
    assert set(live) == {"citizen"}


def _other(channel: Channel) -> Channel:
    return "agent" if channel == "citizen" else "citizen"


async def test_two_mono_streams_are_one_call(address: str) -> None:
    async with (
        FreeSwitch(address, "call_id=two&leg=citizen&events=1") as citizen,
        FreeSwitch(address, "call_id=two&leg=agent") as agent,
    ):
        await asyncio.gather(citizen.send("{}"), agent.send("{}"))
        await citizen.told("state")
        await asyncio.gather(citizen.play(BOTH["citizen"]), agent.play(BOTH["agent"]))
    assert words(await stored(address, "two")) == WORDS
    assert heard_all(address, "two", BOTH["citizen"], BOTH["agent"])


async def test_events_come_where_they_are_asked_for(address: str) -> None:
    async with FreeSwitch(address, "mix=stereo&events=1") as line:
        await line.play(BOTH["citizen"], BOTH["agent"])
        await line.send('{"type":"end"}')
        assert await line.closed() == 1000
    finals = [t["utterance"] for t in line.texts if t.get("kind") == "final"]
    assert {u["text"] for u in finals} == {text for _, text in WORDS}
    assert {"draft", "qa", "state"} <= {text["type"] for text in line.texts}
    assert line.texts[-1]["state"] == "done"


async def test_compressed_messages(address: str) -> None:
    async with FreeSwitch(address, "mix=stereo&call_id=small", compress=True) as line:
        assert line.socket.protocol.extensions
        await line.play(BOTH["citizen"], BOTH["agent"])
    await stored(address, "small")
    assert heard_all(address, "small", BOTH["citizen"], BOTH["agent"])


async def test_audio_fork_takes_its_leave_with_an_empty_message(address: str) -> None:
    async with FreeSwitch(address, "mix=stereo&call_id=fork&events=true", fork=True) as line:
        assert line.socket.subprotocol == "audio.drachtio.org"
        await line.send('{"callSid": "x"}')
        # Its messages have no fixed size.
        await line.play(BOTH["citizen"], BOTH["agent"], frame=333)
        await line.send(b"")
        assert await line.closed() == 1000
    assert {text["type"] for text in line.texts} == {"transcription", "json"}
    await stored(address, "x")
    assert heard_all(address, "x", BOTH["citizen"], BOTH["agent"])


async def test_a_stream_shorter_than_the_wait_for_metadata(address: str) -> None:
    async with FreeSwitch(address, "call_id=short") as line:
        await line.play(BOTH["citizen"][:4_000])
    await stored(address, "short")
    assert heard_all(address, "short", BOTH["citizen"][:4_000], None)


async def test_a_line_that_breaks_may_come_back(address: str) -> None:
    async with FreeSwitch(address, "call_id=back&events=1") as line:
        await line.send("{}")
        await line.play(BOTH["citizen"][:40_000])
        await line.told("transcript")
        line.drop()
    async with FreeSwitch(address, "call_id=back&events=1") as line:
        await line.send("{}")
        await line.play(BOTH["citizen"][40_000:])
    result = await stored(address, "back")
    assert words(result) == CITIZEN
    assert heard_all(address, "back", BOTH["citizen"], None)


async def test_a_line_that_breaks_for_good_is_stored(address: str) -> None:
    async with FreeSwitch(address, "call_id=gone&events=1") as line:
        await line.send("{}")
        await line.play(BOTH["citizen"])
        await line.told("draft")
        line.drop()
    await stored(address, "gone")


async def test_a_stream_begun_anew_gets_a_number(address: str) -> None:
    for _ in range(2):
        async with FreeSwitch(address, "call_id=again") as line:
            await line.play(BOTH["citizen"][:16_000])
        await stored(address, "again")
    await stored(address, "again-2")


async def test_rate_is_contradicted_by_the_pace(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.ingress.pace._SURE_AFTER_S", 0.01)
    monkeypatch.setattr("serving.ingress.pace._BURST_S", 0.0)
    async with FreeSwitch(address, f"rate={RATE_HZ}&call_id=fast&events=1") as line:
        await line.send("{}")
        await line.play(BOTH["citizen"])
        trouble = await line.told("trouble")
        assert trouble["error"] == "sample-rate"
        assert "8000" in trouble["message"]
    # A warning, no more: the call is heard all the same.
    assert words(await stored(address, "fast")) == CITIZEN
