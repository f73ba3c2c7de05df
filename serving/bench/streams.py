"""`jiesu bench streams`: how many legs a streaming model hears, how soon, and beside FunASR."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from asr.streaming.load import StreamingOptions, load_streaming, model_folder
from serving.bench.report import Figure, Goal
from serving.bench.streams_funasr import Comparison, compare_throughput
from serving.bench.streams_live import Arrivals, LiveRun, measure_live
from serving.bench.streams_sound import leg_sounds

if TYPE_CHECKING:
    from asr.streaming.contract import ChunkModel
    from asr.streaming.paraformer.parity import Parity

OnPart = Callable[[str, int, int], None]

_GIB = 1024**3
_RANDOM = "random weights, 220 M shape"
_PARITY_LONGEST_CHUNKS = 4


@dataclass(frozen=True, slots=True)
class StreamsPlan:
    """What is measured. `model` is a registry name or a folder, None for random weights."""

    model: str | None
    legs: tuple[int, ...] = (1, 2, 4, 8)
    seconds: float = 20.0
    arrivals: tuple[Arrivals, ...] = ("steady", "bursty")
    versus_funasr: bool = False
    rounds: int = 5
    parity_streams: int = 0
    recordings: Path | None = None
    options: StreamingOptions = field(default_factory=StreamingOptions)


def bench_streams(plan: StreamsPlan, on_part: OnPart) -> list[Figure]:
    """Measure what the plan says; raises AsrError and BenchError."""
    figures: list[Figure] = []
    with _weights(plan.model, on_part) as (folder, label):
        model = load_streaming(str(folder), plan.options)
        of = f"{label}, {plan.options.device}, {plan.options.precision}"
        if plan.parity_streams:
            figures += parity_figures(_parity(plan, folder, on_part), label)
        if plan.versus_funasr:
            on_part("FunASR", 0, plan.rounds)
            comparison = compare_throughput(
                model,
                folder,
                leg_sounds(max(plan.legs), plan.seconds, plan.recordings),
                rounds=plan.rounds,
                threads=plan.options.threads,
                on_round=lambda at, of: on_part("FunASR", at, of),
            )
            figures += comparison_figures(comparison, of)
        figures += live_figures(_live(plan, model, on_part), of)
    return figures


def live_figures(runs: Sequence[LiveRun], of: str) -> list[Figure]:
    """Return the figures of simulated legs at real-time pace."""
    figures: list[Figure] = []
    for run in runs:
        name = f"{run.legs} legs, {run.arrivals}"
        heard = f"{len(run.chunk_latency_s)} chunks, {of}"
        batch = sum(run.batch_sizes) / max(len(run.batch_sizes), 1)
        figures += [
            Figure(f"{name}: chunk latency p50", run.chunk_percentile_s(50), "s", heard),
            Figure(f"{name}: chunk latency p95", run.chunk_percentile_s(95), "s", heard),
            Figure(
                f"{name}: chunk latency p99", run.chunk_percentile_s(99), "s",
                heard, Goal("<=", run.chunk_s),
            ),
            Figure(f"{name}: final latency p95", run.final_percentile_s(95), "s", heard),
            Figure(f"{name}: legs refused", run.refused, "count", heard),
            Figure(f"{name}: streams in a step", round(batch, 1), "count", heard),
            Figure(f"{name}: cores busy", round(run.use.cores, 2), "count", heard),
            Figure(f"{name}: memory", run.use.memory_bytes / _GIB, "GiB", heard),
        ]  # fmt: skip
        if run.use.gpu_share is not None and run.use.gpu_memory_bytes is not None:
            figures += [
                Figure(f"{name}: GPU busy", run.use.gpu_share, "share", heard),
                Figure(f"{name}: GPU memory", run.use.gpu_memory_bytes / _GIB, "GiB", heard),
            ]
    for arrivals in dict.fromkeys(run.arrivals for run in runs):
        tried = [run for run in runs if run.arrivals == arrivals]
        most = max((run.legs for run in tried if run.is_sustained), default=0)
        counts = "/".join(str(run.legs) for run in tried)
        figures.append(
            Figure(f"real-time legs sustained, {arrivals}", most, "count", f"of {counts}; {of}")
        )
    return figures


def comparison_figures(comparison: Comparison, of: str) -> list[Figure]:
    """Return the throughput beside FunASR's."""
    rounds = comparison.rounds
    low, high = comparison.spread
    over = f"{comparison.legs} legs, {len(rounds)} rounds, {low:.1f} to {high:.1f}; {of}"
    ours = sorted(r.audio_s / r.ours.wall_s for r in rounds)[len(rounds) // 2]
    theirs = sorted(r.audio_s / r.funasr.wall_s for r in rounds)[len(rounds) // 2]
    same = min(r.same_text for r in rounds)
    return [
        Figure(
            "throughput over FunASR's own streaming", comparison.ratio, "×",
            over, Goal(">=", 3.0), "FunASR 1",
        ),
        Figure("the same for a second of the processor", comparison.processor_ratio, "×", over),
        Figure("audio heard a second, batched", ours, "×", over),
        Figure("audio heard a second, FunASR", theirs, "×", over),
        Figure("legs with FunASR's text", same, "count", over, Goal(">=", comparison.legs)),
    ]  # fmt: skip


def parity_figures(parities: Sequence[Parity], label: str) -> list[Figure]:
    """Return how far batched streams and FunASR's are apart."""
    tokens = sum(parity.tokens for parity in parities)
    of = f"{tokens} tokens of {len(parities)} streams, float32, {label}"
    worst = max(parity.worst for parity in parities)
    return [
        Figure(
            "largest difference of log-probabilities, 1e-6", worst * 1e6, "count",
            of, Goal("<=", 100.0), "FunASR",
        ),
        Figure(
            "tokens that differ beyond ties", sum(p.differing for p in parities), "count",
            of, Goal("<=", 0),
        ),
        Figure("streams the same", sum(p.holds for p in parities), "count", of,
               Goal(">=", len(parities))),
    ]  # fmt: skip


def _live(plan: StreamsPlan, model: ChunkModel, on_part: OnPart) -> list[LiveRun]:
    runs = []
    wanted = [(arrivals, legs) for arrivals in plan.arrivals for legs in plan.legs]
    for number, (arrivals, legs) in enumerate(wanted):
        on_part(f"{legs} legs, {arrivals}", number, len(wanted))
        sounds = leg_sounds(legs, plan.seconds, plan.recordings)
        runs.append(measure_live(model, sounds, arrivals))
    return runs


def _parity(plan: StreamsPlan, folder: Path, on_part: OnPart) -> list[Parity]:
    from asr.streaming.paraformer.config import ChunkConfig
    from asr.streaming.paraformer.parity import check_folder

    chance = random.Random(0)
    chunk = ChunkConfig()
    lengths = [
        # Last chunks of every kind: whole, none at all, and too short for features.
        chance.randint(0, _PARITY_LONGEST_CHUNKS) * chunk.samples
        + chance.choice([0, 1, 959, 960, chance.randrange(chunk.samples)])
        for _ in range(plan.parity_streams)
    ]
    longest_s = (_PARITY_LONGEST_CHUNKS + 1) * chunk.duration_ms / 1000
    sounds = leg_sounds(plan.parity_streams, longest_s, plan.recordings)
    on_part("parity", 0, plan.parity_streams)
    streams = [sound[:length] for sound, length in zip(sounds, lengths, strict=True)]
    return check_folder(folder, chunk, streams, threads=plan.options.threads)


@contextmanager
def _weights(model: str | None, on_part: OnPart) -> Iterator[tuple[Path, str]]:
    """Find the weights, or make random ones that are gone afterwards; and what to call them."""
    if model is not None:
        yield model_folder(model), Path(model).name
        return
    from asr.streaming.paraformer.random_weights import write_random_checkpoint

    with tempfile.TemporaryDirectory(prefix="jiesu-bench-") as work:
        on_part(_RANDOM, 0, 1)
        yield write_random_checkpoint(Path(work) / "random"), _RANDOM
