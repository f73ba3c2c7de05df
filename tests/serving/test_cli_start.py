"""The command line before any command runs: quick, and true to what it will do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module

import pytest
import typer

from serving.cli.main import COMMANDS
from tests.integration.command_line import command, environment, jiesu

HEAVY = ("numpy", "av", "ctranslate2", "onnxruntime", "pydantic", "fastapi", "sqlalchemy", "httpx")


def test_help_answers_within_half_a_second() -> None:
    """By CPU time, the best of several: a test machine may be busy with other things."""
    best = 10.0
    for _ in range(5):
        before = os.times()
        subprocess.run(command("--help"), env=environment(), check=True, capture_output=True)
        after = os.times()
        spent = after.children_user + after.children_system
        best = min(best, spent - before.children_user - before.children_system)
    assert best < 0.5


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys, json, serving.cli.main as m\n"
        "try: m.app(['--help'])\n"
        "except SystemExit: pass\n"
        f"print(json.dumps([n for n in {HEAVY!r} if n in sys.modules]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(), capture_output=True, check=True
    )
    assert json.loads(done.stdout.decode().splitlines()[-1]) == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there_and_explains_itself(name: str) -> None:
    module, attribute = COMMANDS[name][0].split(":")
    found = getattr(import_module(module), attribute)
    assert isinstance(found, typer.Typer) or found.__doc__
    ran = jiesu(name, "--help")
    assert ran.code == 0, ran.err
    assert "Usage:" in ran.out
    assert name in jiesu("--help").out


def test_version() -> None:
    ran = jiesu("--version")
    assert (ran.code, ran.out.split()[0]) == (0, "jiesu")


def test_unknown_command() -> None:
    ran = jiesu("proces")
    assert ran.code == 2
    assert "proces" in ran.err
