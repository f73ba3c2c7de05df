"""A folder that is no streaming Paraformer is refused with what to do about it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from asr.errors import EngineUnavailableError

torch = pytest.importorskip("torch")

from asr.streaming.paraformer.config import ChunkConfig, read_config  # noqa: E402
from asr.streaming.paraformer.model import StreamingParaformer  # noqa: E402
from asr.streaming.paraformer.random_weights import NetworkShape, write_random_checkpoint  # noqa: E402

TINY = NetworkShape(16, 2, 32, 1, 3, 0, 1, 1, 3, 1, 20)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_random_checkpoint(tmp_path / "tiny", TINY)


def load(folder: Path, **options: Any) -> StreamingParaformer:
    return StreamingParaformer(folder, slots=1, **options)


def change(folder: Path, **parts: Any) -> None:
    path = folder / "config.yaml"
    config = yaml.safe_load(path.read_text())
    for name, value in parts.items():
        config[name] = config[name] | value if isinstance(value, dict) else value
    path.write_text(yaml.safe_dump(config))


def test_the_folder_loads(folder: Path) -> None:
    assert len(load(folder).tokens) == 20


def test_tokens_may_be_a_text_file(folder: Path) -> None:
    tokens = json.loads((folder / "tokens.json").read_text(encoding="utf-8"))
    (folder / "tokens.json").unlink()
    (folder / "tokens.txt").write_text("\n".join(tokens) + "\n", encoding="utf-8")
    assert load(folder).tokens == tuple(tokens)


@pytest.mark.parametrize("name", ["config.yaml", "model.pt", "am.mvn", "tokens.json"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(EngineUnavailableError, match=f"holds no {name}.*checkpoint"):
        load(folder)


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailableError, match="is no folder; give"):
        load(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("parts", "named"),
    [
        ({"model": "Paraformer"}, "model is 'Paraformer'"),
        ({"model": "SenseVoiceSmall"}, "needs 'ParaformerStreaming'"),
        ({"encoder": "SANMEncoder"}, "encoder is 'SANMEncoder'"),
        ({"predictor": "CifPredictorV3"}, "predictor is 'CifPredictorV3'"),
        ({"encoder_conf": {"input_layer": "pe"}}, "input_layer is 'pe'"),
        ({"frontend_conf": {"fs": 8000}}, "frontend_conf.fs is 8000"),
        ({"frontend_conf": {"lfr_m": 5}}, "lfr_m is 5"),
        ({"encoder_conf": {"num_blocks": "two"}}, "num_blocks must be a number"),
        ({"frontend_conf": {"window": "kaiser"}}, "wants a kaiser window"),
    ],
)
def test_another_architecture_is_named(folder: Path, parts: dict[str, Any], named: str) -> None:
    change(folder, **parts)
    with pytest.raises(EngineUnavailableError, match=named):
        load(folder)


@pytest.mark.parametrize(
    ("edit", "fault"),
    [
        (lambda w: w.pop("encoder.after_norm.weight"), "1 weights are missing"),
        (lambda w: w.update({"seaco.weight": torch.zeros(1)}), "belong to another network"),
        (lambda w: w.update({"predictor.cif_output.bias": torch.zeros(2)}), "another shape"),
    ],
)
def test_weights_that_do_not_fit(folder: Path, edit: Any, fault: str) -> None:
    weights = torch.load(folder / "model.pt", weights_only=True)
    edit(weights)
    torch.save(weights, folder / "model.pt")
    with pytest.raises(EngineUnavailableError, match=fault):
        load(folder)


def test_wrapped_weights_are_found(folder: Path) -> None:
    weights = torch.load(folder / "model.pt", weights_only=True)
    wrapped = {"state_dict": {f"module.{name}": weight for name, weight in weights.items()}}
    torch.save(wrapped, folder / "model.pt")
    load(folder)


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04 damaged"])
def test_damaged_weights(folder: Path, content: bytes) -> None:
    (folder / "model.pt").write_bytes(content)
    with pytest.raises(EngineUnavailableError, match="no PyTorch checkpoint, or is damaged"):
        load(folder)


@pytest.mark.parametrize("content", ["", "<AddShift> [ 1 2 ] <Rescale> [ 1 2 ]", "<AddShift> [ x"])
def test_damaged_normalisation(folder: Path, content: str) -> None:
    (folder / "am.mvn").write_text(content)
    with pytest.raises(EngineUnavailableError, match=r"am\.mvn: .*fetch the checkpoint again"):
        load(folder)


@pytest.mark.parametrize("content", ["{", "[1, 2]", '{"a": 1}'])
def test_damaged_tokens(folder: Path, content: str) -> None:
    (folder / "tokens.json").write_text(content)
    with pytest.raises(EngineUnavailableError, match=r"tokens\.json is no"):
        load(folder)


@pytest.mark.parametrize("content", ["a: [", "- a list", "\x00"])
def test_damaged_configuration(folder: Path, content: str) -> None:
    (folder / "config.yaml").write_text(content)
    with pytest.raises(EngineUnavailableError, match=r"cannot be read|is no mapping"):
        read_config(folder)


@pytest.mark.parametrize(
    ("chunk", "fault"),
    [
        (((0, 10, 0), 4, 1), "chunk and look-ahead at least 1"),
        (((0, 0, 5), 4, 1), "cannot be streamed"),
        (((0, 10, 5), -2, 1), "look-backs"),
        (((0, 10, 5), 4, -1), "look-backs"),
    ],
)
def test_chunks_that_cannot_be_streamed(chunk: Any, fault: str) -> None:
    with pytest.raises(EngineUnavailableError, match=fault):
        ChunkConfig(*chunk)


@pytest.mark.skipif(torch.cuda.is_available(), reason="a CUDA device is here")
def test_a_device_that_is_not_there(folder: Path) -> None:
    with pytest.raises(EngineUnavailableError, match="no CUDA device"):
        load(folder, device="cuda")
