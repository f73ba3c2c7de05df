"""The pieces of a live call: audio bytes, the recording on disk, the log its followers read."""

from __future__ import annotations

import asyncio
import errno
import os
import wave
from pathlib import Path
from typing import Literal

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.errors import AudioFrameError, BusyError, OutputError
from serving.feed import CallLog, Feed, FeedEvent
from serving.live.drafting import changed_fields
from serving.live.pcm import AudioFormat, encode_alaw, encode_mulaw, full_scale
from serving.live.recorder import LegRecorder, assemble_recording, interrupted_rate_hz
from serving.recordings import Recordings
from tests.serving.sample_call import sample_call

ALL_CODES = bytes(range(256))


@pytest.mark.parametrize(("encoding", "codec"), [("alaw", "pcm_alaw"), ("mulaw", "pcm_mulaw")])
def test_g711_decodes_as_ffmpeg_does(encoding: Literal["alaw", "mulaw"], codec: str) -> None:
    context = av.CodecContext.create(codec, "r")
    assert isinstance(context, av.AudioCodecContext)
    context.sample_rate, context.layout = 8_000, "mono"
    (frame,) = context.decode(av.Packet(ALL_CODES))
    decoded = AudioFormat(encoding, 8_000, ("agent",)).decode(ALL_CODES)["agent"]
    assert decoded.tolist() == frame.to_ndarray()[0].tolist()


@pytest.mark.parametrize(
    ("encoding", "encode", "step"), [("alaw", encode_alaw, 512), ("mulaw", encode_mulaw, 512)]
)
def test_g711_encodes_to_the_nearest_level(
    encoding: Literal["alaw", "mulaw"], encode: object, step: int
) -> None:
    pcm = np.arange(-32_768, 32_768, dtype=np.int32).astype(np.int16)
    codes = encode(pcm)  # type: ignore[operator]
    audio = AudioFormat(encoding, 8_000, ("agent",))
    back = audio.decode(codes)["agent"].astype(np.int32)
    assert np.abs(back - np.clip(pcm.astype(np.int32), back.min(), back.max())).max() <= step
    again = encode(back.astype(np.int16))  # type: ignore[operator]
    assert audio.decode(again)["agent"].tolist() == back.tolist()


def test_interleaved_legs_come_apart_in_the_order_given() -> None:
    samples = np.array([1, -1, 2, -2, 3, -3], dtype="<i2").tobytes()
    decoded = AudioFormat("s16le", 8_000, ("citizen", "agent")).decode(samples)
    assert decoded["citizen"].tolist() == [1, 2, 3]
    assert decoded["agent"].tolist() == [-1, -2, -3]


