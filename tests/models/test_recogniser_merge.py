"""The CTranslate2 file format, and merging an adapter into it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import WeightsFormatError
from models.recogniser.ctranslate2_format import Ct2Model, read_model, write_model
from models.recogniser.merge import load_adapter, merge_adapter, merged_model


def small_model() -> Ct2Model:
    rng = np.random.default_rng(0)
    return Ct2Model(
        "WhisperSpec",
        3,
        {
            "encoder/conv1/weight": rng.standard_normal((4, 2, 3)).astype(np.float16),
            "encoder/conv1/bias": rng.standard_normal(4).astype(np.float16),
            "encoder/num_heads": np.array(2, np.int16),
            "decoder/embeddings/weight": rng.standard_normal((5, 4)).astype(np.float32),
            "decoder/activation": np.array(3, np.int8),
        },
        (("decoder/projection/weight", "decoder/embeddings/weight"),),
    )


def test_a_model_survives_writing_and_reading(tmp_path: Path) -> None:
    model = small_model()
    write_model(model, tmp_path / "model.bin")
    again = read_model(tmp_path / "model.bin")
    assert (again.specification, again.revision, again.aliases) == ("WhisperSpec", 3, model.aliases)
    assert list(again.variables) == list(model.variables)
    for name, value in model.variables.items():
        assert again.variables[name].dtype == value.dtype
        np.testing.assert_array_equal(again.variables[name], value)
    write_model(again, tmp_path / "again.bin")
    assert (tmp_path / "again.bin").read_bytes() == (tmp_path / "model.bin").read_bytes()


@given(keep=st.integers(0, 300))
def test_a_cut_file_is_refused(tmp_path_factory: pytest.TempPathFactory, keep: int) -> None:
    file = tmp_path_factory.mktemp("cut") / "model.bin"
    write_model(small_model(), file)
    whole = file.read_bytes()
    file.write_bytes(whole[: min(keep, len(whole) - 1)])
    with pytest.raises(WeightsFormatError, match="pull the model again"):
        read_model(file)


def test_merging_adds_the_low_rank_product_and_replaces_vectors(tmp_path: Path) -> None:
    base = tmp_path / "base"
    base.mkdir()
    write_model(small_model(), base / "model.bin")
    (base / "tokenizer.json").write_text("{}", encoding="utf-8")
    up, down = np.ones((4, 1), np.float16), np.arange(6, dtype=np.float16)[None] / 4
    adapter = tmp_path / "adapter.npz"
    parts: dict[str, Any] = {
        "encoder/conv1/weight.up": up,
        "encoder/conv1/weight.down": down,
        "encoder/conv1/bias": np.full(4, 2, np.float16),
    }
    np.savez(adapter, **parts)

    merged = read_model(merge_adapter(base, adapter, tmp_path / "merged") / "model.bin")

    old = small_model().variables
    expected = old["encoder/conv1/weight"].astype(np.float32) + (up @ down).reshape(4, 2, 3)
    np.testing.assert_allclose(
        merged.variables["encoder/conv1/weight"].astype(np.float32), expected, atol=4e-3
    )
    np.testing.assert_array_equal(merged.variables["encoder/conv1/bias"], np.full(4, 2))
    np.testing.assert_array_equal(
        merged.variables["decoder/embeddings/weight"], old["decoder/embeddings/weight"]
    )
    assert (tmp_path / "merged" / "tokenizer.json").is_file()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["adapter.npz", "base", "merged"]


def test_strength_zero_changes_nothing() -> None:
    model = small_model()
    adapter = {"encoder/conv1/bias": np.full(4, 9, np.float32)}
    same = merged_model(model, adapter, strength=0.0)
    np.testing.assert_array_equal(
        same.variables["encoder/conv1/bias"], model.variables["encoder/conv1/bias"]
    )


@pytest.mark.parametrize(
    ("name", "size", "message"),
    [("encoder/conv9/bias", 4, "does not have"), ("encoder/conv1/bias", 7, "another size")],
)
def test_an_adapter_of_another_model_is_refused(name: str, size: int, message: str) -> None:
    with pytest.raises(WeightsFormatError, match=message):
        merged_model(small_model(), {name: np.zeros(size, np.float32)} if size == 4 else
                     {f"{name}.up": np.zeros((size, 1), np.float32),
                      f"{name}.down": np.zeros((1, 1), np.float32)})  # fmt: skip


def test_a_damaged_adapter_leaves_the_old_folder(tmp_path: Path) -> None:
    base, merged = tmp_path / "base", tmp_path / "merged"
    base.mkdir()
    merged.mkdir()
    write_model(small_model(), base / "model.bin")
    (merged / "model.bin").write_bytes(b"older")
    adapter = tmp_path / "adapter.npz"
    adapter.write_bytes(b"no archive")
    with pytest.raises(WeightsFormatError, match="restore it"):
        load_adapter(adapter)
    with pytest.raises(WeightsFormatError):
        merge_adapter(base, adapter, merged)
    assert (merged / "model.bin").read_bytes() == b"older"
