"""Simulated legs at real-time pace on a streaming model: how late their words are."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from asr.errors import AsrError, CapacityError
from asr.streaming.batcher import BatcherSettings, StepNote, StreamBatcher
from asr.streaming.contract import ChunkModel
from asr.streaming.stream import ChunkStream
from asr.types import SAMPLE_RATE_HZ, Samples
from serving.bench.report import percentile
from serving.bench.streams_machine import MachineUse, MachineWatch

Arrivals = Literal["steady", "bursty"]

_TICK_S = 0.02
_FRAME_TICKS = 10
"""A leg sends 200 ms at a time, as a busy gateway does."""


@dataclass(frozen=True, slots=True)
class LiveRun:
    """`legs` legs for some seconds; latencies in seconds, one of each chunk and each leg's end.

    A chunk's latency is from when it was full to when its step was over, a final's from
    the end of the leg's audio to its last text. `refused` legs found no room for their
    audio: they were more than could be heard.
    """

    legs: int
    arrivals: Arrivals
    chunk_s: float
    chunk_latency_s: tuple[float, ...]
    final_latency_s: tuple[float, ...]
    batch_sizes: tuple[int, ...]
    refused: int
    use: MachineUse

    @property
    def is_sustained(self) -> bool:
        """Whether every leg was heard and 99 of 100 chunks within their own length."""
        return not self.refused and self.chunk_percentile_s(99) <= self.chunk_s

    def chunk_percentile_s(self, percent: float) -> float:
        """Return the latency that `percent` of the chunks stay below."""
        return percentile(self.chunk_latency_s, percent)

    def final_percentile_s(self, percent: float) -> float:
        """Return the latency that `percent` of the finals stay below."""
        return percentile(self.final_latency_s, percent)


@dataclass(slots=True)
class _Leg:
    sound: Samples
    stream: ChunkStream
    at: int = 0
    ended_s: float | None = None
    final_s: float | None = None
    is_refused: bool = False

    def send(self, samples: int) -> None:
        if self.ended_s is not None or self.is_refused:
            return
        try:
            self.stream.push(self.sound[self.at : self.at + samples])
        except CapacityError:
            self.is_refused = True
            self.stream.cancel()
            return
        self.at += samples
        if self.at >= len(self.sound):
            self.stream.end()
            self.ended_s = time.monotonic()

    async def read(self) -> None:
        async for news in self.stream:
            if news.is_last:
                self.final_s = time.monotonic()


def measure_live(model: ChunkModel, sounds: Sequence[Samples], arrivals: Arrivals) -> LiveRun:
    """Play each sound as a leg at real-time pace; raises AsrError where the model fails.

    Steady legs are spread over a chunk's length; bursty ones all begin at once, so that
    all their chunks become ready at the same time.
    """
    return asyncio.run(_measure(model, sounds, arrivals))


async def _measure(model: ChunkModel, sounds: Sequence[Samples], arrivals: Arrivals) -> LiveRun:
    notes: list[StepNote] = []
    settings = BatcherSettings(waiting_chunks=16)
    async with StreamBatcher(model, settings, observe=notes.append) as batcher:
        legs = [_Leg(sound, batcher.open()) for sound in sounds]
        with MachineWatch() as watch:
            reading = [asyncio.create_task(leg.read()) for leg in legs]
            await _pace(legs, arrivals)
            ended = await asyncio.gather(*reading, return_exceptions=True)
    for outcome in ended:
        if isinstance(outcome, AsrError):
            raise outcome
    finals = [(leg.ended_s, leg.final_s) for leg in legs]
    return LiveRun(
        legs=len(legs),
        arrivals=arrivals,
        chunk_s=model.chunk_samples / SAMPLE_RATE_HZ,
        chunk_latency_s=tuple(n.ended_s - ready for n in notes for ready in n.ready_s),
        final_latency_s=tuple(at - end for end, at in finals if end is not None and at is not None),
        batch_sizes=tuple(len(note.ready_s) for note in notes),
        refused=sum(leg.is_refused for leg in legs),
        use=watch.use,
    )


async def _pace(legs: Sequence[_Leg], arrivals: Arrivals) -> None:
    """Send every leg a frame at each of its times until all have ended."""
    frame = round(_FRAME_TICKS * _TICK_S * SAMPLE_RATE_HZ)
    spread = 1 if arrivals == "bursty" else _FRAME_TICKS
    # A steady leg's first frame is as long as it likes, so that chunks end at any time.
    chance = np.random.default_rng(0)
    groups = [legs[offset::spread] for offset in range(spread)]
    if arrivals == "steady":
        for leg in legs:
            leg.send(int(chance.integers(1, frame)))
    started_s = time.monotonic()
    tick = 0
    while any(leg.ended_s is None and not leg.is_refused for leg in legs):
        for leg in groups[tick % _FRAME_TICKS] if tick % _FRAME_TICKS < spread else ():
            leg.send(frame)
        tick += 1
        await asyncio.sleep(max(started_s + tick * _TICK_S - time.monotonic(), 0))
