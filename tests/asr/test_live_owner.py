"""The owner thread: batches, order, errors, limits; and what it admits."""

from __future__ import annotations

import asyncio
import threading

import numpy as np
import pytest

from asr.errors import CapacityError, EngineError, StreamClosedError
from asr.load import LoadMeter
from asr.owner import OwnerSettings, RecogniserOwner
from asr.stabilizer import PrefixStabilizer
from asr.types import Recognition, SpeechSegment
from tests.asr.doubles import ScriptedRecogniser


def segment(number: int) -> SpeechSegment:
    return SpeechSegment("agent", number, np.zeros(160, dtype=np.float32))


def numbered(heard: SpeechSegment) -> str:
    return str(heard.start_sample)


async def ask(
    owner: RecogniserOwner, number: int, deadline_s: float = 0.0, hotwords: tuple[str, ...] = ()
) -> Recognition:
    return await owner.transcribe(segment(number), deadline_s=deadline_s, hotwords=hotwords)


async def hold(owner: RecogniserOwner, recogniser: ScriptedRecogniser) -> asyncio.Task[Recognition]:
    """Keep the thread busy with a first request, so that the next ones queue up."""
    first = asyncio.create_task(ask(owner, 0))
    assert await asyncio.to_thread(recogniser.started.wait, 5)
    return first


async def test_what_waits_is_batched_and_each_gets_its_own() -> None:
    gate = threading.Event()
    recogniser = ScriptedRecogniser(numbered, gate)
    async with RecogniserOwner(recogniser, OwnerSettings(max_batch=4)) as owner:
        first = await hold(owner, recogniser)
        rest = [asyncio.create_task(ask(owner, n)) for n in range(1, 7)]
        await asyncio.sleep(0)
        gate.set()
        texts = [heard.text for heard in await asyncio.gather(first, *rest)]
    assert texts == [str(n) for n in range(7)]
    assert [len(batch) for batch in recogniser.batches] == [1, 4, 2]


async def test_the_most_urgent_goes_first() -> None:
    gate = threading.Event()
    recogniser = ScriptedRecogniser(numbered, gate)
    async with RecogniserOwner(recogniser, OwnerSettings(max_batch=1)) as owner:
        first = await hold(owner, recogniser)
        rest = [asyncio.create_task(ask(owner, n, deadline_s=100.0 - n)) for n in (1, 2, 3)]
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(first, *rest)
    assert [batch[0].start_sample for batch in recogniser.batches] == [0, 3, 2, 1]


async def test_a_batch_has_one_set_of_hotwords() -> None:
    gate = threading.Event()
    recogniser = ScriptedRecogniser(numbered, gate)
    async with RecogniserOwner(recogniser) as owner:
        first = await hold(owner, recogniser)
        words = [("琼山",), ("秀英",), ("琼山",)]
        rest = [asyncio.create_task(ask(owner, n, hotwords=w)) for n, w in enumerate(words, 1)]
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(first, *rest)
    asked = [
        (w, [s.start_sample for s in b])
        for w, b in zip(recogniser.hotwords, recogniser.batches, strict=True)
    ]
    assert asked == [((), [0]), (("琼山",), [1, 3]), (("秀英",), [2])]


async def test_an_error_reaches_its_batch_and_nobody_else() -> None:
    gate = threading.Event()
    recogniser = ScriptedRecogniser(numbered, gate)
    async with RecogniserOwner(recogniser, OwnerSettings(max_batch=2)) as owner:
        first = await hold(owner, recogniser)
        rest = [asyncio.create_task(ask(owner, n)) for n in (1, 2, 3)]
        await asyncio.sleep(0)
        gate.set()
        await first
        recogniser.fail_next = 0
        outcomes = await asyncio.gather(*rest, return_exceptions=True)
        assert all(isinstance(o, Recognition) for o in outcomes)
        recogniser.fail_next = 1
        with pytest.raises(EngineError, match="RuntimeError"):
            await ask(owner, 4)
        assert (await ask(owner, 5)).text == "5"


async def test_an_engine_that_answers_too_little_is_an_error_not_a_mix_up() -> None:
    class Forgetful(ScriptedRecogniser):
        def transcribe(self, segments: object, hotwords: object = ()) -> list[Recognition]:
            return []

    async with RecogniserOwner(Forgetful()) as owner:
        with pytest.raises(EngineError, match="0 of 1"):
            await ask(owner, 1)


async def test_a_cancelled_request_is_never_run() -> None:
    gate = threading.Event()
    recogniser = ScriptedRecogniser(numbered, gate)
    async with RecogniserOwner(recogniser) as owner:
        first = await hold(owner, recogniser)
        unwanted = asyncio.create_task(ask(owner, 1))
        wanted = asyncio.create_task(ask(owner, 2))
        await asyncio.sleep(0)
        unwanted.cancel()
        gate.set()
        await asyncio.gather(first, wanted)
        assert unwanted.cancelled()
    assert [s.start_sample for batch in recogniser.batches for s in batch] == [0, 2]


