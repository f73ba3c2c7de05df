"""Two passes: partials from a streaming model as somebody speaks, finals from the recogniser."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import numpy as np
import pytest

from asr.errors import CapacityError
from asr.live import LiveSession, LiveSettings
from asr.owner import RecogniserOwner
from asr.streaming.batcher import BatcherSettings, StreamBatcher
from asr.types import Samples, TranscriptEvent
from tests.asr.counting_model import CountingModel
from tests.asr.doubles import LevelVad, ScriptedRecogniser, silence, voice


@asynccontextmanager
async def two_passes(
    model: CountingModel, recogniser: ScriptedRecogniser, limits: BatcherSettings | None = None
) -> AsyncIterator[tuple[RecogniserOwner, StreamBatcher]]:
    async with RecogniserOwner(recogniser) as owner, StreamBatcher(model, limits) as batcher:
        yield owner, batcher


def a_session(owner: RecogniserOwner, batcher: StreamBatcher) -> LiveSession:
    settings = LiveSettings(source_rate_hz=16_000)
    return LiveSession(owner, settings=settings, vad=LevelVad(), streaming=batcher)


async def speak(session: LiveSession, *parts: Samples) -> list[TranscriptEvent]:
    """Send the parts hop by hop, giving the models time for each, and return the events."""

    async def push() -> None:
        audio = np.concatenate(parts)
        for start in range(0, len(audio), 2_560):
            session.push("citizen", audio[start : start + 2_560])
            await asyncio.sleep(0.005)
        session.end()

    pushing = asyncio.create_task(push())
    events = [event async for event in session]
    await pushing
    return events


async def test_partials_are_streamed_and_the_final_is_recognised() -> None:
    recogniser = ScriptedRecogniser(lambda segment: "说完了")
    async with (
        two_passes(CountingModel(), recogniser) as (owner, batcher),
        a_session(owner, batcher) as session,
    ):
        events = await speak(session, voice(3.0), silence(1.5), voice(2.0), silence(1.5))
        assert batcher.streams == 0
        assert batcher.calls == 1
    assert batcher.calls == 0
    by_utterance: dict[str, list[TranscriptEvent]] = {}
    for event in events:
        by_utterance.setdefault(event.utterance.id, []).append(event)
    assert len(by_utterance) == 2
    for heard in by_utterance.values():
        *partials, final = heard
        assert partials
        assert {event.kind for event in partials} == {"partial"}
        assert (final.kind, final.utterance.text, final.utterance.model) == (
            "final", "说完了", "scripted",
        )  # fmt: skip
        texts = [event.utterance.text for event in partials]
        assert texts[0].startswith("1")
        assert all(later.startswith(text) for text, later in pairwise(texts))
        assert all(event.stable_chars == len(event.utterance.text) for event in partials)
        assert {event.utterance.model for event in partials} == {"counting"}
        assert [event.revision for event in heard] == list(range(1, len(heard) + 1))
    # Nobody but the finals asked the recogniser.
    assert sum(len(batch) for batch in recogniser.batches) == 2


async def test_without_the_streaming_model_the_recogniser_says_the_partials() -> None:
    model = CountingModel()
    recogniser = ScriptedRecogniser()
    async with two_passes(model, recogniser) as (owner, batcher):
        model.fails = True
        async with a_session(owner, batcher) as session:
            events = await speak(session, voice(4.0), silence(1.5))
        assert batcher.streams == 0
    assert [event.kind for event in events].count("final") == 1
    assert {event.utterance.model for event in events} == {"scripted"}
    assert events[0].kind == "partial"


async def test_a_call_that_is_broken_off_gives_its_streams_back() -> None:
    async with two_passes(CountingModel(), ScriptedRecogniser()) as (owner, batcher):
        async with a_session(owner, batcher) as session:
            audio = voice(2.0)
            for start in range(0, len(audio), 2_560):
                session.push("agent", audio[start : start + 2_560])
                await asyncio.sleep(0.005)
            assert batcher.streams == 1
        await asyncio.sleep(0.05)
        assert (batcher.streams, batcher.calls, owner.calls) == (0, 0, 0)


async def test_a_call_needs_room_at_both() -> None:
    limits = BatcherSettings(max_calls=1)
    async with two_passes(CountingModel(), ScriptedRecogniser(), limits) as (owner, batcher):
        async with a_session(owner, batcher):
            with pytest.raises(CapacityError, match="all 1 places"):
                await a_session(owner, batcher).__aenter__()
            assert owner.calls == 1
        assert owner.calls == 0
