"""`jiesu bench`: what the software reaches on a data set, beside its goals."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from serving.cli.bench_live import live
from serving.cli.bench_streams import streams
from serving.cli.exits import emit
from serving.cli.options import (
    DEFAULT_DATA,
    DataOption,
    EngineOption,
    JsonOption,
    ProfileOption,
)

if TYPE_CHECKING:
    from serving.bench.asr import OnPart
    from serving.bench.report import Figure

bench_app = typer.Typer(help="Measure quality and speed on a data set.", no_args_is_help=True)
bench_app.command("streams")(streams)
bench_app.command("live")(live)


@bench_app.callback()
def bench() -> None:
    """Measure quality and speed on a data set."""


@bench_app.command()
def asr(
    data: DataOption = DEFAULT_DATA,
    profile: ProfileOption = None,
    engine: EngineOption = None,
    clips: Annotated[bool, typer.Option(help="Error rate of single utterances.")] = True,
    calls: Annotated[bool, typer.Option(help="Whole calls: words, fields, QA, speed.")] = True,
    mono: Annotated[bool, typer.Option(help="Calls mixed to mono: who speaks.")] = True,
    invented: Annotated[bool, typer.Option(help="Words heard where there are none.")] = True,
    memory_hours: Annotated[
        float, typer.Option(help="Also process one recording of so many hours, for its memory.")
    ] = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Measure recognition and all that follows from it: calls in, figures out."""
    from serving.assembly import assemble_pipeline
    from serving.bench.asr import bench_asr, bench_memory
    from serving.settings import load_settings
    from serving.telemetry import set_up_logging

    settings = load_settings()
    set_up_logging(settings)
    chosen = {"clips": clips, "calls": calls, "mono": mono, "invented": invented}
    figures: list[Figure] = []
    if memory_hours:
        figures += bench_memory(data, memory_hours, engine or settings.engine)
    parts = [part for part, wanted in chosen.items() if wanted]
    if parts:
        with part_progress() as on_part:
            pipeline = assemble_pipeline(settings, profile=profile, engine=engine)
            figures = bench_asr(pipeline, data, on_part, parts=parts) + figures
    show_figures("jiesu bench asr", figures, as_json=as_json)


@bench_app.command()
def nlu(
    data: DataOption = DEFAULT_DATA, profile: ProfileOption = None, as_json: JsonOption = False
) -> None:
    """Measure what is understood of tickets: type, category, agency, place."""
    from nlu.extractor import Extractor
    from serving.bench.nlu import bench_nlu
    from serving.profile import load_profile
    from serving.settings import load_settings
    from serving.telemetry import set_up_logging

    settings = load_settings()
    set_up_logging(settings)
    loaded = load_profile(profile or settings.profile, settings.profiles_dir)
    with part_progress() as on_part:
        figures = bench_nlu(Extractor(loaded.nlu), data, on_part)
    show_figures("jiesu bench nlu", figures, as_json=as_json)


def show_figures(title: str, figures: list[Figure], *, as_json: bool) -> None:
    """Print figures as a table or as JSON."""
    from rich.console import Console

    from serving.bench.report import figures_json, figures_table

    if as_json:
        emit(json.dumps(figures_json(figures), ensure_ascii=False, indent=2))
        return
    console = Console() if sys.stdout.isatty() else Console(width=120)
    console.print(figures_table(title, figures))


@contextmanager
def part_progress() -> Iterator[OnPart]:
    """Show on a terminal what is being measured and how far it is."""
    if not sys.stderr.isatty():
        yield lambda part, at, of: None
        return
    from rich.console import Console

    with Console(stderr=True).status("载入模型") as status:
        yield lambda part, at, of: status.update(f"{part} {at}/{of}")