@given(st.integers(0, 4000), st.sampled_from(["s16le", "alaw", "mulaw"]), st.booleans())
def test_only_whole_samples_are_taken(size: int, encoding: str, stereo: bool) -> None:
    channels = ("agent", "citizen") if stereo else ("agent",)
    audio = AudioFormat(encoding, 8_000, channels)  # type: ignore[arg-type]
    block = len(channels) * (2 if encoding == "s16le" else 1)
    if size % block:
        with pytest.raises(AudioFrameError, match="multiples"):
            audio.decode(bytes(size))
    else:
        assert {len(leg) for leg in audio.decode(bytes(size)).values()} == {size // block}


def test_full_scale_is_one() -> None:
    assert full_scale(np.array([-32_768, 0, 16_384], dtype=np.int16)).tolist() == [-1.0, 0.0, 0.5]


@pytest.fixture
def recordings(tmp_path: Path) -> Recordings:
    made = Recordings(tmp_path / "recordings")
    made.prepare()
    return made


async def test_legs_out_of_step_become_one_recording(recordings: Recordings) -> None:
    recorder = LegRecorder(recordings, "c1", 8_000)
    await recorder.open()
    agent = np.arange(20_000, dtype=np.int16)
    citizen = -np.arange(9_000, dtype=np.int16)
    for start in range(0, len(agent), 700):
        await recorder.push({"agent": agent[start : start + 700]})
    await recorder.push({"citizen": citizen})
    assert await recorder.finish() == "c1.wav"
    with wave.open(str(recordings.path("c1.wav"))) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (2, 8_000, 2)
        both = np.frombuffer(file.readframes(30_000), dtype="<i2").reshape(-1, 2)
    assert both[:, 0].tolist() == agent.tolist()
    assert both[:9_000, 1].tolist() == citizen.tolist()
    assert not both[9_000:, 1].any()
    assert [path.name for path in recordings.folder.iterdir()] == ["c1.wav"]


async def test_what_a_crash_left_is_put_together(recordings: Recordings) -> None:
    recorder = LegRecorder(recordings, "c.1", 16_000)
    await recorder.open()
    await recorder.push({"agent": np.ones(20_000, dtype=np.int16)})
    assert interrupted_rate_hz(recordings, "c.1") == 16_000
    assert interrupted_rate_hz(recordings, "c") is None
    recorder.close()
    with recordings.path("c.1.agent.16000.pcm").open("ab") as file:
        file.write(b"\1")  # half a sample
    assert assemble_recording(recordings, "c.1", 16_000) == "c.1.wav"
    with wave.open(str(recordings.path("c.1.wav"))) as file:
        assert file.getnframes() == 20_000


async def test_a_full_disk_says_what_to_do(
    recordings: Recordings, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = LegRecorder(recordings, "c1", 8_000)
    await recorder.open()

    class FullFile:
        def write(self, data: bytes) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    recorder.close()
    monkeypatch.setattr(recorder, "_files", {"agent": FullFile(), "citizen": FullFile()})
    with pytest.raises(OutputError, match="the disk is full"):
        await recorder.push({"agent": np.ones(9_000, dtype=np.int16)})


def test_no_name_leaves_the_folder(recordings: Recordings) -> None:
    for name in ("../x", "/etc/passwd", "a/b", "", ".", ".."):
        with pytest.raises(ValueError, match="not the name"):
            recordings.path(name)


def test_uploads_that_a_crash_cut_off_are_cleared_away(recordings: Recordings) -> None:
    recordings.partial("x").write_bytes(b"half")
    os.utime(recordings.partial("x"), (0, 0))
    recordings.partial("z").write_bytes(b"still being written")
    recordings.path("y").write_bytes(b"whole")
    recordings.prepare()
    assert {path.name for path in recordings.folder.iterdir()} == {"y", "z.part"}


class Note(FeedEvent):
    type: str = "note"
    about: str
    text: str = ""

    @property
    def subject(self) -> str:
        return self.about


async def read(log: CallLog, after: int = 0) -> list[str]:
    return [event.text for event in log.after(after)]


async def test_newer_events_replace_older_ones_about_the_same() -> None:
    log = CallLog()
    for about, text in (("a", "1"), ("b", "1"), ("a", "2")):
        log.publish(Note(about=about, text=text))
    assert [event.seq for event in log.after(0)] == [2, 3]
    assert [event.subject for event in log.after(2)] == ["a"]
    for number in range(10_000):
        log.publish(Note(about="a", text=str(number)))
    assert len(log.after(0)) == 2


async def test_a_slow_reader_gets_the_newest_of_each() -> None:
    log = CallLog()
    log.publish(Note(about="a", text="old"))
    log.publish(Note(about="b", text="old"))
    reader = log.follow()
    first = await anext(reader)
    assert '"old"' in first.text
    log.publish(Note(about="b", text="new"))
    log.close()
    rest = [event async for event in reader]
    assert [event.seq for event in rest] == [3]
    assert '"new"' in rest[0].text


async def test_followers_wait_for_what_comes_and_end_with_the_log() -> None:
    log = CallLog()
    seen: list[int] = []

    async def follow(after: int) -> None:
        seen.extend([event.seq async for event in log.follow(after)])

    readers = [asyncio.create_task(follow(0)), asyncio.create_task(follow(1))]
    await asyncio.sleep(0)
    log.publish(Note(about="a"))
    log.publish(Note(about="b"))
    await asyncio.sleep(0)
    log.close()
    log.publish(Note(about="c"))
    await asyncio.gather(*readers)
    assert sorted(seen) == [1, 2, 2]


async def test_a_call_has_so_many_readers_and_no_more() -> None:
    log = CallLog()
    log.publish(Note(about="a"))
    readers = [log.follow() for _ in range(64)]
    for reader in readers:
        await anext(reader)
    with pytest.raises(BusyError):
        await anext(log.follow())
    await readers[0].aclose()
    assert (await anext(log.follow())).seq == 1
    for reader in readers:
        await reader.aclose()


async def test_events_come_from_any_thread_in_order() -> None:
    feed = Feed()
    feed.start()
    log = feed.open("c1")

    def work() -> None:
        for number in range(100):
            feed.publish("c1", Note(about=str(number)), last=number == 99)

    reading = asyncio.create_task(collect(log))
    await asyncio.to_thread(work)
    assert await reading == list(range(1, 101))
    assert feed.find("c1") is None


async def collect(log: CallLog) -> list[int]:
    return [event.seq async for event in log.follow()]


def test_changed_fields_are_those_with_another_value() -> None:
    ticket = sample_call("c").ticket
    assert ticket is not None
    first = changed_fields(None, ticket)
    assert {"title", "caller.phone", "missing", "due_at"} <= set(first)
    assert "occurred_at" not in first
    surer = ticket.title.model_copy(update={"confidence": 0.99})
    assert changed_fields(ticket, ticket.model_copy(update={"title": surer})) == []
    other = ticket.agency.model_copy(update={"value": "海口市生态环境局"})
    assert changed_fields(ticket, ticket.model_copy(update={"agency": other})) == ["agency"]
