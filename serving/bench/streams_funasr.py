"""Batched streaming beside FunASR's own: same weights, same audio, same run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from asr.streaming.batcher import BatcherSettings, StreamBatcher
from asr.streaming.contract import ChunkModel
from asr.streaming.stream import ChunkStream
from asr.types import SAMPLE_RATE_HZ, Samples


@dataclass(frozen=True, slots=True)
class Side:
    """What one side needed for all the legs, on the clock and of the processor, and its texts."""

    wall_s: float
    processor_s: float
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Round:
    """One round of both sides over `audio_s` seconds of sound in all."""

    audio_s: float
    ours: Side
    funasr: Side

    @property
    def ratio(self) -> float:
        """How many times our throughput is FunASR's."""
        return self.funasr.wall_s / self.ours.wall_s

    @property
    def processor_ratio(self) -> float:
        """The same for each second of the processor, whoever else uses the machine."""
        return self.funasr.processor_s / self.ours.processor_s

    @property
    def same_text(self) -> int:
        """Legs of which both say the same."""
        return sum(a == b for a, b in zip(self.ours.texts, self.funasr.texts, strict=True))


@dataclass(frozen=True, slots=True)
class Comparison:
    """All rounds over the same legs."""

    legs: int
    rounds: tuple[Round, ...]

    @property
    def ratio(self) -> float:
        """Median over the rounds."""
        return median(r.ratio for r in self.rounds)

    @property
    def processor_ratio(self) -> float:
        """Median over the rounds."""
        return median(r.processor_ratio for r in self.rounds)

    @property
    def spread(self) -> tuple[float, float]:
        """Lowest and highest ratio of a round."""
        ratios = [r.ratio for r in self.rounds]
        return min(ratios), max(ratios)


def compare_throughput(
    model: ChunkModel,
    folder: Path,
    sounds: Sequence[Samples],
    *,
    rounds: int,
    threads: int,
    on_round: Callable[[int, int], None],
) -> Comparison:
    """Hear the legs as fast as each side can, in turns; raises AsrError.

    FunASR takes the chunks of all legs one after the other, as a server of many calls
    must: its streaming takes no batch.
    """
    from asr.engines.funasr import load_model
    from asr.streaming.paraformer.config import ChunkConfig
    from asr.streaming.paraformer.parity import FunasrStreaming

    loaded = load_model(str(folder), device="cpu", threads=threads)
    reference = FunasrStreaming(loaded, ChunkConfig())
    audio_s = sum(len(sound) for sound in sounds) / SAMPLE_RATE_HZ
    done: list[Round] = []
    _funasr(reference, [sound[: model.chunk_samples] for sound in sounds], model.chunk_samples)
    for number in range(rounds):
        # In turns, so that a machine that slows down does so for both.
        if number % 2 == 0:
            ours = asyncio.run(_ours(model, sounds))
            theirs = _funasr(reference, sounds, model.chunk_samples)
        else:
            theirs = _funasr(reference, sounds, model.chunk_samples)
            ours = asyncio.run(_ours(model, sounds))
        done.append(Round(audio_s, ours, theirs))
        on_round(number + 1, rounds)
    return Comparison(len(sounds), tuple(done))


async def _ours(model: ChunkModel, sounds: Sequence[Samples]) -> Side:
    longest = max(len(sound) for sound in sounds) // model.chunk_samples + 1
    async with StreamBatcher(model, BatcherSettings(waiting_chunks=longest)) as batcher:
        started = time.perf_counter(), time.process_time()
        streams = [batcher.open() for _ in sounds]
        for stream, sound in zip(streams, sounds, strict=True):
            stream.push(sound)
            stream.end()
        texts = await asyncio.gather(*(_last_text(stream) for stream in streams))
        return _side(started, texts)


async def _last_text(stream: ChunkStream) -> str:
    text = ""
    async for news in stream:
        text = news.text
    return text


def _side(started: tuple[float, float], texts: Sequence[str]) -> Side:
    wall_s, processor_s = started
    return Side(time.perf_counter() - wall_s, time.process_time() - processor_s, tuple(texts))


def _funasr(reference: Any, sounds: Sequence[Samples], step: int) -> Side:
    started = time.perf_counter(), time.process_time()
    caches: list[dict[str, Any]] = [{} for _ in sounds]
    texts = [""] * len(sounds)
    for at in range(0, max(len(sound) for sound in sounds) + 1, step):
        for leg, sound in enumerate(sounds):
            if at <= len(sound):
                part, is_last = sound[at : at + step], at + step > len(sound)
                texts[leg] += reference.push(part, caches[leg], is_last=is_last)
    return _side(started, texts)
