"""What the documentation shows exists, and what can be run is run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from models import registry
from models.errors import ModelsError
from serving.cli.main import COMMANDS, app
from tests.conftest import ROOT
from tests.integration.pages import Block, Page, commands_of

PAGES = [Page.read(p) for p in (ROOT / "README.md", ROOT / "README.zh-CN.md")]
PAGES += [Page.read(p) for p in sorted((ROOT / "docs").glob("*.md"))]

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path.name)

HARMLESS = {".", "cat", "cd", "cp", "echo", "export", "head", "mkdir", "sed"}
"""Programs that a reader has, and that the tests may run too."""

RUNNABLE = {"process", "extract", "score", "models list", "models verify", "profiles check"}
"""Commands that only read and compute: the blocks made of these alone are run."""


@cache
def _help(*command: str) -> str | None:
    """The help of a command; None where there is no such command."""
    result = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "200"})
    return result.stdout if result.exit_code == 0 else None


def _command_words(words: list[str]) -> list[str]:
    """The one or two words that name the command at the start of `words`."""
    if len(words) > 1 and re.fullmatch(r"[a-z]+", words[1]) and _help(*words[:2]):
        first = _help(words[0]) or ""
        if re.search(rf"^\W*{words[1]}\s", first, re.MULTILINE):
            return words[:2]
    return words[:1]


def _faults(words: list[str]) -> list[str]:
    """What does not exist in a `jiesu` command."""
    shown = _command_words(words)
    text = _help(*shown)
    if text is None:
        return [f"there is no command jiesu {' '.join(words)}"]
    options = {word.partition("=")[0] for word in words if word.startswith("--")}
    known = set(re.findall(r"--[a-z][a-z-]*", text))
    return [f"jiesu {' '.join(shown)} has no option {o}" for o in sorted(options - known)]


def _make_faults(words: list[str]) -> list[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    faults = []
    for word in words:
        name = word.partition("=")[0]
        pattern = rf"^{name} \?=" if "=" in word else rf"^{re.escape(name)}:"
        if not re.search(pattern, makefile, re.MULTILINE):
            faults.append(f"the Makefile has no {name}")
    return faults


def _pip_faults(words: list[str]) -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = re.findall(r"jiesu\[([a-z,]+)\]", " ".join(words))
    extras = {extra for group in wanted for extra in group.split(",")}
    return [f"there is no extra {e}" for e in extras - set(project["optional-dependencies"])]


@every_page
def test_commands_in_blocks_exist(page: Page) -> None:
    faults = []
    for program, *arguments in page.commands():
        if program == "jiesu":
            faults += _faults(arguments)
        elif program == "make":
            faults += _make_faults(arguments)
        elif program == "pip":
            faults += _pip_faults(arguments)
        elif program == "python":
            module = arguments[arguments.index("-m") + 1]
            if not (ROOT / module.replace(".", "/")).with_suffix(".py").is_file():
                faults.append(f"there is no module {module}")
        elif program not in HARMLESS:
            faults.append(f"a reader may not have {program}")
    assert faults == []


@every_page
def test_commands_in_text_exist(page: Page) -> None:
    assert [fault for _, *words in page.mentioned_commands() for fault in _faults(words)] == []


@every_page
def test_paths_in_blocks_exist(page: Page) -> None:
    tops = {p.name for p in ROOT.iterdir() if p.is_dir() and not p.name.startswith(".")}
    paths = [
        word.rpartition("=")[2]
        for command in page.commands()
        for word in command
        if word.rpartition("=")[2].partition("/")[0] in tops and "/" in word
    ]
    assert [path for path in paths if not (ROOT / path).exists()] == []


@every_page
def test_links_lead_somewhere(page: Page) -> None:
    broken = []
    for link in page.links():
        target, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        path = (page.path.parent / target).resolve() if target else page.path
        if not path.exists() or (anchor and anchor not in Page.read(path).anchors()):
            broken.append(link)
    assert broken == []


@every_page
def test_json_blocks_are_json(page: Page) -> None:
    for block in page.blocks("json"):
        json.loads(block.text)


def test_both_readmes_say_the_same() -> None:
    english, chinese = PAGES[:2]
    assert english.heading_levels() == chinese.heading_levels()
    for language in ("bash", "json", "python", "yaml"):
        assert english.blocks(language) == chinese.blocks(language)
    for pattern in (r"^\|", r"^- "):
        counts = [len(re.findall(pattern, p.text, re.MULTILINE)) for p in (english, chinese)]
        assert counts[0] == counts[1]
    # What a table row names in code is the same in both, and so is every figure.
    named = [re.findall(r"^\| `([^`]+)`", p.text, re.MULTILINE) for p in (english, chinese)]
    assert named[0] == named[1]


def test_the_readme_names_every_command() -> None:
    named = {words[1] for words in PAGES[0].mentioned_commands()}
    assert set(COMMANDS) - named <= {"db"}


def _runnable_blocks() -> list[tuple[str, Block]]:
    found = []
    for page in PAGES:
        if page.path.name == "README.zh-CN.md":
            continue  # its blocks are those of README.md
        for block in page.blocks("bash"):
            commands = list(commands_of(block.text))
            jiesu = [c for c in commands if c[0] == "jiesu"]
            if (
                jiesu
                and all(c[0] in HARMLESS | {"jiesu"} for c in commands)
                and all(" ".join(_command_words(c[1:])) in RUNNABLE for c in jiesu)
                and not any("funasr" in c for c in jiesu)
            ):
                found.append((page.path.name, block))
    return found


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    """A folder that looks like a clone, without what git does not track; commands run in it."""
    for path in ROOT.iterdir():
        if not path.name.startswith("."):
            (tmp_path / path.name).symlink_to(path)
    command = tmp_path / ".venv" / "bin" / "jiesu"
    command.parent.mkdir(parents=True)
    script = "import sys; from serving.cli.main import main; sys.exit(main())"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{script}" "$@"\n')
    command.chmod(0o755)
    (command.parent / "activate").write_text(f'PATH="{command.parent}:$PATH"\n')
    return tmp_path


@pytest.mark.weights
@pytest.mark.parametrize(
    ("page", "block"),
    [pytest.param(p, b, id=f"{p}-{i}") for i, (p, b) in enumerate(_runnable_blocks())],
)
def test_shown_commands_run(page: str, block: Block, workplace: Path) -> None:
    try:
        for name in registry.default_models():
            registry.resolve(name)
    except ModelsError as error:
        pytest.skip(str(error))
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f". .venv/bin/activate\n{block.text}"],
        cwd=workplace,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{page}: {block.text}\n{done.stderr}"
    if "process" in block.text and "--json" in block.text:
        result = json.loads(done.stdout)
        assert result["transcript"]["utterances"]
        assert result["ticket"]["title"]["value"]


def test_some_commands_are_run() -> None:
    assert len(_runnable_blocks()) >= 2


@every_page
def test_python_blocks_run(page: Page, workplace: Path) -> None:
    for block in page.blocks("python"):
        done = subprocess.run(
            [sys.executable, "-c", block.text],
            cwd=workplace,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{block.text}\n{done.stderr}"


def test_the_checks_see_what_is_wrong() -> None:
    assert _faults(["proces", "FILE"]) != []
    assert _faults(["process", "FILE", "--colour"]) == ["jiesu process has no option --colour"]
    assert _faults(["models", "list", "--json"]) == []
    assert _make_faults(["demo", "FILE=x", "dinner", "PLATE=y"]) == [
        "the Makefile has no dinner",
        "the Makefile has no PLATE",
    ]
    assert _pip_faults(["install", "jiesu[gpu,gold]"]) == ["there is no extra gold"]
