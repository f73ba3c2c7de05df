"""Running `jiesu` as a user does: in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

ROOT = Path(__file__).resolve().parents[2]

REAL = "serving.cli.main"
SCRIPTED = "tests.integration.scripted_cli"


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


def command(*arguments: str | Path, module: str = REAL) -> list[str]:
    return [sys.executable, "-m", module, *map(str, arguments)]


def environment(changed: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """The tests' own environment without settings of ours, and with `changed`."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("JIESU_")}
    if models := os.environ.get("JIESU_MODELS_DIR"):
        kept["JIESU_MODELS_DIR"] = models
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error::ResourceWarning", **changed}


def jiesu(
    *arguments: str | Path,
    module: str = REAL,
    cwd: Path = ROOT,
    env: Mapping[str, str] = MappingProxyType({}),
) -> Ran:
    """Run a command line to its end."""
    done = subprocess.run(
        command(*arguments, module=module),
        cwd=cwd,
        env=environment(env),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        stdin=subprocess.DEVNULL,
    )
    return Ran(done.returncode, done.stdout, done.stderr)
