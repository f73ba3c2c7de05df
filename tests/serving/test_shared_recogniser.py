"""Recordings and live calls on one recogniser: calls go first, recordings fill the gaps."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from asr.errors import EngineError
from asr.owner import OwnerSettings, RecogniserOwner
from asr.types import Recognition, SpeechSegment
from serving.shared_recogniser import SharedRecogniser
from tests.asr.doubles import ScriptedRecogniser


def segments(count: int) -> list[SpeechSegment]:
    """Utterances that can be told apart by their start."""
    return [
        SpeechSegment("citizen", number * 16_000, np.zeros(1_600, dtype=np.float32))
        for number in range(count)
    ]


def by_start(segment: SpeechSegment) -> str:
    return str(segment.start_sample // 16_000)


async def test_answers_come_in_the_order_of_the_segments() -> None:
    recogniser = ScriptedRecogniser(by_start)
    async with RecogniserOwner(recogniser, OwnerSettings(max_batch=4)) as owner:
        shared = SharedRecogniser("scripted", owner, asyncio.get_running_loop())
        heard = await asyncio.to_thread(shared.transcribe, segments(11), ["龙华区"])
    assert [each.text for each in heard] == [str(n) for n in range(11)]
    assert len(recogniser.threads) == 1
    assert set(recogniser.hotwords) == {("龙华区",)}
    assert max(len(batch) for batch in recogniser.batches) > 1


async def test_an_error_reaches_the_recording() -> None:
    recogniser = ScriptedRecogniser(by_start)
    recogniser.fail_next, recogniser.error = 9, EngineError("out of memory")
    async with RecogniserOwner(recogniser) as owner:
        shared = SharedRecogniser("scripted", owner, asyncio.get_running_loop())
        with pytest.raises(EngineError):
            await asyncio.to_thread(shared.transcribe, segments(3))


async def test_a_live_call_waits_for_one_utterance_at_most_and_is_admitted() -> None:
    recogniser = ScriptedRecogniser(by_start)
    recogniser.busy_s = 0.05
    async with RecogniserOwner(recogniser) as owner:
        shared = SharedRecogniser("scripted", owner, asyncio.get_running_loop())
        first = owner.admit()
        recording = asyncio.create_task(asyncio.to_thread(shared.transcribe, segments(40)))
        await asyncio.sleep(0.2)
        assert not recording.done()
        for _ in range(3):
            started_s = owner.clock()
            heard: Recognition = await owner.transcribe(segments(1)[0], deadline_s=started_s)
            assert heard.text == "0"
            assert owner.clock() - started_s < 4 * recogniser.busy_s
        # The recogniser is never idle, yet that is no reason to refuse a second call.
        second = owner.admit()
        second.release()
        first.release()
        assert len(await recording) == 40
    recordings = [batch for batch in recogniser.batches if len(batch) > 1]
    assert recordings, "without calls, recordings use whole batches again"
