"""`jiesu serve`, `jiesu replay` and `jiesu db`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from serving.cli.exits import INPUT_FAILED, emit
from serving.cli.options import Kind, ProfileOption

if TYPE_CHECKING:
    from serving.settings import Settings

ReplayProtocol = Literal["websocket", "freeswitch", "audiosocket", "chan-websocket"]
DataDirOption = Annotated[
    Path | None,
    typer.Option(
        "--data-dir", help="Database and recordings; without it JIESU_DATA_DIR, else per user."
    ),
]


def serve(
    host: Annotated[
        str | None, typer.Option("--host", help="Address to listen on; 0.0.0.0 for all.")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="0 lets the system choose.")
    ] = None,
    profile: ProfileOption = None,
    data_dir: DataDirOption = None,
    funasr_port: Annotated[
        int | None,
        typer.Option(
            "--funasr-port",
            min=0,
            max=65535,
            help="Listen for FunASR clients too, at any path of this port; they expect 10095.",
        ),
    ] = None,
    audiosocket_port: Annotated[
        int | None,
        typer.Option(
            "--audiosocket-port",
            min=0,
            max=65535,
            help="Listen for Asterisk's AudioSocket too; 9019 is what its examples use.",
        ),
    ] = None,
    demo: Annotated[
        Path | None,
        typer.Option(
            "--demo", metavar="FILE", help="Recording that the page /demo plays as a live call."
        ),
    ] = None,
) -> None:
    """Run the service: pages, HTTP interface and live WebSocket on one port."""
    import asyncio
    import logging

    from serving.api.server import serve_until_stopped
    from serving.api.services import real_parts
    from serving.replay.frames import open_two_legs
    from serving.telemetry import set_up_logging

    settings = _settings(
        host=host,
        port=port,
        profile=profile,
        data_dir=data_dir,
        funasr_port=funasr_port,
        audiosocket_port=audiosocket_port,
    )
    if demo is not None:
        # What is wrong with the file is told before the models are loaded.
        open_two_legs(demo).close()
    set_up_logging(settings)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    asyncio.run(serve_until_stopped(settings, real_parts(), demo))


def replay(
    file: Annotated[Path, typer.Argument(help="Two-leg recording: agent left, citizen right.")],
    url: Annotated[
        str,
        typer.Argument(help="The service: http://127.0.0.1:8123, audiosocket://127.0.0.1:9019."),
    ],
    protocol: Annotated[
        ReplayProtocol | None,
        typer.Option("--protocol", help="What to speak; without it, what the address says."),
    ] = None,
    speed: Annotated[
        float, typer.Option("--speed", min=0.1, max=100.0, help="2 plays twice as fast.")
    ] = 1.0,
    call_id: Annotated[
        str | None, typer.Option("--call-id", help="The call's id; without it the service's.")
    ] = None,
    profile: ProfileOption = None,
    kind: Annotated[
        Kind | None, typer.Option("--kind", help="Without it, found by what is said.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print events as JSON lines instead of a page to read.")
    ] = False,
) -> None:
    """Stream a recording to a service in real time, as a telephone system would."""
    import asyncio

    from serving.cli.replay_events import EventPrinter
    from serving.replay.client import ReplayRequest, replay_recording
    from serving.replay.phone import replay_as_phone

    request = ReplayRequest(
        file=file, url=url, speed=speed, call_id=call_id, profile=profile, kind=kind
    )
    printer = EventPrinter(as_json=as_json)
    if protocol is None:
        protocol = "audiosocket" if url.startswith("audiosocket://") else "websocket"
    if protocol == "websocket":
        asyncio.run(replay_recording(request, printer.show))
    else:
        asyncio.run(replay_as_phone(request, protocol, printer.show))


db_app = typer.Typer(
    help="The service's database.", no_args_is_help=True, pretty_exceptions_enable=False
)


@db_app.callback()
def db() -> None:
    """Look after the service's database."""


@db_app.command()
def upgrade(data_dir: DataDirOption = None) -> None:
    """Bring the database's schema to the newest revision; safe to repeat."""
    from serving.api.services import prepare_data_dir
    from serving.store.engine import open_engine, sqlite_url
    from serving.store.migrate import upgrade as upgrade_schema

    settings = _settings(data_dir=data_dir)
    if settings.database_url is None:
        prepare_data_dir(settings)
    engine = open_engine(settings.database_url or sqlite_url(settings.data_dir))
    try:
        before, after = upgrade_schema(engine)
    finally:
        engine.dispose()
    if before == after:
        emit(f"the schema is up to date at {after}")
    else:
        emit(f"the schema went from {before or 'nothing'} to {after}")


@db_app.command("import")
def import_results(
    folder: Annotated[Path, typer.Argument(help="Results of `jiesu batch`.")],
    data_dir: DataDirOption = None,
) -> None:
    """Take the results of a batch into the database, to look at and review them on the pages.

    Results that are there already stay as they are; recordings are not copied.
    """
    from serving.api.services import open_store
    from serving.batch.taking_in import take_in
    from serving.store import CallStore

    engine = open_store(_settings(data_dir=data_dir))
    try:
        count = take_in(folder, CallStore(engine))
    finally:
        engine.dispose()
    emit(f"{count.taken} taken in, {count.known} known before, {count.failed} not usable")
    if count.failed:
        raise typer.Exit(INPUT_FAILED)


def _settings(**given: object) -> Settings:
    """Read the settings; what is given on the command line goes before."""
    from serving.settings import load_settings

    chosen = {name: value for name, value in given.items() if value is not None}
    return load_settings().model_copy(update=chosen)
