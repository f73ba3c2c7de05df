"""FunASR's WebSocket protocol: what its clients say in all their ways, and what they get."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from asr.types import Recognition, SpeechSegment, Word
from serving.api.server import WS_MAX_BYTES, address_of, bind
from serving.ingress.funasr_door import FunasrDoor
from serving.live.pcm import full_scale
from tests.asr.doubles import ScriptedRecogniser
from tests.asr.recordings import encode, wav_bytes
from tests.serving.funasr_caller import FunasrCaller, Message
from tests.serving.service import (
    SCRIPT,
    Doubles,
    doubles,
    legs,
    serving,
    settings_in,
    spoken,
)

RATE_HZ = 16_000
SAID = [text for channel, *_, text in SCRIPT if channel == "citizen"]
START = {"mode": "2pass", "wav_name": "call", "is_speaking": True}
END = {"is_speaking": False}


class TimedRecogniser(ScriptedRecogniser):
    """Gives every character its time, as FunASR's own models do."""

    def transcribe(
        self, segments: Sequence[SpeechSegment], hotwords: Sequence[str] = ()
    ) -> list[Recognition]:
        heard = super().transcribe(segments, hotwords)
        return [_timed(s, h.text) for s, h in zip(segments, heard, strict=True)]


def _timed(segment: SpeechSegment, text: str) -> Recognition:
    step = (segment.end_ms - segment.start_ms) / max(len(text), 1)
    words = tuple(
        Word(i, i + 1, segment.start_ms + round(i * step), segment.start_ms + round((i + 1) * step))
        for i, char in enumerate(text)
        if char not in "，。？！"
    )
    return Recognition(text, 0.9, words, model="scripted")


@pytest.fixture(scope="module")
def models() -> Doubles:
    return doubles(TimedRecogniser(spoken))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, models: Doubles) -> Iterator[str]:
    settings = settings_in(tmp_path_factory.mktemp("funasr"), max_live_calls=8)
    with serving(settings, models.parts) as address:
        yield address


def pcm(rate_hz: int = RATE_HZ) -> bytes:
    return legs(rate_hz)["citizen"].tobytes()


def calls(address: str) -> list[Message]:
    listed: list[Message] = get(address + "/api/calls").json()["calls"]
    return listed


def get(url: str) -> httpx.Response:
    return httpx.get(url)


async def replies(
    address: str, data: bytes, frame: int = 9_600, path: str = "/funasr", **start: Any
) -> list[Message]:
    """Bring one call and return all that was answered."""
    async with FunasrCaller(address, path) as client:
        await client.say(**(START | start))
        await client.play(data, frame)
        await client.say(**END)
        await client.final()
        return client.messages


async def test_partials_by_the_piece_and_finals_that_replace_them(address: str) -> None:
    async with FunasrCaller(address) as client:
        await client.say(**START)
        data = pcm()
        for start in range(0, len(data), 3_200):
            await client.send(data[start : start + 3_200])
            await asyncio.sleep(0.004)
        await client.say(**END)
        await client.final()
        messages = client.messages
    shown, pieces, partials = "", "", 0
    for message in messages:
        assert {"mode", "text", "wav_name", "is_final"} <= set(message)
        assert message["wav_name"] == "call"
        if message["mode"] == "2pass-online":
            assert message["text"]
            pieces += message["text"]
            partials += 1
        else:
            assert message["text"].startswith(pieces)
            shown, pieces = shown + message["text"], ""
    assert partials >= 2
    assert shown == "".join(SAID)
    assert [m["is_final"] for m in messages] == [False] * (len(messages) - 1) + [True]
    assert messages[-1]["text"] == SAID[-1]


@pytest.mark.parametrize("frame", [320, 333, 1, 200_000, 4 * 2**20 - 100])
async def test_audio_is_cut_anywhere(address: str, frame: int) -> None:
    """Half samples, ten milliseconds or two minutes a message: the words are the same."""
    data = pcm(8_000)
    if frame == 1:
        # Byte by byte at the start, where formats are told apart; then as it comes.
        data, first = data[64:], data[:64]
    async with FunasrCaller(address) as client:
        await client.say(**START, audio_fs=8_000)
        if frame == 1:
            await client.play(first, 1)
        filled = data + bytes(max(frame - len(data), 0) if frame > 2**20 else 0)
        await client.play(filled, frame if frame > 1 else 4_001)
        await client.say(**END)
        await client.final()
        assert client.sentences == SAID


@pytest.mark.parametrize("audio_fs", [8_000, "8000", 8_000.0, 16_000, 44_100, 48_000, None])
async def test_audio_is_resampled_as_declared(address: str, audio_fs: Any) -> None:
    rate_hz = int(float(audio_fs or 16_000))
    declared = {} if audio_fs is None else {"audio_fs": audio_fs}
    messages = await replies(address, pcm(rate_hz), 20_000, **declared)
    assert "".join(m["text"] for m in messages if m["mode"] == "2pass-offline") == "".join(SAID)
    first = next(m for m in messages if m.get("stamp_sents"))
    assert abs(first["stamp_sents"][0]["start"] - 3_400) < 400


