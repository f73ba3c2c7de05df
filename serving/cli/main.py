"""`jiesu`: all commands in one place.

A command's module is imported when the command runs, not before: help, completion and a
mistyped name answer at once.
"""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from serving.cli.exits import run_command

COMMANDS = {
    "process": ("serving.cli.process:process", "Process one recording."),
    "batch": ("serving.cli.batch:batch", "Process many recordings, resumably."),
    "extract": ("serving.cli.extract:extract", "Understand texts: JSON lines in, JSON lines out."),
    "score": ("serving.cli.score:score", "Score a transcript: QA card or callback answers."),
    "serve": ("serving.cli.serve:serve", "Run the service: pages, HTTP, live WebSocket."),
    "replay": ("serving.cli.serve:replay", "Stream a recording to a service in real time."),
    "profiles": ("serving.cli.profiles:profiles_app", "Check and list hotline profiles."),
    "models": ("serving.cli.models:models_app", "List, fetch, verify and train model weights."),
    "corrections": (
        "serving.cli.corrections:corrections_app",
        "Export what people corrected, for training.",
    ),
    "db": ("serving.cli.serve:db_app", "Look after the service's database."),
    "bench": ("serving.cli.bench:bench_app", "Measure quality and speed on a data set."),
}
"""Where each command stands, and what the overview says of it."""


class _Later(TyperCommand):
    """Stands for a command whose module is not imported yet."""

    def load(self) -> Any:
        """Import the command."""
        module, attribute = COMMANDS[str(self.name)][0].split(":")
        found: Any = getattr(import_module(module), attribute)
        if isinstance(found, typer.Typer):
            return typer.main.get_command(found)
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        alone.command(self.name)(found)
        return typer.main.get_command(alone)


class _LazyGroup(TyperGroup):
    """Knows its commands by name and imports the one that is called."""

    # Typer carries a click of its own in some releases and uses the installed one in
    # others: the base class's types are not to be named.

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        return _Later(cmd_name, help=COMMANDS[cmd_name][1])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        return name, command.load() if isinstance(command, _Later) else command, rest


app = typer.Typer(
    name="jiesu",
    cls=_LazyGroup,
    help="接诉: calls of a 12345 hotline to transcripts, ticket drafts and QA reports.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(asked: bool) -> None:
    if asked:
        from serving.provenance import software_version

        typer.echo(software_version())
        raise typer.Exit


@app.callback()
def jiesu(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Print the version and leave.",
            is_eager=True,
            callback=_print_version,
        ),
    ] = False,
) -> None:
    """接诉: calls of a 12345 hotline to transcripts, ticket drafts and QA reports."""


def main() -> NoReturn:
    """Run the command line; the console script's entry."""
    run_command(partial(app, prog_name="jiesu"))


if __name__ == "__main__":
    main()
