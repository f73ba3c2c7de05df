from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest

from serving.batch.manifest import CallItem, read_items
from serving.batch.pools import run_here, run_in_processes
from serving.batch.run import BatchProgress, run_batch
from serving.batch.worker import Outcome
from serving.errors import OutputError
from tests.serving.cheap_batch import MakeCheapWorker, NoWorker

Run = Callable[[Sequence[CallItem]], Iterable[Outcome]]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in "abcde":
        (folder / f"{name}.wav").write_text("fail" if name == "c" else f"words {name}")
    return folder


def here(tmp_path: Path) -> Run:
    return lambda items: run_here(items, MakeCheapWorker(tmp_path / "worked.log"))


def worked(tmp_path: Path) -> list[str]:
    return (tmp_path / "worked.log").read_text().split()


def test_each_call_gets_its_result_and_bad_ones_a_reason(tmp_path: Path, source: Path) -> None:
    seen: list[int] = []
    out = tmp_path / "out"
    ended = run_batch(
        read_items(source), out, here(tmp_path), on_progress=lambda p: seen.append(p.finished)
    )
    assert (ended.total, ended.done, ended.finished) == (5, 4, 5)
    assert [(o.call_id, o.message) for o in ended.failed] == [("c", "not audio")]
    assert seen == [0, 1, 2, 3, 4, 5]
    assert ended.left_bytes == 0
    assert sorted(p.stem for p in out.glob("*.json")) == ["a", "b", "d", "e"]
    assert "words d" in json.loads((out / "d.json").read_text())["words"]


def test_resume_leaves_finished_and_failed_calls_alone(tmp_path: Path, source: Path) -> None:
    out = tmp_path / "out"
    run_batch(read_items(source), out, here(tmp_path))
    (source / "f.wav").write_text("new")
    ended = run_batch(read_items(source), out, here(tmp_path), resume=True)
    assert (ended.earlier_done, ended.earlier_failed, ended.done) == (4, 1, 1)
    assert sorted(worked(tmp_path)) == list("abcdef")


def test_failed_calls_are_tried_again_when_asked_for(tmp_path: Path, source: Path) -> None:
    out = tmp_path / "out"
    run_batch(read_items(source), out, here(tmp_path))
    (source / "c.wav").write_text("good now")
    ended = run_batch(read_items(source), out, here(tmp_path), resume=True, retry_failed=True)
    assert (ended.done, ended.failed, ended.earlier_done) == (1, [], 4)
    again = run_batch(read_items(source), out, here(tmp_path), resume=True, retry_failed=True)
    assert (again.earlier_done, again.done) == (5, 0)


def test_earlier_run_is_not_mixed_into_unasked(tmp_path: Path, source: Path) -> None:
    out = tmp_path / "out"
    run_batch(read_items(source), out, here(tmp_path))
    with pytest.raises(OutputError, match="--resume"):
        run_batch(read_items(source), out, here(tmp_path))


def test_change_between_runs_is_told(tmp_path: Path, source: Path) -> None:
    out, items = tmp_path / "out", read_items(source)
    before = {"engine": "whisper", "profile_version": "1"}
    assert run_batch(items, out, here(tmp_path), facts=before).changed == ()
    same = run_batch(items, out, here(tmp_path), resume=True, facts=before)
    assert same.changed == ()
    after = {"engine": "whisper", "profile_version": "2"}
    other = run_batch(items, out, here(tmp_path), resume=True, facts=after)
    assert other.changed == ("profile_version",)


def test_nothing_left_loads_no_worker(tmp_path: Path, source: Path) -> None:
    out = tmp_path / "out"
    run_batch(read_items(source), out, here(tmp_path))
    ended = run_batch(
        read_items(source), out, lambda items: run_here(items, NoWorker()), resume=True
    )
    assert ended.finished == 5


def test_start_that_failed_before_the_first_call_needs_no_resume(
    tmp_path: Path, source: Path
) -> None:
    out = tmp_path / "out"
    with pytest.raises(RuntimeError, match="no such model"):
        run_batch(read_items(source), out, lambda items: run_here(items, NoWorker()))
    assert run_batch(read_items(source), out, here(tmp_path)).done == 4


def test_processes_do_the_same_work(tmp_path: Path, source: Path) -> None:
    make_worker = MakeCheapWorker(tmp_path / "worked.log")
    ended = run_batch(
        read_items(source), tmp_path / "out", lambda items: run_in_processes(items, make_worker, 2)
    )
    assert (ended.done, [o.call_id for o in ended.failed]) == (4, ["c"])
    assert sorted(worked(tmp_path)) == list("abcde")


def test_process_that_dies_costs_its_own_call_only(tmp_path: Path, source: Path) -> None:
    (source / "b.wav").write_text("die")
    make_worker = MakeCheapWorker(tmp_path / "worked.log")
    ended = run_batch(
        read_items(source), tmp_path / "out", lambda items: run_in_processes(items, make_worker, 2)
    )
    assert ended.done == 3
    assert {o.call_id: o.error for o in ended.failed} == {
        "b": "WorkerDied",
        "c": "AudioDecodeError",
    }
    assert "exit code 7" in next(o.message for o in ended.failed if o.call_id == "b")


def test_worker_that_cannot_be_made_ends_the_batch(tmp_path: Path, source: Path) -> None:
    with pytest.raises(RuntimeError, match="no such model"):
        run_batch(
            read_items(source),
            tmp_path / "out",
            lambda items: run_in_processes(items, NoWorker(), 2),
        )


def test_time_left_is_reckoned_by_size() -> None:
    progress = BatchProgress(total=2, left_bytes=300)
    assert progress.left_s is None
    progress.read_bytes, progress.left_bytes, progress.started = 100, 200, progress.started - 10
    assert progress.left_s == pytest.approx(20, abs=1)
    progress.audio_ms = 50_000
    assert progress.times_real_time == pytest.approx(5, abs=0.5)
