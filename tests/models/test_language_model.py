"""The n-gram model: a distribution, pruned of what one person wrote, whole after a round trip."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from models.errors import ModelMissingError, TrainingDataError, WeightsFormatError
from models.language_model.corpus import Document, documents
from models.language_model.ngram import (
    START,
    UNKNOWN,
    CharacterModel,
    load,
    load_shipped,
    save,
    shifted,
    symbols,
)
from models.language_model.train import train

COMMON = ("路灯坏了", "路灯不亮", "小区停水", "小区停电")


@pytest.fixture(scope="module")
def model() -> CharacterModel:
    texts = [Document(1.0, COMMON) for _ in range(4)]
    return train([*texts, Document(1.0, ("欧阳某某住这里",))], [("停车场", 100.0)])


def history(model: CharacterModel, text: str) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    state = np.array([START], np.uint64)
    for number in model.ids(text):
        state = shifted(state, number, model.order)
    return state


@pytest.mark.parametrize("said", ["", "路", "路灯", "小区停", "停车", "欧阳", "灯灯"])
def test_all_that_may_follow_sums_to_one(model: CharacterModel, said: str) -> None:
    every = np.arange(len(model.vocabulary), dtype=np.uint64)[None, :]
    total = np.exp(model.log_probabilities(history(model, said)[:, None], every)).sum()
    assert total == pytest.approx(1.0, abs=2e-3)


def test_prefers_what_was_read(model: CharacterModel) -> None:
    assert model.score("路灯坏了") > model.score("路灯水了")
    assert model.score("停车场") > model.score("停场车")


def test_what_only_one_document_says_is_not_in_the_file(model: CharacterModel) -> None:
    first, second, third = (int(n) for n in model.ids("欧阳某"))
    assert UNKNOWN not in (first, second, third)
    assert first << 13 | second not in set(model.tables[1].keys.tolist())
    assert first << 26 | second << 13 | third not in set(model.tables[2].keys.tolist())


def test_batches_score_as_single_ones(model: CharacterModel) -> None:
    histories = np.concatenate([history(model, text) for text in ("路灯", "小区", "")])
    ids = model.ids("坏停路")[None, :]
    together = model.log_probabilities(histories[:, None], ids)
    for row, state in zip(together, histories, strict=True):
        alone = model.log_probabilities(state[None, None], ids)
        np.testing.assert_allclose(row, alone[0], rtol=1e-6)


def test_a_file_gives_back_the_model(model: CharacterModel, tmp_path: Path) -> None:
    save(model, tmp_path / "m.npz")
    again = load(tmp_path / "m.npz")
    assert again.vocabulary == model.vocabulary
    for kept, read in zip(model.tables, again.tables, strict=True):
        np.testing.assert_array_equal(kept.keys, read.keys)
        np.testing.assert_allclose(kept.log_probability, read.log_probability, atol=0.05)
    assert again.score("小区停电") == pytest.approx(model.score("小区停电"), abs=0.5)


def test_damaged_missing_and_foreign_files_say_so(model: CharacterModel, tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    with pytest.raises(ModelMissingError, match="reinstall"):
        load(path)
    save(model, path)
    whole = path.read_bytes()
    for damaged in (b"", b"text", whole[: len(whole) // 2]):
        path.write_bytes(damaged)
        with pytest.raises(WeightsFormatError, match="damaged"):
            load(path)
    with path.open("wb") as file:
        np.savez(file, format=np.array(99))
    with pytest.raises(WeightsFormatError, match="format"):
        load(path)


def test_numbers_and_letters_are_one_symbol_each() -> None:
    assert symbols("电话13900001111，VIP客户 第3栋。") == "电话0a客户第0栋"


def test_reads_only_training_parts(tmp_path: Path) -> None:
    names = ("haikou_tickets.train", "shanghai_letters.train", "taidi_messages.train",
             "taidi_hot_topics", "taidi_replies", "cluener.train")  # fmt: skip
    for name in names:
        with gzip.open(tmp_path / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.write(json.dumps({"content": "路灯不亮。请修理", "text": "小区停水"}) + "\n")
    read = list(documents(tmp_path))
    assert ("路灯不亮", "请修理") in {document.sentences for document in read}
    (tmp_path / "cluener.train.jsonl.gz").write_bytes(b"no gzip")
    with pytest.raises(TrainingDataError, match="cluener"):
        list(documents(tmp_path))


def test_the_shipped_model_is_small_and_knows_the_field() -> None:
    shipped = load_shipped()
    assert shipped.score("请核实处理") > shipped.score("请合适处理")
    # No digit but the symbol for any number.
    assert not set("123456789") & set(shipped.vocabulary)
