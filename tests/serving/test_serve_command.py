"""`jiesu serve`, `replay` and `db` as a user starts them."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from serving.cli.main import app
from serving.errors import AddressError, OutputError, ProfileError, ReplayError, StoreError
from tests.conftest import ROOT
from tests.serving.service import SCRIPT, doubles, serving, settings_in, write_recording


@pytest.fixture(autouse=True)
def _settings_of_the_tests_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("JIESU_")]:
        monkeypatch.delenv(name)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_schema_is_upgraded_once(tmp_path: Path) -> None:
    folder = ["--data-dir", str(tmp_path / "new" / "data")]
    assert "from nothing to" in run("db", "upgrade", *folder)
    assert "up to date" in run("db", "upgrade", *folder)


def test_a_data_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file"):
        run("db", "upgrade", "--data-dir", str(tmp_path / "file"))


def test_a_database_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIESU_DATABASE_URL", "sqlite:////no/such/folder/jiesu.db")
    with pytest.raises(StoreError, match="check the database URL"):
        run("db", "upgrade")


def test_a_taken_port_shows_before_models_are_loaded(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        with pytest.raises(AddressError, match=f"port {port}"):
            run("serve", "--port", port, "--data-dir", str(tmp_path))


def test_a_wrong_profile_shows_before_models_are_loaded(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="nowhere"):
        run("serve", "--port", "0", "--profile", "nowhere", "--data-dir", str(tmp_path))


def test_replay_prints_what_is_said_and_what_it_changes(tmp_path: Path) -> None:
    path = str(write_recording(tmp_path / "call.wav"))
    with serving(settings_in(tmp_path), doubles().parts) as address:
        printed = run("replay", path, address, "--speed", "20")
        lines = run("replay", path, address, "--speed", "20", "--json").splitlines()
        with pytest.raises(ReplayError, match="no profile"):
            run("replay", path, address, "--profile", "nowhere")
    for _, _, _, text in SCRIPT:
        assert text in printed
    assert "联系电话 13900001234" in printed
    assert "已存档" in printed
    assert {json.loads(line)["type"] for line in lines} >= {"ready", "transcript", "draft", "qa"}


@contextlib.contextmanager
def service_process(data_dir: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`jiesu serve` as a process of its own; yields it and its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "serving.cli.main", "serve", "--port", "0",
         "--data-dir", str(data_dir)],
        cwd=ROOT, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        told = []
        for line in process.stderr:
            told.append(line)
            if found := re.search(r"serving at (http://\S+)", line):
                yield process, found.group(1)
                return
        if any("jiesu models pull" in line for line in told):
            pytest.skip("needs the models of `jiesu models pull`")
        raise AssertionError("".join(told))
    finally:
        process.kill()
        process.communicate()


@pytest.mark.weights
def test_the_service_starts_answers_and_goes_down_in_order(tmp_path: Path) -> None:
    with service_process(tmp_path) as (process, address):
        assert httpx.get(f"{address}/ready").json()["status"] == "ready"
        path = write_recording(tmp_path / "call.wav")
        with path.open("rb") as file:
            answer = httpx.post(f"{address}/api/calls", files={"file": file})
        assert answer.status_code == 202
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    with service_process(tmp_path) as (_, address):
        state = httpx.get(f"{address}/api/calls/{answer.json()['call_id']}/status").json()["state"]
        assert state in ("queued", "processing", "done")
