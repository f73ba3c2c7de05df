from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from serving.batch.journal import JOURNAL_NAME, open_batch_folder
from serving.errors import OutputError
from serving.output import TEMPORARY_PREFIX


def result(call_id: str) -> str:
    return json.dumps({"call_id": call_id})


def journal_of(out: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (out / JOURNAL_NAME).read_text().splitlines()]


def test_outcomes_are_known_when_opened_again(tmp_path: Path) -> None:
    with open_batch_folder(tmp_path / "out") as folder:
        assert not folder.has_outcomes
        folder.record_run(engine="x")
        folder.record_done("a", result("a"), audio_ms=5)
        folder.record_failed("b", error="AudioEmptyError", message="empty")
    with open_batch_folder(tmp_path / "out") as folder:
        assert folder.has_outcomes
        assert [folder.status(c) for c in "abc"] == ["done", "failed", None]
        assert folder.last_run is not None
        assert folder.last_run["engine"] == "x"
    assert json.loads((tmp_path / "out" / "a.json").read_text()) == {"call_id": "a"}


def test_result_without_journal_line_is_taken_over(tmp_path: Path) -> None:
    with open_batch_folder(tmp_path) as folder:
        folder.record_run()
    (tmp_path / "a.json").write_text(result("a"))
    with open_batch_folder(tmp_path) as folder:
        assert folder.status("a") == "done"
    assert journal_of(tmp_path)[-1]["adopted"] is True


@pytest.mark.parametrize("content", ["", '{"call_id": "a', '{"call_id": "other"}', "[]", "\xff"])
def test_half_or_foreign_result_is_not_taken_over(tmp_path: Path, content: str) -> None:
    with open_batch_folder(tmp_path) as folder:
        folder.record_run()
    (tmp_path / "a.json").write_text(content, encoding="latin-1")
    with open_batch_folder(tmp_path) as folder:
        assert folder.status("a") is None


def test_result_of_something_else_is_not_taken_over_by_a_first_run(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(result("a"))
    with open_batch_folder(tmp_path) as folder:
        assert folder.status("a") is None


@pytest.mark.parametrize("cut", [1, 2, 10, 30])
def test_torn_last_line_is_dropped_and_writing_goes_on(tmp_path: Path, cut: int) -> None:
    with open_batch_folder(tmp_path) as folder:
        folder.record_run()
        folder.record_failed("a", error="E", message="m")
        folder.record_failed("b", error="E", message="m")
    journal = tmp_path / JOURNAL_NAME
    os.truncate(journal, journal.stat().st_size - cut)
    with open_batch_folder(tmp_path) as folder:
        assert [folder.status(c) for c in "ab"] == ["failed", None]
        folder.record_failed("c", error="E", message="m")
    assert [line.get("call_id") for line in journal_of(tmp_path)] == [None, "a", "c"]


def test_damage_in_the_middle_is_named_by_line(tmp_path: Path) -> None:
    (tmp_path / JOURNAL_NAME).write_text('{"event": "run"}\nnoise\n{"event": "run"}\n')
    with pytest.raises(OutputError, match=r"journal\.jsonl:2"), open_batch_folder(tmp_path):
        pass


def test_second_run_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with (
        open_batch_folder(tmp_path),
        pytest.raises(OutputError, match="another run"),
        open_batch_folder(tmp_path),
    ):
        pass
    with open_batch_folder(tmp_path):
        pass


def test_leftovers_of_a_killed_run_are_removed(tmp_path: Path) -> None:
    leftover = tmp_path / f"{TEMPORARY_PREFIX}abc"
    leftover.write_text("half")
    with open_batch_folder(tmp_path):
        assert not leftover.exists()


@pytest.mark.parametrize(
    "call_id", ["../../etc/passwd", "a/b", ".hidden", "..", "a\nb", "50%", "a%2Fb", "来电 一"]
)
def test_no_call_id_leaves_the_folder_or_meets_another(tmp_path: Path, call_id: str) -> None:
    with open_batch_folder(tmp_path) as folder:
        path = folder.result_path(call_id)
        assert path.parent == tmp_path
        assert not path.name.startswith(".")
        others = ["a/b", "a%2Fb", "ab", "50%", "50%25", "..", "%2E."]
        assert all(folder.result_path(o) != path for o in others if o != call_id)
        folder.record_run()
        folder.record_done(call_id, result(call_id))
    with open_batch_folder(tmp_path) as folder:
        assert folder.status(call_id) == "done"


def test_call_id_too_long_for_a_file_name_says_so(tmp_path: Path) -> None:
    with open_batch_folder(tmp_path) as folder, pytest.raises(OutputError, match="too long"):
        folder.result_path("长" * 100)


def test_results_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with open_batch_folder(tmp_path) as folder:
            folder.record_done("a", result("a"))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.json").stat().st_mode) == 0o640
