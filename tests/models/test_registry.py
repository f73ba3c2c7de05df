"""Resolving, verifying and deriving models; the `jiesu models` commands."""

from __future__ import annotations

import json
import os
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from models.catalogue import Registry, load_registry
from models.errors import HashMismatchError, ModelMissingError, ModelsError, UnknownModelError
from models.fetch import MIRROR_VARIABLE
from models.registry import FOLDER_VARIABLE, ModelStore, models_folder
from serving.cli.models import models_app
from tests.models.test_fetch_pull import CONFIG, PINS, WEIGHTS, spec


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A folder that holds the tiny model."""
    folder = tmp_path / "origin"
    (folder / "sub").mkdir(parents=True)
    (folder / "model.bin").write_bytes(WEIGHTS)
    (folder / "sub" / "config.json").write_bytes(CONFIG)
    return folder


def entry(origin: Path, **changes: object) -> dict[str, Any]:
    return {
        "task": "speech-recognition",
        "description": "tiny",
        "licence": "MIT",
        "files": PINS,
        "sources": [{"kind": "local", "path": str(origin)}],
    } | changes


def store_of(tmp_path: Path, **entries: dict[str, Any]) -> ModelStore:
    registry = Registry.model_validate({"version": 1, "models": entries})
    return ModelStore(registry, tmp_path / "models")


def test_missing_model_names_the_command(origin: Path, tmp_path: Path) -> None:
    store = store_of(tmp_path, tiny=entry(origin))
    with pytest.raises(ModelMissingError, match="run `jiesu models pull tiny`"):
        store.resolve("tiny")
    with pytest.raises(UnknownModelError, match="there are: tiny"):
        store.resolve("tinny")


def test_damage_is_found_and_pulling_repairs_it(origin: Path, tmp_path: Path) -> None:
    store = store_of(tmp_path, tiny=entry(origin))
    folder = store.pull("tiny")
    for damage in (WEIGHTS[:-1], WEIGHTS[:-1] + b"!"):
        (folder / "model.bin").write_bytes(damage)
        with pytest.raises(HashMismatchError, match="jiesu models pull tiny"):
            store.resolve("tiny")
        assert store.status()[0].state == "damaged"
        store.pull("tiny")
        assert store.resolve("tiny") == folder
    (folder / "model.bin").unlink()
    with pytest.raises(ModelMissingError, match=r"model\.bin is gone"):
        store.resolve("tiny")


def test_verify_reads_what_resolve_trusts(origin: Path, tmp_path: Path) -> None:
    store = store_of(tmp_path, tiny=entry(origin))
    weights = store.pull("tiny") / "model.bin"
    times = weights.stat()
    weights.write_bytes(WEIGHTS[:-1] + b"!")
    os.utime(weights, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert store.resolve("tiny") == weights.parent
    with pytest.raises(HashMismatchError):
        store.verify("tiny")


def test_a_copied_folder_still_counts(origin: Path, tmp_path: Path) -> None:
    store = store_of(tmp_path, tiny=entry(origin))
    folder = store.pull("tiny")
    os.utime(folder / "model.bin", ns=(1, 1))
    assert store.resolve("tiny") == folder


def test_files_put_there_by_hand(origin: Path, tmp_path: Path) -> None:
    unpinned: dict[str, object] = {name: {} for name in PINS}
    store = store_of(tmp_path, tiny=entry(origin), loose=entry(origin, files=unpinned))
    (tmp_path / "models").mkdir()
    for name in ("tiny", "loose"):
        (tmp_path / "models" / name).symlink_to(origin)
    assert store.resolve("tiny") == tmp_path / "models" / "tiny"
    with pytest.raises(ModelMissingError, match="was not put there by a pull"):
        store.resolve("loose")


def test_new_release_pins_another_file(origin: Path, tmp_path: Path) -> None:
    store_of(tmp_path, tiny=entry(origin)).pull("tiny")
    pins = PINS | {"model.bin": spec(WEIGHTS[::-1])}
    newer = store_of(tmp_path, tiny=entry(origin, files=pins))
    with pytest.raises(HashMismatchError, match="the registry says"):
        newer.resolve("tiny")
    (origin / "model.bin").write_bytes(WEIGHTS[::-1])
    newer.pull("tiny")
    assert (newer.resolve("tiny") / "model.bin").read_bytes() == WEIGHTS[::-1]


def test_fingerprint_follows_the_files(origin: Path, tmp_path: Path) -> None:
    unpinned: dict[str, object] = {name: {} for name in PINS}
    store = store_of(tmp_path, tiny=entry(origin, files=unpinned), twin=entry(origin))
    store.pull("tiny")
    store.pull("twin")
    first = store.fingerprint("tiny")
    assert first.partition("@")[2] == store.fingerprint("twin").partition("@")[2]
    (origin / "sub" / "config.json").write_bytes(b"{}")
    (store.folder / "tiny" / "model.bin").unlink()
    store.pull("tiny")
    assert store.fingerprint("tiny") != first


def test_derived_model_follows_its_adapter(
    origin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def merge_adapter(base: Path, adapter: Path, out: Path) -> None:
        (out / "model.bin").write_bytes((base / "model.bin").read_bytes() + adapter.read_bytes())

    merge = types.ModuleType("models.recogniser.merge")
    merge.__dict__["merge_adapter"] = merge_adapter
    trim = types.ModuleType("models.recogniser.trim")
    trim.__dict__["trim_folder"] = lambda folder: None
    monkeypatch.setitem(sys.modules, "models.recogniser.merge", merge)
    monkeypatch.setitem(sys.modules, "models.recogniser.trim", trim)
    adapter = tmp_path / "adapter.npz"
    derived = entry(origin, files={}, sources=[], base="tiny", adapter=str(adapter))
    store = store_of(tmp_path, tiny=entry(origin), hotline=derived)
    with pytest.raises(ModelMissingError, match="lacks its adapter"):
        store.pull("hotline")
    for delta in (b"first", b"second"):
        adapter.write_bytes(delta)
        with pytest.raises(ModelMissingError, match="jiesu models pull hotline"):
            store.resolve("hotline")
        assert (store.pull("hotline") / "model.bin").read_bytes() == WEIGHTS + delta
        assert store.resolve("hotline")
    assert store.resolve("tiny")
    monkeypatch.setattr("models.registry._RECIPE", "another one")
    with pytest.raises(ModelMissingError, match="older version"):
        store.resolve("hotline")


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"files": {"../model.bin": {}}}, "outside the model's folder"),
        ({"sources": []}, "either sources or a base"),
        ({"adapter": "weights/x"}, "names both its base and its adapter"),
        ({"base": "none", "adapter": "weights/x", "sources": []}, "not a fetched model"),
        ({"files": {"model.bin": {"sha256": "abc"}}}, "sha256"),
        ({"licence": None}, "licence"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_wrong_registry_says_where(
    changes: dict[str, object], fault: str, origin: Path, tmp_path: Path
) -> None:
    path = tmp_path / "registry.yaml"
    path.write_text(json.dumps({"version": 1, "models": {"tiny": entry(origin, **changes)}}))
    with pytest.raises(ModelsError, match=fault) as caught:
        load_registry(path)
    assert str(path) in str(caught.value)


def test_unreadable_registry(tmp_path: Path) -> None:
    (tmp_path / "registry.yaml").write_text("models: [")
    for path in (tmp_path / "registry.yaml", tmp_path / "none.yaml"):
        with pytest.raises(ModelsError, match="cannot be read"):
            load_registry(path)


def test_models_folder_is_settable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    assert models_folder() == tmp_path
    monkeypatch.delenv(FOLDER_VARIABLE)
    assert models_folder().parts[-2:] == ("jiesu", "models")


class TestCommands:
    @pytest.fixture(autouse=True)
    def _empty(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "models"))
        monkeypatch.setenv(MIRROR_VARIABLE, "")

    def test_list(self) -> None:
        listed = json.loads(CliRunner().invoke(models_app, ["list", "--json"]).stdout)
        states = {model["name"]: model["state"] for model in listed}
        assert states["whisper-base"] == "missing"
        table = CliRunner().invoke(models_app, ["list"])
        assert table.exit_code == 0
        assert "whisper-base" in table.stdout

    def test_unknown_name_is_a_usage_error(self) -> None:
        for command in ("pull", "verify"):
            result = CliRunner().invoke(models_app, [command, "whisper-huge"])
            assert result.exit_code == 2
            assert "whisper-base" in result.stderr
            assert result.stdout == ""

    def test_verify_of_what_is_not_there(self) -> None:
        named = CliRunner().invoke(models_app, ["verify", "silero-vad"])
        assert named.exit_code == 1
        assert "jiesu models pull silero-vad" in named.stderr
        unnamed = CliRunner().invoke(models_app, ["verify"])
        assert unnamed.exit_code == 0
        assert "no model is on this machine" in unnamed.stderr

    def test_pull_from_a_folder_without_network(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
        mirror = tmp_path / "mirror"
        (mirror / "silero-vad").mkdir(parents=True)
        result = CliRunner().invoke(models_app, ["pull", "silero-vad", "--from", str(mirror)])
        assert result.exit_code == 1
        assert "cannot be read" in result.stderr
        assert not (tmp_path / "models" / "silero-vad").exists()
        (mirror / "ct-punc").mkdir()
        for name in ("model.pt", "config.yaml", "tokens.json"):
            (mirror / "ct-punc" / name).write_text(name)
        result = CliRunner().invoke(models_app, ["pull", "ct-punc", "--from", str(mirror)])
        assert result.exit_code == 0, result.stderr
        assert result.stdout.startswith("ct-punc@")
        result = CliRunner().invoke(models_app, ["verify"])
        assert "ct-punc" in result.stdout
        result = CliRunner().invoke(models_app, ["pull", "--from", str(tmp_path / "none")])
        assert result.exit_code == 2


@pytest.mark.weights
def test_default_models_are_what_the_registry_pins() -> None:
    from models.registry import default_models, verify

    for name in default_models():
        try:
            verify(name)
        except ModelMissingError as error:
            pytest.skip(str(error))
