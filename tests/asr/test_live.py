"""A live call: what is pushed comes out as partial and final events, to the last word."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest

from asr.errors import CapacityError, EngineError, StreamClosedError
from asr.live import LiveSession, LiveSettings
from asr.live_words import WordTimes
from asr.owner import OwnerSettings, RecogniserOwner
from asr.types import Samples, SpeechSegment, TranscriptEvent
from tests.asr.doubles import LevelVad, ScriptedRecogniser, silence, voice

RATE_HZ = 8_000


@pytest.fixture(autouse=True)
async def no_leaked_tasks() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    # This teardown is a task of its own.
    new = asyncio.all_tasks() - before - {asyncio.current_task()}
    leaked = [task for task in new if not task.done()]
    assert not leaked, f"tasks left behind: {leaked}"


@asynccontextmanager
async def a_call(
    recogniser: ScriptedRecogniser, settings: LiveSettings | None = None
) -> AsyncIterator[LiveSession]:
    async with (
        RecogniserOwner(recogniser) as owner,
        LiveSession(owner, settings=settings, vad=LevelVad(), hotwords=("秀英区",)) as session,
    ):
        yield session


def line(*parts: Samples) -> list[Samples]:
    """The parts as a telephone system sends them: 20 ms at 8 kHz."""
    audio = np.concatenate(parts)
    return [audio[i : i + 160] for i in range(0, len(audio), 160)]


def talk(duration_s: float) -> Samples:
    return voice(duration_s, rate_hz=RATE_HZ)


def quiet(duration_s: float) -> Samples:
    return silence(duration_s, rate_hz=RATE_HZ)


async def send(session: LiveSession, frames: list[Samples], channel: str = "citizen") -> None:
    for number, frame in enumerate(frames):
        session.push("agent" if channel == "agent" else "citizen", frame)
        if number % 10 == 9:
            # Time for the session to hear it, as a real line gives.
            await asyncio.sleep(0.002)


def partials(every_ms: int) -> LiveSettings:
    return LiveSettings(words=WordTimes(partial_every_ms=every_ms))


async def events_of(session: LiveSession) -> list[TranscriptEvent]:
    return [event async for event in session]


def finals(events: list[TranscriptEvent]) -> list[TranscriptEvent]:
    return [event for event in events if event.kind == "final"]


async def test_utterances_of_both_legs_become_finals_with_true_times() -> None:
    recogniser = ScriptedRecogniser()
    async with a_call(recogniser) as session:
        await send(session, line(quiet(0.5), talk(1.5), quiet(1.5)), "agent")
        await send(session, line(quiet(2.5), talk(1.0), quiet(1.0)), "citizen")
        session.end()
        agent, citizen = finals(await events_of(session))
    assert agent.utterance.channel == "agent"
    assert agent.utterance.start_ms == pytest.approx(300, abs=60)
    assert agent.utterance.end_ms == pytest.approx(2_200, abs=60)
    assert citizen.utterance.channel == "citizen"
    assert citizen.utterance.start_ms == pytest.approx(2_300, abs=60)
    assert {agent.utterance.id, citizen.utterance.id} == {"u1", "u2"}
    assert set(recogniser.hotwords) == {("秀英区",)}


async def test_partials_grow_then_one_final_with_rising_revisions() -> None:
    recogniser = ScriptedRecogniser(
        lambda segment: "一二三四五六七八九"[: len(segment.samples) // 8_000]
    )
    async with a_call(recogniser, partials(500)) as session:
        reader = asyncio.create_task(events_of(session))
        await send(session, line(talk(4.0), quiet(1.0)))
        session.end()
        events = await reader
    shown = [event for event in events if event.kind == "partial"]
    assert len(shown) >= 3
    assert [e.revision for e in events] == list(range(1, len(events) + 1))
    assert {e.utterance.id for e in events} == {"u1"}
    assert events[-1].kind == "final"
    assert events[-1].stable_chars == len(events[-1].utterance.text)
    for before, after in itertools.pairwise(shown):
        assert after.utterance.text.startswith(before.utterance.text[: before.stable_chars])
        assert after.stable_chars >= before.stable_chars
    assert shown[-1].stable_chars > 0


async def test_partials_come_no_faster_than_asked() -> None:
    recogniser = ScriptedRecogniser()
    async with a_call(recogniser, partials(1_000)) as session:
        await send(session, line(talk(3.4), quiet(1.0)))
        session.end()
        await events_of(session)
    lengths_s = [len(batch[0].samples) / 16_000 for batch in recogniser.batches]
    partial_lengths = lengths_s[:-1]
    assert 1 <= len(partial_lengths) <= 3
    assert partial_lengths[0] >= 1.0
    assert all(b - a >= 1.0 for a, b in itertools.pairwise(partial_lengths))


async def test_no_partials_where_none_are_wanted() -> None:
    recogniser = ScriptedRecogniser()
    async with a_call(recogniser, partials(0)) as session:
        await send(session, line(talk(3.0), quiet(1.0)))
        session.end()
        events = await events_of(session)
    assert [event.kind for event in events] == ["final"]
    assert len(recogniser.batches) == 1


async def test_words_in_the_last_moment_of_a_call_are_not_lost() -> None:
    recogniser = ScriptedRecogniser()
    async with a_call(recogniser) as session:
        await send(session, line(quiet(1.0), talk(0.93)))
        session.end()
        (final,) = finals(await events_of(session))
    assert final.utterance.end_ms == pytest.approx(1_930, abs=2)


async def test_flush_ends_the_utterance_and_the_call_goes_on() -> None:
    async with a_call(ScriptedRecogniser()) as session:
        reader = aiter(session)
        await send(session, line(talk(1.6)))
        session.flush()
        event = await anext(reader)
        while event.kind != "final":
            event = await anext(reader)
        await send(session, line(talk(1.6)))
        session.end()
        rest = finals([event async for event in reader])
    assert len(rest) == 1
    assert rest[0].utterance.start_ms >= event.utterance.end_ms


async def test_finals_of_a_leg_come_in_the_order_they_were_spoken() -> None:
    recogniser = ScriptedRecogniser()
    recogniser.gate = threading.Event()
    async with a_call(recogniser, partials(0)) as session:
        for _ in range(5):
            await send(session, line(talk(0.5), quiet(1.0)))
        session.end()
        recogniser.gate.set()
        starts = [event.utterance.start_ms for event in finals(await events_of(session))]
    assert len(starts) == 5
    assert starts == sorted(starts)


async def test_an_utterance_without_words_stays_unsaid() -> None:
    async with a_call(ScriptedRecogniser(lambda segment: "")) as session:
        await send(session, line(talk(3.0), quiet(1.0)))
        session.end()
        assert await events_of(session) == []


async def test_a_partial_that_was_no_word_is_taken_back_by_an_empty_final() -> None:
    def script(segment: SpeechSegment) -> str:
        return "谢谢观看" if len(segment.samples) < 40_000 else ""

    async with a_call(ScriptedRecogniser(script), partials(500)) as session:
        reader = asyncio.create_task(events_of(session))
        await send(session, line(talk(3.0), quiet(1.0)))
        session.end()
        events = await reader
    assert events[0].utterance.text == "谢谢观看"
    assert (events[-1].kind, events[-1].utterance.text) == ("final", "")


async def test_pushing_after_the_end_is_refused() -> None:
    async with a_call(ScriptedRecogniser()) as session:
        session.end()
        with pytest.raises(StreamClosedError):
            session.push("agent", quiet(0.02))
        assert await events_of(session) == []


async def test_too_much_unheard_audio_is_refused_and_room_waits_for_it() -> None:
    async with a_call(ScriptedRecogniser(), LiveSettings(max_waiting_ms=2_000)) as session:
        session.push("agent", quiet(3.0))
        with pytest.raises(CapacityError):
            session.push("agent", quiet(0.02))
        await session.room()
        session.push("agent", quiet(0.02))
        assert session.lag_ms <= 1_000


async def test_one_failure_is_tried_again_a_lasting_one_ends_the_call() -> None:
    recogniser = ScriptedRecogniser()
    recogniser.fail_next = 1
    async with a_call(recogniser, partials(0)) as session:
        await send(session, line(talk(1.0), quiet(1.0)))
        session.end()
        assert len(finals(await events_of(session))) == 1
    recogniser.fail_next = 100
    async with a_call(recogniser, partials(0)) as session:
        for frame in line(talk(1.0), quiet(1.0)):
            session.push("agent", frame)
        with pytest.raises(EngineError):
            await events_of(session)
        with pytest.raises(EngineError):
            session.push("agent", quiet(0.02))


async def test_leaving_in_the_middle_cancels_and_gives_the_place_back() -> None:
    gate = threading.Event()
    recogniser = ScriptedRecogniser(gate=gate)
    async with RecogniserOwner(recogniser) as owner:
        async with LiveSession(owner, vad=LevelVad()) as session:
            await send(session, line(talk(2.0), quiet(1.0)))
            assert await asyncio.to_thread(recogniser.started.wait, 5)
            assert owner.calls == 1
        assert owner.calls == 0
        gate.set()


async def test_a_slow_reader_loses_partials_but_no_final() -> None:
    settings = LiveSettings(words=WordTimes(partial_every_ms=300), max_events=2)
    async with a_call(ScriptedRecogniser(), settings) as session:
        for _ in range(6):
            await send(session, line(talk(0.8), quiet(0.9)))
        session.end()
        await asyncio.sleep(0.05)
        events = []
        async for event in session:
            events.append(event)
            await asyncio.sleep(0.005)
    assert len(finals(events)) == 6


async def test_many_calls_share_one_recogniser_in_batches_and_keep_apart() -> None:
    recogniser = ScriptedRecogniser(lambda s: f"{len(s.samples)}")
    recogniser.busy_s = 0.01
    durations_s = [0.5 + 0.1 * n for n in range(8)]

    async def call(owner: RecogniserOwner, duration_s: float) -> list[TranscriptEvent]:
        settings = partials(0)
        async with LiveSession(owner, settings=settings, vad=LevelVad()) as session:
            await send(session, line(talk(duration_s), quiet(1.0)))
            session.end()
            return await events_of(session)

    async with RecogniserOwner(recogniser, OwnerSettings(max_load=99.0)) as owner:
        results = await asyncio.gather(*(call(owner, d) for d in durations_s))
    for duration_s, events in zip(durations_s, results, strict=True):
        (event,) = events
        assert int(event.utterance.text) / 16_000 == pytest.approx(duration_s + 0.2, abs=0.06)
    assert len(recogniser.threads) == 1


async def test_a_call_played_in_fast_leaves_room_for_others() -> None:
    """However long the recording, few of its utterances wait before another call's."""
    gate = threading.Event()
    recogniser = ScriptedRecogniser(gate=gate)
    words = np.concatenate([part for _ in range(60) for part in (talk(0.4), quiet(0.9))])
    async with (
        RecogniserOwner(recogniser) as owner,
        LiveSession(owner, settings=partials(0), vad=LevelVad()) as session,
    ):

        async def play() -> None:
            for start in range(0, len(words), RATE_HZ):
                await session.room()
                session.push("citizen", words[start : start + RATE_HZ])
                await asyncio.sleep(0.002)
            session.end()

        reader = asyncio.create_task(events_of(session))
        playing = asyncio.create_task(play())
        await asyncio.wait([playing], timeout=1.5)
        # The recogniser has not answered once: the sender is held back.
        assert not playing.done()
        assert owner.waiting <= 24
        gate.set()
        await playing
        assert len(finals(await reader)) == 60