async def test_times_are_text_and_only_where_they_are_real(address: str, tmp_path: Path) -> None:
    messages = [m for m in await replies(address, pcm()) if m["text"] == SAID[-1]]
    pairs = json.loads(messages[0]["timestamp"])
    characters = [char for char in SAID[-1] if char not in "，。"]
    assert len(pairs) == len(characters)
    clauses = messages[0]["stamp_sents"]
    assert [c["punc"] for c in clauses] == ["，", "。"]
    assert clauses[0]["text_seg"] == "我 姓 林"
    assert clauses[0]["ts_list"] == pairs[:3]
    assert (clauses[0]["start"], clauses[-1]["end"]) == (pairs[0][0], pairs[-1][1])
    with serving(settings_in(tmp_path), doubles().parts) as untimed:
        messages = [m for m in await replies(untimed, pcm()) if m["text"] == SAID[-1]]
    assert "timestamp" not in messages[0]
    assert messages[0]["stamp_sents"][0]["text_seg"] + "。" == SAID[-1]


async def test_offline_answers_once_and_online_never_takes_back(address: str) -> None:
    (offline,) = await replies(address, pcm(), mode="offline")
    assert offline["mode"] == "2pass-offline"
    assert offline["text"] == "".join(SAID)
    clauses = [clause["ts_list"] for clause in offline["stamp_sents"]]
    assert len(json.loads(offline["timestamp"])) == sum(map(len, clauses))
    online = await replies(address, pcm(), mode="online")
    assert {m["mode"] for m in online} == {"2pass-online"}
    assert "".join(m["text"] for m in online) == "".join(SAID)
    assert [m["is_final"] for m in online].count(True) == 1


async def test_modes_are_named_as_asked_where_that_is_wanted(
    address: str, tmp_path: Path, models: Doubles
) -> None:
    (message,) = await replies(address, pcm(), path="/funasr?names=asked", mode="offline")
    assert message["mode"] == "offline"
    with serving(settings_in(tmp_path, funasr_names="asked"), models.parts) as other:
        assert {m["mode"] for m in await replies(other, pcm(), mode="online")} == {"online"}
        assert "2pass-offline" in {m["mode"] for m in await replies(other, pcm())}
        (message,) = await replies(other, pcm(), path="/funasr?names=2pass", mode="offline")
        assert message["mode"] == "2pass-offline"


@pytest.mark.parametrize("mode", ["office", "2PASS", 7, None])
async def test_a_mode_that_is_none_is_2pass(address: str, mode: Any) -> None:
    messages = await replies(address, pcm(8_000), mode=mode, audio_fs=8_000)
    assert "".join(m["text"] for m in messages if m["mode"] == "2pass-offline") == "".join(SAID)


@pytest.mark.parametrize("piece", [1, 37, 100_000])
@pytest.mark.parametrize("name", ["PCM", "pcm", "wav"])
async def test_a_wav_header_within_samples_is_read(address: str, name: str, piece: int) -> None:
    """Its rate goes before what was declared, since it came with these samples."""
    data = wav_bytes(pcm(8_000), rate_hz=8_000)
    async with FunasrCaller(address) as client:
        await client.say(**START, wav_format=name, audio_fs=16_000)
        await client.play(data[:200], piece)
        await client.play(data[200:], 50_000)
        await client.say(**END)
        await client.final()
        assert client.sentences == SAID


async def test_a_stereo_wav_brings_two_legs(address: str) -> None:
    both = legs(8_000)
    data = np.stack([both["agent"], both["citizen"]], axis=1).astype("<i2").tobytes()
    (message,) = await replies(
        address, wav_bytes(data, channels=2, rate_hz=8_000), 64_000, mode="offline"
    )
    assert {text for *_, text in SCRIPT} == {text for *_, text in SCRIPT if text in message["text"]}
    newest = calls(address)[0]["call_id"]
    stored = get(f"{address}/api/calls/{newest}/result").json()["transcript"]["utterances"]
    assert [(u["channel"], u["text"]) for u in stored] == [(c, t) for c, _, _, t in SCRIPT]


@pytest.mark.parametrize(
    ("container", "codec", "mode"),
    [("mp3", "libmp3lame", "offline"), ("flac", "flac", "2pass"), ("ogg", "libopus", "offline")],
)
async def test_files_are_decoded_when_they_are_complete(
    address: str, tmp_path: Path, container: str, codec: str, mode: str
) -> None:
    samples = full_scale(legs(RATE_HZ)["citizen"])[None, :]
    rate_hz = 48_000 if codec == "libopus" else RATE_HZ
    file = encode(tmp_path / f"call.{container}", samples, codec, rate_hz)
    messages = await replies(address, file.read_bytes(), 4_096, mode=mode, wav_format=container)
    assert "".join(m["text"] for m in messages if m["mode"] == "2pass-offline") == "".join(SAID)
    assert messages[-1]["is_final"]


