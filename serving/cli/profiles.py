"""`jiesu profiles`: the hotlines there are, and whether their profiles can be used."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from serving.cli.exits import USAGE, emit

profiles_app = typer.Typer(help="Hotline profiles.", no_args_is_help=True)


@profiles_app.callback()
def profiles() -> None:
    """Hotline profiles: folders of YAML, shipped or in JIESU_PROFILES_DIR."""


@profiles_app.command()
def check(
    profile: Annotated[
        str | None,
        typer.Argument(metavar="[NAME|FOLDER]", help="One profile; without it all there are."),
    ] = None,
) -> None:
    """Check profiles whole and list them; every problem names its file and line."""
    from serving.profile import available_profiles, read_profile
    from serving.profile.loader import find_profile
    from serving.settings import load_settings

    settings = load_settings()
    if profile is None:
        folders = list(available_profiles(settings.profiles_dir).values())
    else:
        folders = [find_profile(profile, settings.profiles_dir)]
    faulty = 0
    for folder in folders:
        reading = read_profile(folder, with_weights=True)
        if reading.profile is None or reading.problems:
            faulty += 1
            emit(f"✗ {folder.resolve().name}  {_count(len(reading.problems), 'problem')}")
            for problem in reading.problems:
                emit(f"    {_from_here(str(problem))}")
            continue
        found = reading.profile
        emit(
            f"✓ {found.name}  {found.title}  {found.full_version}  "
            f"{_count(len(found.nlu.agencies.agencies), 'agency', 'agencies')}, "
            f"{_count(len(found.nlu.taxonomy.paths()), 'category', 'categories')}, "
            f"{_count(len(found.qa.rules), 'QA rule')}"
        )
    if faulty:
        raise typer.Exit(USAGE)


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _from_here(text: str) -> str:
    return text.removeprefix(f"{Path.cwd()}/")
