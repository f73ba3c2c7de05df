"""Options that several commands share."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from serving.clock import parse_moment

Kind = Literal["ticket", "callback"]
AgentChannel = Literal["auto", "left", "right"]

ProfileOption = Annotated[
    str | None,
    typer.Option(
        "--profile",
        "-p",
        metavar="NAME|FOLDER",
        help="Hotline profile; without it JIESU_PROFILE, else haikou.",
    ),
]
EngineOption = Annotated[
    str | None,
    typer.Option("--engine", help="Recogniser: whisper (CPU) or funasr; without it JIESU_ENGINE."),
]
AgentChannelOption = Annotated[
    AgentChannel,
    typer.Option(
        "--agent-channel", help="Where the agent is in a two-leg recording; auto: by what is said."
    ),
]
MaskOption = Annotated[
    str | None,
    typer.Option(
        "--mask",
        metavar="ROLE",
        help="Cover personal data as this role of the profile sees it: qa, inspection, export …",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a page to read.")]


def moment(text: str) -> datetime:
    """Read a time given on the command line."""
    try:
        return parse_moment(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


DataOption = Annotated[Path, typer.Option("--data", help="Folder of the data set.")]
DEFAULT_DATA = Path("../shared/data")