@pytest.mark.parametrize(
    ("end", "acknowledged"),
    [
        (END, False),
        ({"is_speaking": "false"}, False),
        ({"mode": "2pass", "chunk_size": [5, 10, 5], "is_speaking": False}, False),
        ({"is_finished": True}, False),
        (END | {"is_end": True}, True),
    ],
)
async def test_ends_in_all_their_forms(
    address: str, end: dict[str, Any], acknowledged: bool
) -> None:
    async with FunasrCaller(address) as client:
        await client.say(**START, audio_fs=8_000)
        await client.play(pcm(8_000), 8_000)
        await client.say(**end)
        await client.final()
        await client.say(**end)
        await client.say(**END)
        # Still there: a new call on the same connection is answered.
        await client.say(mode="offline", audio_fs=8_000, wav_name="next", is_speaking=True)
        await client.play(pcm(8_000), 8_000)
        await client.say(**END)
        last = await client.final(2)
        ends = [m for m in client.messages if "is_end" in m]
        assert (last["wav_name"], last["text"]) == ("next", "".join(SAID))
    assert len(ends) == acknowledged
    if acknowledged:
        assert ends[0] == {
            "mode": "2pass-offline", "wav_name": "call", "text": "", "is_final": True,
            "is_end": True,
        }  # fmt: skip


async def test_a_connection_brings_call_after_call(address: str) -> None:
    """The next start may come before the last word of the call before; frames may come late."""
    before = len(calls(address))
    async with FunasrCaller(address) as client:
        for number in range(3):
            await client.say(**START | {"wav_name": f"call {number}"}, audio_fs=8_000)
            await client.play(pcm(8_000), 16_000)
            await client.say(**END)
            await client.send(bytes(320))
        await client.final(3)
        assert client.sentences == SAID * 3
        finals = [m["wav_name"] for m in client.messages if m["is_final"]]
        assert finals == ["call 0", "call 1", "call 2"]
        # Audio after an end and before a start belongs to no call.
        await client.send(bytes(3_200))
    assert len(calls(address)) == before + 3


async def test_an_end_without_audio_is_answered_and_no_call_is_stored(address: str) -> None:
    before = len(calls(address))
    async with FunasrCaller(address) as client:
        await client.say(**START)
        await client.say(**END, is_end=True)
        last = await client.final()
        assert last["text"] == ""
    assert len(calls(address)) == before


async def test_audio_without_a_start_is_taken_with_the_defaults(address: str) -> None:
    async with FunasrCaller(address) as client:
        await client.play(pcm(), 32_000)
        await client.say(**END)
        await client.final()
        assert client.sentences == SAID


@pytest.mark.parametrize(
    "hotwords",
    [
        '{"和平大道": 20, "胜太路": "30"}',
        "和平大道 胜太路",
        "和平大道 20\n胜太路 30",
        {"和平大道": 1, "胜太路": 2},
    ],
)
async def test_hotwords_reach_the_recogniser(address: str, models: Doubles, hotwords: Any) -> None:
    await replies(address, pcm(8_000), hotwords=hotwords, audio_fs=8_000)
    assert models.recogniser.hotwords[-1][:2] == ("和平大道", "胜太路")


async def test_a_call_is_stored_with_its_draft(address: str, models: Doubles) -> None:
    await replies(address, pcm(), path="/funasr/any/where?kind=ticket&profile=haikou")
    newest = calls(address)[0]
    assert (newest["source"], newest["state"], newest["kind"]) == ("live", "done", "ticket")
    assert newest["has_audio"]
    stored = get(f"{address}/api/calls/{newest['call_id']}/result").json()
    assert stored["ticket"]["caller"]["phone"]["value"] == "13900001234"
    assert {u["channel"] for u in stored["transcript"]["utterances"]} == {"citizen"}


@pytest.mark.parametrize(("offers", "expected"), [("binary", "binary"), (None, None), ("x", None)])
async def test_the_subprotocol_is_echoed_and_never_required(
    address: str, offers: str | None, expected: str | None
) -> None:
    async with FunasrCaller(address, offers=offers) as client:
        assert client.subprotocol == expected


async def test_a_port_of_its_own_at_any_path(tmp_path: Path, models: Doubles) -> None:
    listener = bind("127.0.0.1", 0)
    door = FunasrDoor(listener, WS_MAX_BYTES)
    port = address_of(listener)
    with serving(settings_in(tmp_path), models.parts, doors=[door]) as address:
        for path in ("", "/", "/ws/call", "/a/b?x=1"):
            await replies(port, pcm(8_000), path=path, audio_fs=8_000)
        assert len(calls(address)) == 4
        assert get(port + "/api/calls").status_code == 404
    with pytest.raises(OSError):  # noqa: PT011
        await replies(port, pcm(8_000))
