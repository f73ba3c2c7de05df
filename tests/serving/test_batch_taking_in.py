"""Results of a batch looked at in the service: taken in once, never over what is there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from serving.batch.taking_in import take_in
from serving.errors import ManifestError
from serving.store import CallStore
from serving.store.engine import open_engine, sqlite_url
from serving.store.migrate import upgrade
from tests.serving.test_contract import as_json


@pytest.fixture
def results(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    for name in ("a", "b"):
        call = {**as_json("ticket"), "call_id": name}
        (folder / f"{name}.json").write_text(json.dumps(call), encoding="utf-8")
    (folder / "broken.json").write_text("{", encoding="utf-8")
    (folder / "long.json").write_text(
        json.dumps({**as_json("ticket"), "call_id": "x" * 65}), encoding="utf-8"
    )
    (folder / "journal.jsonl").write_text("{}\n", encoding="utf-8")
    return folder


def test_results_are_taken_in_once(tmp_path: Path, results: Path) -> None:
    engine = open_engine(sqlite_url(tmp_path))
    upgrade(engine)
    calls = CallStore(engine)
    first, second = take_in(results, calls), take_in(results, calls)
    assert (first.taken, first.known, first.failed) == (2, 0, 2)
    assert (second.taken, second.known, second.failed) == (0, 2, 2)
    page = calls.page(states=["done"])
    assert {(call.id, call.source, call.recording) for call in page.calls} == {
        ("a", "batch", None),
        ("b", "batch", None),
    }
    assert calls.get("a").result == {**as_json("ticket"), "call_id": "a"}
    engine.dispose()


def test_a_folder_without_results_is_told(tmp_path: Path) -> None:
    engine = open_engine(sqlite_url(tmp_path))
    with pytest.raises(ManifestError, match="no results"):
        take_in(tmp_path, CallStore(engine))
    engine.dispose()


def test_the_command(tmp_path: Path, results: Path) -> None:
    command = [sys.executable, "-m", "serving.cli.main", "db", "import", str(results)]
    answer = subprocess.run(
        [*command, "--data-dir", str(tmp_path / "data")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert answer.returncode == 1
    assert "2 taken in, 0 known before, 2 not usable" in answer.stdout
