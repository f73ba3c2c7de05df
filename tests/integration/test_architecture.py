"""The rooms keep to their layers, their libraries and their size."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import ROOT
from tests.integration.house import (
    ROOMS,
    House,
    import_cycle,
    layer_faults,
    libraries,
    ownership_faults,
    reached,
    read_house,
)

OWNERS = {
    "torch": ("models", "asr"),
    "transformers": ("models", "asr"),
    "funasr": ("asr",),
    "ctranslate2": ("models", "asr"),
    "modelscope": ("models",),
    "huggingface_hub": ("models",),
    "ray": ("serving",),
    "fastapi": ("serving",),
    "starlette": ("serving",),
    "uvicorn": ("serving",),
    "websockets": ("serving",),
    "sqlalchemy": ("serving",),
    "alembic": ("serving",),
    "typer": ("models", "serving"),
}
"""Which rooms may import a library at all, even inside a function."""

HEAVY = ("torch", "ray", "fastapi", "transformers", "funasr")
LONGEST_FILE_LINES = 300
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}


@pytest.fixture(scope="module")
def house() -> House:
    return read_house(ROOT)


def test_rooms_import_only_to_their_left(house: House) -> None:
    assert layer_faults(house) == []


def test_no_import_cycles(house: House) -> None:
    assert import_cycle(house) == []


def test_libraries_stay_in_the_rooms_that_own_them(house: House) -> None:
    assert ownership_faults(house, OWNERS) == []


def test_files_are_short_and_named_for_what_they_do(house: House) -> None:
    long = [f"{m.path}: {m.lines}" for m in house.values() if m.lines > LONGEST_FILE_LINES]
    vague = [str(m.path) for m in house.values() if VAGUE_NAMES & set(m.name.split("."))]
    assert (long, vague) == ([], [])


def _declared(apart: str = "") -> tuple[set[str], set[str]]:
    """Distributions of the base install, and those of the extras but one."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = project["optional-dependencies"].items()
    extras = [line for extra, lines in groups if extra != apart for line in lines]
    return _names(project["dependencies"]), _names(extras)


def _names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(line).name) for line in requirements}


def test_every_library_is_declared(house: House) -> None:
    base, extras = _declared()
    installed = packages_distributions()
    undeclared = {}
    for eager in (True, False):
        for library, importers in libraries(house, eager=eager).items():
            provided = {canonicalize_name(d) for d in installed.get(library, [library])}
            if not provided & (base | extras) and library not in OPTIONAL:
                undeclared[library] = sorted(importers)
    assert undeclared == {}


OPTIONAL = {"huggingface_hub", "markupsafe", "modelscope", "pydantic_core", "starlette"}
"""Comes with a library that is declared (tokenizers, jinja2, funasr, pydantic, fastapi)."""

RUNNING = {"models.extractor.encoder"}
"""Below a folder of training code, and yet at work on every call."""

UNSEEN = {"jinja2", "kaldi-native-fbank", "psycopg", "transformers"}
"""Imported for us by fastapi, funasr and SQLAlchemy."""


def test_every_declared_library_is_used(house: House) -> None:
    """In the base, by something that runs a call and not only by training."""
    base, extras = _declared(apart="dev")
    running, all_uses = set(), set()
    installed = packages_distributions()
    for eager in (True, False):
        for library, importers in libraries(house, eager=eager).items():
            provided = {canonicalize_name(d) for d in installed.get(library, [library])}
            all_uses |= provided
            if any(name in RUNNING or not re.match(r"models\.\w+\.", name) for name in importers):
                running |= provided
    assert base - running - UNSEEN == set()
    assert extras - all_uses - UNSEEN == set()


TRAINING = ("models.",)
"""Where a module may need the [train] or [gpu] extra as soon as it is imported."""

NETWORKS = ("asr.streaming.paraformer",)
"""Networks in PyTorch; imported where a setting asks for them, and not before."""


def test_the_base_install_can_import_what_runs_a_call(house: House) -> None:
    """Outside training, networks and the cluster, no module needs an extra to be imported."""
    base, extras = _declared()
    installed = packages_distributions()
    needing = {}
    for name in house:
        if name.startswith((*TRAINING, *NETWORKS, "serving.cluster")):
            continue
        only_extra = {
            library
            for library in reached(house, name)
            if {canonicalize_name(d) for d in installed.get(library, [library])} & extras - base
        }
        if only_extra:
            needing[name] = sorted(only_extra)
    assert needing == {}


@pytest.mark.parametrize("room", ROOMS)
def test_importing_a_room_is_light(room: str) -> None:
    script = f"import sys, {room}; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def _write(root: Path, files: dict[str, str]) -> House:
    for room in ROOMS:
        (root / room).mkdir()
        (root / room / "__init__.py").write_text("")
    for name, source in files.items():
        (root / name).write_text(source)
    return read_house(root)


def test_the_checks_see_what_is_wrong(tmp_path: Path) -> None:
    house = _write(
        tmp_path,
        {
            "asr/ears.py": "def late():\n    from serving import web\n",
            "serving/web.py": "import fastapi\nfrom nlu import words\n",
            "nlu/words.py": "from nlu import names\nimport funasr.auto\n",
            "nlu/names.py": "import nlu.words\n",
            "models/fine.py": (
                "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from models import also\n"
            ),
            "models/also.py": "from . import fine\n",
        },
    )
    assert layer_faults(house) == ["asr/ears.py:2 imports serving.web"]
    assert set(import_cycle(house)) == {"nlu.words", "nlu.names"}
    assert ownership_faults(house, OWNERS) == ["nlu/words.py:2 imports funasr.auto"]
    assert libraries(house, eager=True) == {"fastapi": {"serving.web"}, "funasr": {"nlu.words"}}
    assert reached(house, "serving.web") == {"fastapi", "funasr"}
    assert reached(house, "asr.ears") == set()
