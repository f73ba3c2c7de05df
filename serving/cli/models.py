"""`jiesu models`: what models there are, getting them, checking them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, TextColumn, TransferSpeedColumn
from rich.progress import Progress as Bar
from rich.table import Table

from models.errors import ModelsError, UnknownModelError
from models.fetch import MIRROR_VARIABLE, OnPull, Progress
from models.registry import ModelStatus, ModelStore, default_models, store
from serving.cli.models_adapt import adapt_command
from serving.cli.models_train import train

models_app = typer.Typer(
    name="models",
    help="List, fetch, verify and train model weights.",
    no_args_is_help=True,
    add_completion=False,
)

models_app.command("adapt")(adapt_command)
models_app.command("train")(train)

_STATE_STYLE = {"ready": "green", "missing": "dim", "damaged": "red"}

Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", show_default=False)]


@models_app.command("list")
def list_command(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array on stdout.")] = False,
) -> None:
    """Show every model: its task, size, licence, and whether it is on this machine."""
    statuses = _opened().status()
    if as_json:
        typer.echo(json.dumps([_as_dict(status) for status in statuses], ensure_ascii=False))
        return
    table = Table(box=None, header_style="bold")
    for column in ("name", "state", "size", "hashes"):
        table.add_column(column, justify="right" if column == "size" else "left", no_wrap=True)
    table.add_column("task and licence", overflow="fold")
    for status in statuses:
        entry = status.entry
        size = f"{entry.size / 1e6:.1f} MB" if entry.size else "–"
        trust = "derived" if entry.base else "pinned" if entry.pinned else "first use"
        state = f"[{_STATE_STYLE[status.state]}]{status.state}[/]"
        what = escape(f"{entry.task}; {entry.licence}")
        table.add_row(escape(status.name), state, size, trust, what)
    Console().print(table)
    for status in statuses:
        if status.state == "damaged":
            typer.echo(f"{status.name}: {status.fault}", err=True)


@models_app.command("pull")
def pull_command(
    names: Names = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every model of the registry, the large ones too.")
    ] = False,
    mirror: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="FOLDER",
            help=f"Look for NAME/ in this folder first (also: {MIRROR_VARIABLE}).",
        ),
    ] = None,
) -> None:
    """Fetch models, the default ones if none is named; what is there already is verified only.

    Ends with 1 if some could not be had, 2 if a name is unknown.
    """
    if mirror is not None and not mirror.is_dir():
        raise typer.BadParameter(f"there is no folder {mirror}", param_hint="--from")
    opened = _opened(mirror)
    wanted = list(opened.registry.models) if everything else list(names or default_models())
    _known(opened, wanted)
    failed = 0
    for name in wanted:
        try:
            with _shown_progress() as on_pull:
                folder = opened.pull(name, on_pull)
        except ModelsError as error:
            typer.echo(str(error), err=True)
            failed += 1
        else:
            typer.echo(f"{opened.fingerprint(name)}  {folder}")
    raise typer.Exit(1 if failed else 0)


@models_app.command("verify")
def verify_command(names: Names = None) -> None:
    """Hash models and compare; without names, all that are on this machine.

    Ends with 1 if a model is damaged or a named one is missing, 2 if a name is unknown.
    """
    opened = _opened()
    wanted = list(names or (s.name for s in opened.status() if s.state != "missing"))
    _known(opened, wanted)
    failed = 0
    for name in wanted:
        try:
            lock = opened.verify(name)
        except ModelsError as error:
            typer.echo(str(error), err=True)
            failed += 1
        else:
            typer.echo(f"{name}@{lock.fingerprint}  {len(lock.files)} files as pulled")
    if not wanted:
        typer.echo("no model is on this machine; run `jiesu models pull`", err=True)
    raise typer.Exit(1 if failed else 0)


def _opened(mirror: Path | None = None) -> ModelStore:
    try:
        return store(mirror)
    except ModelsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error


def _known(opened: ModelStore, names: list[str]) -> None:
    try:
        for name in names:
            opened.registry.entry(name)
    except UnknownModelError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error


def _as_dict(status: ModelStatus) -> dict[str, object]:
    entry = status.entry
    return {
        "name": status.name,
        "task": entry.task,
        "description": entry.description,
        "licence": entry.licence,
        "size": entry.size,
        "default": entry.default,
        "pinned": entry.pinned,
        "base": entry.base,
        "state": status.state,
        "fingerprint": status.fingerprint,
        "fault": status.fault,
        "folder": str(status.folder),
    }


@contextmanager
def _shown_progress() -> Iterator[OnPull]:
    """Show a bar on a terminal's stderr, else one line for each new step."""
    if not sys.stderr.isatty():
        yield _line_per_step()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        step = ""

        def show(progress: Progress) -> None:
            nonlocal step
            if progress.step != step:
                step = progress.step
                bar.reset(task, description=escape(f"{progress.model}: {step}"))
            bar.update(task, completed=progress.done, total=progress.total)

        yield show


def _line_per_step() -> OnPull:
    last = ""

    def show(progress: Progress) -> None:
        nonlocal last
        if progress.step != last:
            last = progress.step
            typer.echo(f"{progress.model}: {last}", err=True)

    return show