async def test_a_full_queue_refuses_partials_and_holds_finals_back() -> None:
    gate = threading.Event()
    recogniser = ScriptedRecogniser(numbered, gate)
    async with RecogniserOwner(recogniser, OwnerSettings(queue_limit=2)) as owner:
        first = await hold(owner, recogniser)
        finals = [asyncio.create_task(ask(owner, n)) for n in (1, 2)]
        await asyncio.sleep(0)
        assert owner.waiting == 1
        with pytest.raises(CapacityError):
            await owner.transcribe(segment(9), deadline_s=0.0, may_refuse=True)
        gate.set()
        assert [h.text for h in await asyncio.gather(first, *finals)] == ["0", "1", "2"]


async def test_closing_answers_everyone_who_waits() -> None:
    gate = threading.Event()
    recogniser = ScriptedRecogniser(numbered, gate)
    owner = RecogniserOwner(recogniser)
    async with owner:
        first = await hold(owner, recogniser)
        waiting = asyncio.create_task(ask(owner, 1))
        await asyncio.sleep(0)
        closing = asyncio.create_task(owner.close())
        await asyncio.sleep(0)
        gate.set()
        await closing
        assert (await first).text == "0"
        with pytest.raises(StreamClosedError):
            await waiting
        with pytest.raises(StreamClosedError):
            await ask(owner, 2)


async def test_admission_counts_calls_and_gives_places_back() -> None:
    async with RecogniserOwner(ScriptedRecogniser(), OwnerSettings(max_calls=2)) as owner:
        first, second = owner.admit(), owner.admit()
        with pytest.raises(CapacityError, match="all 2 places") as caught:
            owner.admit()
        assert caught.value.retryable
        first.release()
        first.release()
        assert owner.calls == 1
        with owner.admit():
            assert owner.calls == 2
        second.release()
        assert owner.calls == 0


async def test_admission_follows_the_measured_load() -> None:
    now_s = [0.0]
    async with RecogniserOwner(
        ScriptedRecogniser(), OwnerSettings(load_window_s=10.0, max_load=0.85), lambda: now_s[0]
    ) as owner:
        recogniser = owner._recogniser
        assert isinstance(recogniser, ScriptedRecogniser)

        def spend(heard: SpeechSegment) -> str:
            now_s[0] += 3.0
            return ""

        recogniser.script = spend
        owner.admit()
        for _ in range(2):  # 6 s of work in 10 s of one call
            await ask(owner, 1)
            now_s[0] += 2.0
        assert owner.load == pytest.approx(0.6)
        with pytest.raises(CapacityError, match="120%"):
            owner.admit()
        now_s[0] += 8.0  # most of the work has left the window
        owner.admit()


async def test_warm_up_guesses_what_a_call_costs() -> None:
    recogniser = ScriptedRecogniser()
    recogniser.busy_s = 0.05
    settings = OwnerSettings(drafts_per_call_s=5.0, finals_per_call_s=5.0, max_load=0.85)
    async with RecogniserOwner(recogniser, settings) as owner:
        await owner.warm_up()
        owner.admit()
        with pytest.raises(CapacityError):  # 0.05 s ten times a second is half of the machine
            owner.admit()


def test_the_meter_fills_what_it_has_not_seen_with_the_guess() -> None:
    meter = LoadMeter(window_s=10.0, call_load_guess=0.2)
    assert meter.load_with_one_more(0.0) == pytest.approx(0.2)
    meter.set_calls(1, 0.0)
    meter.record_busy(1.0, 3.0)
    # Half a window of one call seen, two seconds of it busy: half 0.4, half the guess.
    assert meter.load_with_one_more(5.0) == pytest.approx(2 * (0.5 * 0.4 + 0.5 * 0.2))
    assert meter.load(5.0) == pytest.approx(0.2)


def test_the_stabilizer_commits_what_two_in_a_row_agree_on() -> None:
    stabilizer = PrefixStabilizer()
    assert stabilizer.update("我家楼") == ("我家楼", 0)
    assert stabilizer.update("我家楼下有") == ("我家楼下有", 3)
    assert stabilizer.update("我家楼下又人") == ("我家楼下又人", 4)


def test_the_stabilizer_never_takes_a_commitment_back() -> None:
    stabilizer = PrefixStabilizer()
    stabilizer.update("秀英区海")
    stabilizer.update("秀英区海秀")
    text, stable = stabilizer.update("修英区海秀路口")
    assert text == "秀英区海秀路口"
    assert stable == 4
    assert stabilizer.update("") == ("秀英区海", 4)
