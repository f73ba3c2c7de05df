"""`jiesu bench live`: calls of the data set played live on the recogniser of this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from serving.cli.options import (
    DEFAULT_DATA,
    DataOption,
    EngineOption,
    JsonOption,
    ProfileOption,
)


def live(
    data: DataOption = DEFAULT_DATA,
    calls: Annotated[int, typer.Option(min=1, help="Two-leg calls played at once.")] = 3,
    profile: ProfileOption = None,
    engine: EngineOption = None,
    as_json: JsonOption = False,
) -> None:
    """Play calls at the pace they were spoken: how soon their words are there, and how right."""
    from serving.assembly import assemble_pipeline
    from serving.bench.live import bench_live
    from serving.cli.bench import show_figures
    from serving.settings import load_settings
    from serving.telemetry import set_up_logging

    settings = load_settings()
    set_up_logging(settings)
    pipeline = assemble_pipeline(settings, profile=profile, engine=engine)
    show_figures("jiesu bench live", bench_live(pipeline, data, calls), as_json=as_json)
