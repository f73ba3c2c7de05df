"""Twilio's media streams become live calls: every sample heard, drafted, stored."""

from __future__ import annotations

import base64
import contextlib
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from serving.live.limits import LiveLimits
from serving.live.pcm import Pcm, encode_mulaw
from tests.serving.service import doubles, legs, serving, settings_in
from tests.serving.stored_call import WORDS, recorded, says_same, stored, words

BOTH = legs()
CODED = {"inbound": encode_mulaw(BOTH["citizen"]), "outbound": encode_mulaw(BOTH["agent"])}
START = {
    "streamSid": "MZ0",
    "callSid": "CA0",
    "tracks": ["inbound", "outbound"],
    "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
    "customParameters": {"kind": "ticket", "colour": "blue"},
}


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    limits = LiveLimits(max_calls=4, resume_within_s=0.3, start_within_s=0.5)
    with serving(settings_in(tmp_path), doubles().parts, limits) as address:
        yield address.replace("http", "ws", 1) + "/twilio"


def http(address: str) -> str:
    return address.replace("ws", "http", 1).removesuffix("/twilio")


async def say(socket: ClientConnection, event: str, **values: Any) -> None:
    await socket.send(json.dumps({"event": event, "streamSid": "MZ0"} | values))


async def begin(socket: ClientConnection, **start: Any) -> None:
    await say(socket, "connected", protocol="Call", version="1.0.0")
    await say(socket, "start", sequenceNumber="1", start=START | start)


async def play(socket: ClientConnection, tracks: tuple[str, ...] = ("inbound", "outbound")) -> None:
    for at in range(0, len(CODED["inbound"]), 160):
        for track in tracks:
            payload = base64.b64encode(CODED[track][at : at + 160]).decode()
            media = {"track": track, "timestamp": str(at // 8), "payload": payload}
            await say(socket, "media", media=media)


def meant(track: str) -> Pcm:
    """What FFmpeg makes of the bytes; nothing of ours."""
    decoder = av.AudioCodecContext.create("pcm_mulaw", "r")
    decoder.sample_rate, decoder.layout = 8_000, "mono"
    (frame,) = decoder.decode(av.Packet(CODED[track]))
    samples: Pcm = frame.to_ndarray()[0]
    return samples


async def test_both_tracks_are_a_call_of_two_legs(address: str) -> None:
    async with connect(address) as socket:
        await begin(socket)
        await play(socket)
        await say(socket, "dtmf", dtmf={"track": "inbound_track", "digit": "1"})
        await say(socket, "stop", stop={"callSid": "CA0"})
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 1000
    assert words(await stored(http(address), "CA0")) == WORDS
    heard = recorded(http(address), "CA0")[1]
    assert says_same(heard["citizen"], meant("inbound"))
    assert says_same(heard["agent"], meant("outbound"))


async def test_one_track_is_one_leg(address: str) -> None:
    async with connect(f"{address}?call_id=one") as socket:
        await begin(socket, tracks=["inbound"], customParameters={})
        await play(socket, ("inbound",))
    heard = words(await stored(http(address), "one"))
    assert heard == [(channel, text) for channel, text in WORDS if channel == "citizen"]


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        ([b"\0" * 160], 1007),
        (["hello"], 1007),
        (["[1]"], 1007),
        (['{"event":"media"}'], 1008),
        ([json.dumps({"event": "start", "start": START | {"tracks": "inbound"}})], 1007),
        ([json.dumps({"event": "start", "start": START | {"mediaFormat": {}}})], 1007),
        ([json.dumps({"event": "start", "start": []})], 1007),
        (
            [
                json.dumps({"event": "start", "start": START | {"tracks": ["inbound"]}}),
                '{"event":"media","media":{"track":"outbound","payload":"AAAA"}}',
            ],
            1007,
        ),
        (
            [
                json.dumps({"event": "start", "start": START}),
                '{"event":"media","media":{"track":"inbound","payload":"?"}}',
            ],
            1007,
        ),
        ([], 1008),
    ],
)
async def test_what_is_no_media_stream_is_refused(
    address: str, messages: list[str | bytes], code: int
) -> None:
    async with connect(address) as socket:
        with contextlib.suppress(ConnectionClosed):
            for message in messages:
                await socket.send(message)
            await socket.recv()
        assert socket.close_code == code


async def test_noise_harms_no_call(address: str) -> None:
    chance = random.Random(2)
    async with connect(address) as socket:
        await begin(socket)
        for _ in range(25):
            async with connect(address) as other:
                with contextlib.suppress(ConnectionClosed):
                    if chance.random() < 0.6:
                        await begin(other, callSid=f"CA{chance.randrange(10**6)}x")
                    for _ in range(chance.randrange(6)):
                        media = {"track": "inbound", "payload": chance.choice(["", "AA==", "é"])}
                        noises: list[str | bytes] = [b"x", "{", '{"event":5}', ""]
                        noise = chance.choice(noises)
                        await say(other, "media", media=media)
                        await other.send(noise)
        await play(socket)
        await say(socket, "stop")
    assert words(await stored(http(address), "CA0")) == WORDS
    assert says_same(recorded(http(address), "CA0")[1]["citizen"], meant("inbound"))
