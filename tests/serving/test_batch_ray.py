"""The workers of a batch on a real Ray cluster of this machine's own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from serving.batch.manifest import read_items
from serving.batch.ray_pool import run_on_ray
from serving.batch.run import run_batch
from serving.errors import ClusterError
from tests.serving.cheap_batch import MakeCheapWorker, NoWorker


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    for name, words in (("a", "words"), ("b", "fail"), ("c", "die"), ("d", "words"), ("e", "w")):
        (folder / f"{name}.wav").write_text(words)
    return folder


def test_without_ray_it_says_what_to_install(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ClusterError, match=r"pip install 'jiesu\[cluster\]'"):
        list(run_on_ray(read_items(source), NoWorker(), address="local", count=1))


def test_cluster_that_does_not_answer(source: Path) -> None:
    pytest.importorskip("ray")
    with pytest.raises(ClusterError, match=r"127\.0\.0\.1:1"):
        list(run_on_ray(read_items(source), NoWorker(), address="127.0.0.1:1", count=1))


@pytest.mark.timeout(180)
def test_cluster_does_the_same_work_and_survives_a_lost_worker(
    tmp_path: Path, source: Path
) -> None:
    pytest.importorskip("ray")
    make_worker = MakeCheapWorker(tmp_path / "worked.log")
    ended = run_batch(
        read_items(source),
        tmp_path / "out",
        lambda items: run_on_ray(items, make_worker, address="local", count=2),
    )
    assert sorted(p.stem for p in (tmp_path / "out").glob("*.json")) == ["a", "d", "e"]
    assert {o.call_id: o.error for o in ended.failed} == {
        "b": "AudioDecodeError",
        "c": "WorkerDied",
    }


@pytest.mark.timeout(180)
def test_worker_that_cannot_be_made_ends_the_batch(source: Path) -> None:
    pytest.importorskip("ray")
    with pytest.raises(ClusterError, match="no such model"):
        list(run_on_ray(read_items(source), NoWorker(), address="local", count=1))
