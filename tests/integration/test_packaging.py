"""The built wheel holds the five packages with their data, and its command runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from configparser import ConfigParser
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from tests.conftest import ROOT
from tests.integration.house import ROOMS

BUILD_FILES = ("pyproject.toml", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    found: dict[str, Any] = tomllib.loads(text)["project"]
    return found


def _package_files() -> set[str]:
    """Every file of the rooms that belongs to a release, as git sees it where there is git."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *ROOMS],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listing.returncode == 0:
        names = {name for name in listing.stdout.split("\0") if name}
    else:
        paths = (path for room in ROOMS for path in (ROOT / room).rglob("*"))
        names = {p.relative_to(ROOT).as_posix() for p in paths if "__pycache__" not in p.parts}
    return {name for name in names if (ROOT / name).is_file()}


def _pip(command: str, *arguments: str) -> None:
    line = [sys.executable, "-m", "pip", command, "--quiet", "--disable-pip-version-check"]
    line += ["--no-deps", "--no-index", *arguments]
    done = subprocess.run(line, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy of the sources, so that nothing is left in the tree."""
    source = tmp_path_factory.mktemp("source")
    for name in (*BUILD_FILES, *_package_files()):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    target = tmp_path_factory.mktemp("wheel")
    _pip("wheel", "--no-build-isolation", "--wheel-dir", str(target), str(source))
    (built,) = target.glob("jiesu-*.whl")
    return built


def test_wheel_holds_every_file_of_the_rooms_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = {n for n in archive.namelist() if ".dist-info/" not in n}
    assert inside == _package_files()


def test_wheel_says_what_the_project_says(wheel: Path, project: dict[str, Any]) -> None:
    with zipfile.ZipFile(wheel) as archive:
        info = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        folder = info.rpartition("/")[0]
        metadata = HeaderParser().parsestr(archive.read(info).decode())
        commands = ConfigParser()
        commands.read_string(archive.read(f"{folder}/entry_points.txt").decode())
        names = archive.namelist()
    assert metadata["Version"] == project["version"]
    assert metadata["License-Expression"] == "Apache-2.0"
    assert set(metadata.get_all("Provides-Extra", [])) == set(project["optional-dependencies"])
    assert dict(commands["console_scripts"]) == project["scripts"]
    assert f"{folder}/licenses/LICENSE" in names


def test_base_install_has_no_torch(project: dict[str, Any]) -> None:
    base = {Requirement(line).name for line in project["dependencies"]}
    assert not base & {"torch", "funasr", "transformers", "ray"}
    for lines in project["optional-dependencies"].values():
        for line in lines:
            assert Requirement(line).specifier or Requirement(line).name.startswith("types-")


def test_installed_wheel_runs_away_from_the_source(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    _pip("install", "--target", str(site), str(wheel))
    environment = {**os.environ, "PYTHONPATH": str(site), "JIESU_MODELS_DIR": str(tmp_path)}

    def run(*command: str) -> str:
        done = subprocess.run(
            [sys.executable, *command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    origin = run("-c", "import serving.cli.main as m; print(m.__file__)")
    assert Path(origin.strip()).is_relative_to(site)
    command = str(site / "bin" / "jiesu")
    assert "whisper-base" in run(command, "models", "list", "--json")
    assert "haikou" in run(command, "profiles", "check")
