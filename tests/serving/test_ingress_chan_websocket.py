"""chan_websocket channels become live calls: every sample heard, drafted, stored."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import av
import httpx
import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed

from serving.ingress.chan_websocket_events import read_event
from serving.live.limits import LiveLimits
from serving.live.pcm import Pcm, encode_alaw, encode_mulaw
from tests.serving.chan_websocket_client import MediaChannel
from tests.serving.service import doubles, legs, serving, settings_in
from tests.serving.stored_call import (
    WORDS,
    audio_s,
    recorded,
    says_same,
    stored,
    until_audio,
    until_live,
    words,
)

BOTH = legs()
CITIZEN = [(channel, text) for channel, text in WORDS if channel == "citizen"]
LIMITS = LiveLimits(max_calls=8, resume_within_s=1.0, start_within_s=0.5)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with serving(settings_in(tmp_path, max_live_calls=8), doubles().parts, LIMITS) as address:
        yield address


def g722(samples: Pcm) -> bytes:
    """Encode 16 kHz samples as FFmpeg does; nothing of ours."""
    encoder = av.AudioCodecContext.create("g722", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 16_000, "mono", av.AudioFormat("s16")
    coded = b""
    for start in range(0, len(samples), 320):
        block = np.zeros((1, 320), dtype=np.int16)
        piece = samples[start : start + 320]
        block[0, : len(piece)] = piece
        audio = av.AudioFrame.from_ndarray(block, format="s16", layout="mono")
        audio.sample_rate = 16_000
        coded += b"".join(bytes(packet) for packet in encoder.encode(audio))
    return coded + b"".join(bytes(packet) for packet in encoder.encode(None))


@pytest.mark.parametrize("speaks_json", [False, True])
@pytest.mark.parametrize(
    ("media_format", "rate_hz"), [("slin", 8_000), ("slin16", 16_000), ("slin44", 44_100)]
)
async def test_linear_audio_loses_no_sample(
    address: str, media_format: str, rate_hz: int, speaks_json: bool
) -> None:
    sound = legs(rate_hz)["citizen"]
    async with MediaChannel(address, media_format, speaks_json=speaks_json) as channel:
        assert channel.socket.subprotocol == "media"
        await channel.play(sound.astype("<i2").tobytes())
    result = await stored(address, "1763791200.7")
    assert words(result) == CITIZEN
    assert result["ticket"]["caller"]["phone"]["value"] == "13900001234"
    heard_hz, heard = recorded(address, "1763791200.7")
    assert heard_hz == rate_hz
    assert says_same(heard["citizen"], sound)
    assert channel.told == []


@pytest.mark.parametrize("law", ["ulaw", "alaw"])
async def test_g711(address: str, law: str) -> None:
    coded = encode_mulaw(BOTH["citizen"]) if law == "ulaw" else encode_alaw(BOTH["citizen"])
    async with MediaChannel(address, law, "call_id=g711") as channel:
        await channel.play(coded)
    assert words(await stored(address, "g711")) == CITIZEN
    decoder = av.AudioCodecContext.create("pcm_mulaw" if law == "ulaw" else "pcm_alaw", "r")
    decoder.sample_rate, decoder.layout = 8_000, "mono"
    (meant,) = decoder.decode(av.Packet(coded))
    assert says_same(recorded(address, "g711")[1]["citizen"], meant.to_ndarray()[0])


async def test_g722_in_frames_of_any_size(address: str) -> None:
    sound = legs(16_000)["citizen"]
    coded = g722(sound)
    chance = random.Random(5)
    async with MediaChannel(address, "g722", "call_id=wide") as channel:
        start = 0
        while start < len(coded):
            size = chance.choice([160, 160, 1, 333])
            await channel.socket.send(coded[start : start + size])
            start += size
    assert words(await stored(address, "wide")) == CITIZEN
    rate_hz, heard = recorded(address, "wide")
    assert rate_hz == 16_000
    assert len(heard["citizen"]) == 2 * len(coded)
    # 22 samples is the delay of the codec's filters.
    assert np.corrcoef(heard["citizen"][22 : len(sound)], sound[: len(sound) - 22])[0, 1] > 0.99


async def test_two_channels_are_one_call(address: str) -> None:
    said = {"JIESU_CALL_ID": "pair", "JIESU_LEG": "agent", "OTHER": "x"}
    before_s = audio_s()
    async with MediaChannel(address, "slin", "call_id=pair&leg=citizen") as citizen:
        data = BOTH["citizen"].tobytes()
        await citizen.play(data[:320])
        await until_audio(before_s + 0.02)
        wide = legs(16_000)["agent"].tobytes()
        async with MediaChannel(
            address, "slin16", speaks_json=True, variables=said, path="/media"
        ) as agent:
            # The filter that brings it to the call's rate needs some before it gives any.
            await agent.play(wide[:6_400])
            await until_audio(before_s + 0.1)
            await asyncio.gather(citizen.play(data[320:]), agent.play(wide[6_400:]))
    assert words(await stored(address, "pair")) == WORDS
    assert says_same(recorded(address, "pair")[1]["citizen"], BOTH["citizen"])


async def test_events_amid_the_audio_are_passed_over(address: str) -> None:
    sound = BOTH["citizen"].tobytes()
    async with MediaChannel(address, "slin", "call_id=events") as channel:
        await channel.play(sound[:32_000])
        await channel.event("DTMF_END", digit="5", channel_id="1763791200.7")
        await channel.event("MEDIA_XOFF")
        await channel.event("MEDIA_XON")
        await channel.event("ERROR", error_text="Unable to parse")
        for text in ("", "{", "hello there", '{"event": 5}', "[1]"):
            await channel.socket.send(text)
        await channel.socket.send(b"")
        await channel.play(sound[32_000:])
    assert words(await stored(address, "events")) == CITIZEN
    assert says_same(recorded(address, "events")[1]["citizen"], BOTH["citizen"])


@pytest.mark.parametrize(
    ("speaks_json", "hang_up"), [(False, "HANGUP"), (True, '{"command": "HANGUP"}')]
)
async def test_a_call_too_many_is_hung_up(tmp_path: Path, speaks_json: bool, hang_up: str) -> None:
    settings = settings_in(tmp_path, max_live_calls=1)
    with serving(settings, doubles().parts, LiveLimits(max_calls=1)) as address:
        async with (
            MediaChannel(address, query="call_id=one") as first,
            MediaChannel(
                address, query="call_id=two", hello=False, speaks_json=speaks_json
            ) as second,
        ):
            await until_live(address, "one")
            await second.event("MEDIA_START", format="slin")
            assert await second.closed() == 1013
            await first.play(BOTH["citizen"].tobytes())
        assert second.told == [hang_up]
        assert words(await stored(address, "one")) == CITIZEN


@pytest.mark.parametrize(
    ("first", "code"),
    [
        (bytes(320), 1008),
        ("MEDIA_XON", 1008),
        ("MEDIA_START", 1007),
        ("MEDIA_START format:opus", 1007),
        ('{"event":"MEDIA_START","format":"slin","channel_variables":{"JIESU_LEG":"x"}}', 1007),
        ('{"event":"MEDIA_START","format":"slin"', 1007),
        ("hello", 1007),
        (None, 1008),
    ],
)
async def test_what_does_not_begin_as_it_should(
    address: str, first: str | bytes | None, code: int
) -> None:
    async with MediaChannel(address, hello=False) as channel:
        if first is not None:
            await channel.socket.send(first)
        assert await channel.closed() == code
    assert len(channel.told) == 1
    assert "HANGUP" in str(channel.told[0])


async def test_a_second_start_ends_the_line_and_keeps_the_call(address: str) -> None:
    async with MediaChannel(address, query="call_id=twice") as channel:
        await channel.play(BOTH["citizen"].tobytes())
        await channel.event("MEDIA_START", format="ulaw")
        assert await channel.closed() == 1008
    assert words(await stored(address, "twice")) == CITIZEN


async def test_frames_that_do_not_fit_the_codec_are_told(address: str) -> None:
    async with MediaChannel(address, query="call_id=odd", hello=False) as channel:
        await channel.event("MEDIA_START", format="slin16", optimal_frame_size=320, ptime=20)
        await until_live(address, "odd")
        async with (
            asyncio.timeout(10),
            httpx.AsyncClient(base_url=address) as client,
            client.stream("GET", "/api/calls/odd/events") as stream,
        ):
            # It ends without one only where nothing was told.
            assert "event: trouble" in [line async for line in _lines_until_trouble(stream)]


async def _lines_until_trouble(stream: httpx.Response) -> AsyncIterator[str]:
    async for line in stream.aiter_lines():
        yield line
        if line == "event: trouble":
            return


async def test_noise_harms_no_call(address: str) -> None:
    chance = random.Random(23)

    async def noise() -> None:
        hello = chance.random() < 0.6
        channel_id = f"noise.{chance.randrange(10**6)}"
        media_format = chance.choice(["slin", "g722", "alaw", "slin192", "opus"])
        async with MediaChannel(address, media_format, hello=hello, channel_id=channel_id) as line:
            for _ in range(chance.randrange(12)):
                try:
                    await line.socket.send(chance.choice(_noises(chance)))
                except ConnectionClosed:
                    return
            if chance.random() < 0.3:
                line.socket.transport.abort()

    before_s = audio_s()
    async with MediaChannel(address, query="call_id=quiet") as channel:
        await channel.play(BOTH["citizen"].tobytes()[:320])
        await until_audio(before_s + 0.02)
        for _ in range(15):
            await asyncio.gather(*(noise() for _ in range(2)))
        await channel.play(BOTH["citizen"].tobytes()[320:])
    assert words(await stored(address, "quiet")) == CITIZEN
    assert says_same(recorded(address, "quiet")[1]["citizen"], BOTH["citizen"])


def _noises(chance: random.Random) -> list[str | bytes]:
    return [
        chance.randbytes(chance.choice([0, 1, 321, 60_000])),
        bytes(640),
        "DTMF_END digit:#",
        '{"event":"MEDIA_XOFF"}',
        "".join(chance.choices('{}":,[] AZaz019_\n啊', k=chance.randrange(80))),
        "[" * 50_000,
    ]


def test_events_in_both_forms_say_the_same() -> None:
    plain = read_event("MEDIA_START connection_id:a channel:b/0x1 format:ulaw ptime:20")
    as_json = read_event(
        '{"event":"MEDIA_START","connection_id":"a","channel":"b/0x1","format":"ulaw","ptime":20}'
    )
    assert plain.values.items() <= as_json.values.items()
    assert (plain.name, plain.number("ptime")) == (as_json.name, as_json.number("ptime"))
    assert (plain.is_json, as_json.is_json) == (False, True)
