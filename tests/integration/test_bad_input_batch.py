"""`jiesu batch` as its users run it: bad files, kills, second starts."""

from __future__ import annotations

import importlib.util
import json
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from serving.contract import CallModel
from tests.integration.command_line import SCRIPTED, command, environment, jiesu
from tests.integration.spoken_call import write_call
from tests.integration.test_bad_input import BAD, make_bad


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("first", "last"):
        write_call(folder / f"{name}.wav")
    return folder


def test_bad_files_are_noted_and_the_others_go_on(tmp_path: Path, calls: Path) -> None:
    bad = [kind for kind in BAD if kind != "a folder"]
    for kind in bad:
        make_bad(calls / f"{kind}.wav", kind, calls / "first.wav")
    out = tmp_path / "out"
    ran = jiesu("batch", calls, out, "--json", module=SCRIPTED)
    assert ran.code == 1
    assert ran.err == ""
    summary = json.loads(ran.out)
    assert (summary["calls"], summary["done"]) == (len(bad) + 2, 2)
    assert {f["call_id"] for f in summary["failed"]} == set(bad)
    assert all(f["message"] and f["error"].endswith("Error") for f in summary["failed"])
    assert sorted(p.stem for p in out.glob("*.json")) == ["first", "last"]
    for path in out.glob("*.json"):
        CallModel.model_validate_json(path.read_text(encoding="utf-8"))

    for path in [calls / f"{kind}.wav" for kind in bad]:
        shutil.copy(calls / "first.wav", path)
    again = jiesu("batch", calls, out, "--resume", "--json", module=SCRIPTED)
    assert again.code == 1
    assert json.loads(again.out)["failed_before"] == len(bad)
    mended = jiesu("batch", calls, out, "--resume", "--retry-failed", "--json", module=SCRIPTED)
    assert mended.code == 0
    assert json.loads(mended.out)["done"] == len(bad)


def test_list_gives_kind_time_and_name(tmp_path: Path, calls: Path) -> None:
    manifest = tmp_path / "calls.csv"
    manifest.write_text(
        "path,kind,received_at,call_id\nin/first.wav,callback,2026-03-02T09:30,甲\n"
    )
    ran = jiesu("batch", manifest, tmp_path / "out", module=SCRIPTED)
    assert ran.code == 0, ran.err
    assert "完成 1" in ran.out
    result = CallModel.model_validate_json((tmp_path / "out" / "甲.json").read_text())
    assert (result.call_id, result.kind) == ("甲", "callback")
    assert result.provenance["received_at"] == "2026-03-02T09:30:00+08:00"


def test_several_workers_give_the_same_results(tmp_path: Path, calls: Path) -> None:
    one = jiesu("batch", calls, tmp_path / "one", module=SCRIPTED)
    two = jiesu("batch", calls, tmp_path / "two", "--workers", "2", module=SCRIPTED)
    assert (one.code, two.code) == (0, 0), two.err
    for name in ("first.json", "last.json"):
        results = [
            CallModel.model_validate_json((tmp_path / run / name).read_text())
            for run in ("one", "two")
        ]
        assert results[0].ticket == results[1].ticket


HAS_RAY = importlib.util.find_spec("ray") is not None


@pytest.mark.parametrize("way", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_run_goes_on_where_it_was(
    tmp_path: Path, calls: Path, way: signal.Signals
) -> None:
    out = tmp_path / "out"
    process = subprocess.Popen(
        command("batch", calls, out, module=SCRIPTED),
        env=environment({"JIESU_TEST_SLOW_S": "1.5"}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    with process:
        deadline = time.monotonic() + 60
        while not (out / "first.json").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(way)
        _, said = process.communicate(timeout=60)
    assert process.returncode == (130 if way == signal.SIGINT else -signal.SIGKILL)
    assert "Traceback" not in said
    refused = jiesu("batch", calls, out, module=SCRIPTED)
    assert refused.code == 2
    assert "--resume" in refused.err
    before = (out / "first.json").read_bytes()
    ran = jiesu("batch", calls, out, "--resume", "--json", module=SCRIPTED)
    assert ran.code == 0, ran.err
    summary = json.loads(ran.out)
    assert (summary["done_before"], summary["done"]) == (1, 1)
    assert (out / "first.json").read_bytes() == before


def test_second_run_at_the_same_time_is_refused(tmp_path: Path, calls: Path) -> None:
    out, started = tmp_path / "out", tmp_path / "started"
    process = subprocess.Popen(
        command("batch", calls, out, module=SCRIPTED),
        env=environment({"JIESU_TEST_SLOW_S": "5", "JIESU_TEST_STARTED": str(started)}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with process:
        deadline = time.monotonic() + 60
        while not started.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        second = jiesu("batch", calls, out, "--resume", module=SCRIPTED)
        process.kill()
    assert second.code == 2
    assert "another run" in second.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nix", "out"), "does not exist"),
        ((".", "out", "--profile", "nix"), "no profile 'nix'"),
        ((".", "out", "--workers", "0"), "greater than or equal to 1"),
        ((".", "/proc/out"), "cannot write /proc/out"),
        # Without Ray it says what to install, with it whom it could not reach.
        ((".", "out", "--ray", "127.0.0.1:1"), "127.0.0.1:1" if HAS_RAY else "jiesu[cluster]"),
    ],
)
def test_wrong_usage_ends_with_2(
    tmp_path: Path, calls: Path, arguments: tuple[str, ...], said: str
) -> None:
    ran = jiesu("batch", *arguments, cwd=calls)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_missing_model_ends_the_job_before_any_call_fails(tmp_path: Path, calls: Path) -> None:
    out = tmp_path / "out"
    for workers in ("1", "2"):
        ran = jiesu(
            "batch",
            calls,
            out,
            "--workers",
            workers,
            env={"JIESU_MODELS_DIR": str(tmp_path / "none")},
        )
        assert ran.code == 2
        assert "jiesu models pull" in ran.err
        assert "Traceback" not in ran.err
    assert list(out.glob("*.json")) == []
