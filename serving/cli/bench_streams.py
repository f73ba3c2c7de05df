"""`jiesu bench streams`: legs at real-time pace on a streaming model, and FunASR beside it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from serving.cli.options import JsonOption


def streams(
    model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FOLDER",
            help="Streaming Paraformer; without it, random weights of the 220 M shape are made.",
        ),
    ] = None,
    legs: Annotated[
        str, typer.Option(help="Numbers of legs to try, with commas between.")
    ] = "1,2,4,8",
    seconds: Annotated[float, typer.Option(min=1.0, help="Length of each leg.")] = 20.0,
    arrivals: Annotated[
        Literal["steady", "bursty", "both", "none"],
        typer.Option(help="Legs spread evenly, all at once, both in turn; none skips them."),
    ] = "both",
    versus: Annotated[
        Literal["funasr"] | None,
        typer.Option("--vs", help="Also run FunASR's own streaming on the same weights and audio."),
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of the comparison.")] = 5,
    parity: Annotated[
        int, typer.Option(min=0, help="Also compare so many streams with FunASR's, score by score.")
    ] = 0,
    recordings: Annotated[
        Path | None, typer.Option(help="Folder of recordings to play; without it, made-up sound.")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, or a CUDA device such as cuda:0.")] = "cpu",
    precision: Annotated[
        Literal["float32", "bfloat16"], typer.Option(help="float32 says what FunASR says.")
    ] = "float32",
    threads: Annotated[int, typer.Option(min=0, help="Threads; 0 for one per core.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Measure how many legs a streaming model hears in real time, how soon, and beside FunASR."""
    from asr.streaming.load import StreamingOptions
    from serving.bench.streams import StreamsPlan, bench_streams
    from serving.bench.streams_live import Arrivals
    from serving.cli.bench import part_progress, show_figures
    from serving.settings import load_settings
    from serving.telemetry import set_up_logging

    set_up_logging(load_settings())
    counts = leg_counts(legs)
    both: tuple[Arrivals, ...] = ("steady", "bursty")
    plan = StreamsPlan(
        model=model,
        legs=counts,
        seconds=seconds,
        arrivals=tuple(a for a in both if arrivals in (a, "both")),
        versus_funasr=versus is not None,
        rounds=rounds,
        parity_streams=parity,
        recordings=recordings,
        options=StreamingOptions(
            slots=max(counts),
            device=device,
            precision=precision,
            threads=threads or len(os.sched_getaffinity(0)),
        ),
    )
    with part_progress() as on_part:
        figures = bench_streams(plan, on_part)
    show_figures("jiesu bench streams", figures, as_json=as_json)


def leg_counts(text: str) -> tuple[int, ...]:
    """Read `1,2,4`; raises typer.BadParameter."""
    try:
        counts = tuple(int(part) for part in text.split(","))
    except ValueError:
        counts = ()
    if not counts or min(counts) < 1:
        raise typer.BadParameter(f"{text!r} is no list of numbers of legs; write 1,2,4,8")
    return counts
