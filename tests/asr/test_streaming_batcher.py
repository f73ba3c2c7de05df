"""The batcher: which chunks run together and when, what a failing step does, who gets a slot."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asr.errors import CapacityError, EngineError, StreamClosedError, StreamError
from asr.streaming.batcher import BatcherSettings, StepNote, StreamBatcher
from asr.streaming.contract import ChunkTokens, Flags, Integers
from asr.streaming.stream import ChunkStream
from asr.streaming.waiting_audio import WaitingAudio
from asr.types import Samples

CHUNK = 10


class EchoModel:
    """Says of each sample its value as an id, so that nothing can get lost or mixed up.

    State is the sum of what a slot has heard; `gate` holds steps until it is set.
    """

    name = "echo"
    chunk_samples = CHUNK

    def __init__(self, slots: int = 8, gate: threading.Event | None = None) -> None:
        self.slots = self.largest_batch = slots
        self.gate = gate
        self.fail_next: Exception | None = None
        self.heard = np.zeros(slots, dtype=np.int64)
        self.batches: list[list[int]] = []
        self.threads: set[int] = set()
        self.started = threading.Event()

    def forget(self, slots: Integers) -> None:
        self.heard[slots] = 0

    def step(
        self, slots: Integers, samples: Samples, count: Integers, is_last: Flags
    ) -> ChunkTokens:
        assert len(set(slots.tolist())) == len(slots)
        if not np.any(samples % 1):  # not the noise of the warm-up
            self.batches.append(slots.tolist())
            self.threads.add(threading.get_ident())
            self.started.set()
            if self.gate is not None:
                assert self.gate.wait(timeout=10)
            if self.fail_next is not None:
                error, self.fail_next = self.fail_next, None
                raise error
        self.heard[slots] += count
        return ChunkTokens(samples.astype(np.int64), count)

    def text(self, ids: Sequence[int]) -> str:
        return " ".join(str(i) for i in ids)


def numbers(start: int, count: int) -> Samples:
    return np.arange(start, start + count).astype(np.float32)


def said(start: int, count: int) -> str:
    return " ".join(str(i) for i in range(start, start + count))


async def last_text(stream: ChunkStream) -> str:
    return [news.text async for news in stream][-1]


@asynccontextmanager
async def running(
    model: EchoModel, limits: BatcherSettings | None = None
) -> AsyncIterator[tuple[StreamBatcher, list[StepNote]]]:
    notes: list[StepNote] = []
    async with StreamBatcher(model, limits, observe=notes.append) as batcher:
        yield batcher, notes


async def test_streams_share_steps_and_each_gets_its_own() -> None:
    gate = threading.Event()
    model = EchoModel(gate=gate)
    async with running(model) as (batcher, notes):
        streams = [batcher.open() for _ in range(4)]
        for number, stream in enumerate(streams):
            stream.push(numbers(100 * number, 25))
            stream.end()
        gate.set()
        texts = await asyncio.gather(*(last_text(stream) for stream in streams))
        assert batcher.streams == 0
    assert texts == [said(100 * number, 25) for number in range(4)]
    assert max(len(batch) for batch in model.batches) >= 3
    assert len(model.threads) == 1
    assert sum(sum(note.is_last) for note in notes) == 4


async def test_text_comes_while_the_stream_goes_on() -> None:
    async with running(EchoModel()) as (batcher, _):
        stream = batcher.open()
        news = aiter(stream)
        stream.push(numbers(0, 12))
        first = await anext(news)
        stream.push(numbers(12, 3))
        stream.end()
        second = await anext(news)
    assert (first.text, first.is_last) == (said(0, 10), False)
    assert (second.text, second.is_last) == (said(0, 15), True)


async def test_the_most_urgent_chunk_goes_first() -> None:
    gate = threading.Event()
    model = EchoModel(gate=gate)
    async with running(model, BatcherSettings(max_batch=1)) as (batcher, _):
        streams = [batcher.open() for _ in range(3)]
        streams[0].push(numbers(0, CHUNK))
        assert await asyncio.to_thread(model.started.wait, 5)
        for stream in streams[1:]:
            stream.push(numbers(0, CHUNK))
        streams[0].push(numbers(0, CHUNK))
        for stream in streams:
            stream.end()
        gate.set()
        await asyncio.gather(*(last_text(stream) for stream in streams))
    slots = [stream.slot for stream in streams]
    assert [batch[0] for batch in model.batches][:4] == [slots[0], slots[1], slots[2], slots[0]]


async def test_an_error_reaches_the_streams_of_its_step_and_nobody_else() -> None:
    gate = threading.Event()
    model = EchoModel(gate=gate)
    async with running(model) as (batcher, _):
        broken = batcher.open()
        broken.push(numbers(0, CHUNK))
        assert await asyncio.to_thread(model.started.wait, 5)
        well = batcher.open()
        well.push(numbers(50, CHUNK))
        well.end()
        model.fail_next = ValueError("no")
        gate.set()
        with pytest.raises(EngineError, match="failed on a batch"):
            await last_text(broken)
        with pytest.raises(EngineError):
            broken.push(numbers(0, 1))
        assert await last_text(well) == said(50, CHUNK)
        assert batcher.streams == 1
        broken.cancel()
        assert batcher.streams == 0


async def test_a_slot_is_given_on_clean() -> None:
    model = EchoModel(slots=1)
    async with running(model) as (batcher, _):
        first = batcher.open()
        first.push(numbers(0, CHUNK + 3))
        await anext(aiter(first))
        with pytest.raises(CapacityError, match="all 1 streams are taken"):
            batcher.open()
        first.cancel()
        first.cancel()
        second = batcher.open()
        second.push(numbers(70, 4))
        second.end()
        assert await last_text(second) == said(70, 4)
    assert model.heard[0] == 4


async def test_a_stream_given_up_in_a_step_keeps_its_slot_until_the_step_ends() -> None:
    gate = threading.Event()
    model = EchoModel(slots=2, gate=gate)
    async with running(model) as (batcher, _):
        first = batcher.open()
        first.push(numbers(0, CHUNK))
        assert await asyncio.to_thread(model.started.wait, 5)
        first.cancel()
        assert batcher.streams == 1
        with pytest.raises(StreamClosedError):
            first.push(numbers(0, 1))
        gate.set()
        other = batcher.open()
        other.end()
        assert await last_text(other) == ""
        assert batcher.streams == 0
        assert [news async for news in first] == []


async def test_what_is_pushed_is_bounded_and_checked() -> None:
    gate = threading.Event()
    async with running(EchoModel(gate=gate), BatcherSettings(waiting_chunks=2)) as (batcher, _):
        stream = batcher.open()
        with pytest.raises(StreamError, match="no number"):
            stream.push(np.array([np.nan], dtype=np.float32))
        stream.push(numbers(0, 2 * CHUNK))
        with pytest.raises(CapacityError, match="faster than it is heard"):
            stream.push(numbers(0, 2 * CHUNK))
        gate.set()
        stream.end()
        with pytest.raises(StreamClosedError, match="open another"):
            stream.push(numbers(0, 1))
        assert await last_text(stream) == said(0, 2 * CHUNK)


async def test_calls_are_admitted_by_number_and_by_load() -> None:
    async with running(EchoModel(), BatcherSettings(max_calls=1)) as (batcher, _):
        with batcher.admit(), pytest.raises(CapacityError, match="all 1 places"):
            batcher.admit()
        assert batcher.calls == 0


async def test_closing_tells_the_streams_that_are_open() -> None:
    batcher = StreamBatcher(EchoModel())
    async with batcher:
        stream = batcher.open()
    with pytest.raises(StreamClosedError, match="was closed"):
        await last_text(stream)
    with pytest.raises(StreamClosedError):
        batcher.open()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(lengths=st.lists(st.integers(1, 2 * CHUNK), max_size=12), chunks=st.integers(3, 5))
def test_waiting_audio_comes_out_as_it_went_in(lengths: list[int], chunks: int) -> None:
    waiting = WaitingAudio(2, chunks, CHUNK)
    slot = np.array([1])
    taken: list[float] = []
    at = 0
    for length in lengths:
        while waiting.room(1) < length:
            samples, count = waiting.take(slot)
            assert count[0] == CHUNK
            taken += samples[0].tolist()
        filled = waiting.write(1, numbers(at, length))
        assert filled == (at + length) // CHUNK - at // CHUNK
        at += length
    while waiting.has_chunk(slot)[0]:
        taken += waiting.take(slot)[0][0].tolist()
    samples, count = waiting.take(slot)
    assert taken + samples[0, : count[0]].tolist() == list(range(at))
