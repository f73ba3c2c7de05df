"""Whole calls played live, at the pace they were spoken: how soon their words are there."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from asr.audio import open_recording
from asr.error_rate import ErrorCount, count_errors
from asr.errors import CapacityError
from asr.live import LiveSession, LiveSettings
from asr.owner import OwnerSettings, RecogniserOwner
from asr.recogniser import Recogniser
from asr.types import SAMPLE_RATE_HZ, Channel, Samples, TranscriptEvent
from asr.vad import Vad, default_vad
from serving.bench.report import Figure, Goal, percentile
from serving.errors import BenchError
from serving.pipeline import Pipeline

_FRAME_MS = 100
_CHANNELS: tuple[Channel, Channel] = ("agent", "citizen")


@dataclass(frozen=True, slots=True)
class PlayedCall:
    """A two-leg recording, float32 (2, samples) at 16 kHz, and what was said in it."""

    name: str
    legs: Samples
    said: dict[Channel, str]


@dataclass(slots=True)
class LiveCallTimes:
    """What one call showed; seconds. A gap is the wait for news while somebody speaks."""

    gaps_s: list[float] = field(default_factory=list)
    final_latency_s: list[float] = field(default_factory=list)
    errors: dict[Channel, ErrorCount] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LiveRun:
    """`calls` calls at once: those that were refused, and the times of the others."""

    calls: int
    refused: int
    times: tuple[LiveCallTimes, ...]
    load: float

    def gap_percentile_s(self, percent: float) -> float:
        """Return the wait for news that `percent` of the waits stay below."""
        return percentile([gap for call in self.times for gap in call.gaps_s], percent)

    def final_percentile_s(self, percent: float) -> float:
        """Return how long after its end `percent` of the utterances are final."""
        return percentile([s for call in self.times for s in call.final_latency_s], percent)

    def error_rate(self, channel: Channel) -> float:
        """Return the character error rate of one leg over all calls."""
        found = [call.errors[channel] for call in self.times if channel in call.errors]
        return sum(found, ErrorCount()).rate


def bench_live(pipeline: Pipeline, data: Path, calls: int) -> list[Figure]:
    """Play so many ticket calls at once; raises BenchError where the data set is not there."""
    played = read_calls(data / "calls", calls)
    if len(played) < calls:
        raise BenchError(f"{data / 'calls'} holds {len(played)} ticket calls, not {calls}")
    hotwords = pipeline.profile.nlu.hotwords.hotwords
    whole = whole_call_errors(pipeline, data / "calls", played)
    run = measure_calls_live(pipeline.recogniser, played, hotwords, default_vad())
    return live_figures(run, whole)


def whole_call_errors(
    pipeline: Pipeline, folder: Path, calls: Sequence[PlayedCall]
) -> dict[Channel, ErrorCount]:
    """Count what the same recogniser gets wrong in the same calls as recordings."""
    total: dict[Channel, ErrorCount] = {channel: ErrorCount() for channel in _CHANNELS}
    for call in calls:
        transcript = pipeline.listen(folder / f"{call.name}.wav")
        for channel in _CHANNELS:
            heard = "".join(u.text for u in transcript.of(channel))
            total[channel] += count_errors(call.said[channel], heard)
    return total


def live_figures(run: LiveRun, whole: dict[Channel, ErrorCount]) -> list[Figure]:
    """Return the figures of a run, beside the same calls as recordings."""
    of = f"{run.calls} two-leg calls at once"
    utterances = sum(len(call.final_latency_s) for call in run.times)
    lost = [
        Figure(
            f"CER lost by hearing live, {channel} leg",
            100 * (run.error_rate(channel) - whole[channel].rate),
            "%",
            f"{100 * run.error_rate(channel):.1f}% live, {100 * whole[channel].rate:.1f}% whole",
            Goal("<=", 1),
        )
        for channel in _CHANNELS
    ]
    return [
        Figure("live calls refused", run.refused, "count", of, Goal("<=", 0)),
        Figure("wait for news while somebody speaks, p95", run.gap_percentile_s(95), "s", of,
               Goal("<=", 1.5)),
        Figure("final after the end of an utterance, p50", run.final_percentile_s(50), "s",
               f"{utterances} utterances"),
        Figure("final after the end of an utterance, p95", run.final_percentile_s(95), "s",
               f"{utterances} utterances", Goal("<=", 1.5)),
        Figure("busiest the recogniser was", 100 * run.load, "%", "of 20 s"),
        *lost,
    ]  # fmt: skip


def read_calls(folder: Path, most: int) -> list[PlayedCall]:
    """Return the first two-leg recordings of a folder (`*.wav`, the truth in `*.json`)."""
    found = []
    for path in sorted(folder.glob("ticket*.wav"))[:most]:
        gold = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        with open_recording(path) as recording:
            legs = np.concatenate([np.stack(list(block)) for block in recording], axis=1)
        said: dict[Channel, str] = {
            channel: "".join(t["text"] for t in gold["turns"] if t["channel"] == channel)
            for channel in _CHANNELS
        }
        found.append(PlayedCall(path.stem, legs, said))
    return found


def measure_calls_live(
    recogniser: Recogniser, calls: Sequence[PlayedCall], hotwords: Sequence[str], vad: Vad
) -> LiveRun:
    """Play all calls at once, begun a second after each other."""
    return asyncio.run(_measure(recogniser, calls, hotwords, vad))


async def _measure(
    recogniser: Recogniser, calls: Sequence[PlayedCall], hotwords: Sequence[str], vad: Vad
) -> LiveRun:
    async with RecogniserOwner(recogniser, OwnerSettings(max_load=1.0)) as owner:
        await owner.warm_up()
        tasks = []
        for call in calls:
            tasks.append(asyncio.create_task(_play(owner, call, hotwords, vad)))
            await asyncio.sleep(1.0)
        loads = []
        while not all(task.done() for task in tasks):
            await asyncio.sleep(1.0)
            loads.append(owner.load)
        played = await asyncio.gather(*tasks)
    times = tuple(call for call in played if call is not None)
    return LiveRun(len(calls), len(calls) - len(times), times, max(loads, default=0.0))


async def _play(
    owner: RecogniserOwner, call: PlayedCall, hotwords: Sequence[str], vad: Vad
) -> LiveCallTimes | None:
    """Return the times of one call, None where it was refused."""
    session = LiveSession(
        owner, settings=LiveSettings(source_rate_hz=SAMPLE_RATE_HZ), hotwords=hotwords, vad=vad
    )
    try:
        async with session:
            started_s = time.monotonic()
            sending = asyncio.create_task(_send(session, call.legs, started_s))
            times = await _read(session, call, started_s)
            await sending
    except CapacityError:
        return None
    return times


async def _send(session: LiveSession, legs: Samples, started_s: float) -> None:
    frame = _FRAME_MS * SAMPLE_RATE_HZ // 1000
    for number, at in enumerate(range(0, legs.shape[1], frame), start=1):
        wait_s = started_s + number * _FRAME_MS / 1000 - time.monotonic()
        await asyncio.sleep(max(wait_s, 0))
        for channel, leg in zip(_CHANNELS, legs, strict=True):
            session.push(channel, leg[at : at + frame])
    session.end()


async def _read(session: LiveSession, call: PlayedCall, started_s: float) -> LiveCallTimes:
    times = LiveCallTimes()
    last_news_s: dict[str, float] = {}
    finals: dict[Channel, list[str]] = {channel: [] for channel in _CHANNELS}
    async for event in session:
        now_s = time.monotonic() - started_s
        _note(times, last_news_s, event, now_s)
        if event.kind == "final":
            finals[event.utterance.channel].append(event.utterance.text)
    for channel, texts in finals.items():
        times.errors[channel] = count_errors(call.said[channel], "".join(texts))
    return times


def _note(
    times: LiveCallTimes, last_news_s: dict[str, float], event: TranscriptEvent, now_s: float
) -> None:
    utterance = event.utterance
    ended_s = utterance.end_ms / 1000
    before_s = last_news_s.get(utterance.id, utterance.start_ms / 1000)
    last_news_s[utterance.id] = now_s
    if event.kind == "final":
        times.final_latency_s.append(now_s - ended_s)
        # From its end on nobody speaks any more: what is waited for then is the final.
        times.gaps_s.append(max(min(now_s, ended_s) - before_s, 0.0))
    else:
        times.gaps_s.append(now_s - before_s)
