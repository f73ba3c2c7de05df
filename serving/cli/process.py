"""`jiesu process`: one recording to a transcript, a ticket draft and a QA report."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serving.cli.exits import emit
from serving.cli.options import (
    AgentChannelOption,
    EngineOption,
    JsonOption,
    Kind,
    MaskOption,
    ProfileOption,
    moment,
)

if TYPE_CHECKING:
    from serving.contract import CallModel


RecordingArgument = Annotated[
    Path, typer.Argument(help="Recording: WAV, FLAC, MP3, M4A, OGG, AMR …; mono or two legs.")
]
OtherLegOption = Annotated[
    Path | None,
    typer.Option("--other-leg", help="The other leg, where each leg has its own file."),
]
KindOption = Annotated[
    Kind | None, typer.Option("--kind", help="Without it, found by what is said.")
]
DialectOption = Annotated[
    str | None,
    typer.Option("--dialect", help="What is spoken, where the profile has a model for it."),
]
ReceivedAtOption = Annotated[
    datetime | None,
    typer.Option(
        "--received-at",
        metavar="ISO",
        parser=moment,
        help="When the call came in, like 2026-03-01T09:30; without it the file's own time.",
    ),
]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", help="Write to this file, whole or not at all.")
]


def process(
    file: RecordingArgument,
    other_leg: OtherLegOption = None,
    profile: ProfileOption = None,
    kind: KindOption = None,
    engine: EngineOption = None,
    agent_channel: AgentChannelOption = "auto",
    dialect: DialectOption = None,
    received_at: ReceivedAtOption = None,
    mask: MaskOption = None,
    as_json: JsonOption = False,
    output: OutputOption = None,
) -> None:
    """Turn one recording into a transcript, a ticket draft, a QA report and callback answers."""
    from asr.audio import open_recording
    from serving.assembly import pipeline_of
    from serving.cli.progress import stage_progress
    from serving.conversion import call_model
    from serving.masking import masked_call
    from serving.output import check_writable, write_atomically
    from serving.profile import load_profile
    from serving.settings import load_settings
    from serving.telemetry import set_up_logging

    settings = load_settings()
    set_up_logging(settings)
    if output:
        check_writable(output)
    loaded = load_profile(profile or settings.profile, settings.profiles_dir)
    role = loaded.privacy.role(mask) if mask else None
    with open_recording(file, other_leg):
        pass  # what is wrong with a file is said before models are loaded for it
    with stage_progress() as on_stage:
        pipeline = pipeline_of(loaded, settings, engine=engine)
        result = pipeline.process(
            file,
            other_leg=other_leg,
            kind=kind,
            received_at=received_at,
            agent_channel=agent_channel,
            dialect=dialect,
            on_stage=on_stage,
        )
    call = call_model(result)
    if role:
        call = masked_call(call, role)
    if as_json:
        text = call.model_dump_json(indent=2) + "\n"
    else:
        names = {rule.id: rule.name for rule in loaded.qa.rules}
        text = page(call, names, plain=bool(output))
    if output:
        write_atomically(output, text)
    else:
        emit(text)


def page(call: CallModel, rule_names: Mapping[str, str], *, plain: bool) -> str:
    """Return the call as a page to read, in colour where stdout is a terminal."""
    import io

    from rich.console import Console

    from serving.cli.render import render_call

    terminal = sys.stdout.isatty() and not plain
    buffer = io.StringIO()
    width = Console().width if terminal else 110
    console = Console(file=buffer, force_terminal=terminal, width=width)
    console.print(render_call(call, rule_names))
    return buffer.getvalue()
