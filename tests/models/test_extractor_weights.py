from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.errors import ModelMissingError, TrainingDataError, WeightsFormatError
from models.extractor.calibrate import fit_share, with_parents
from models.extractor.dataset import Ticket
from models.extractor.features import learn_vocabulary
from models.extractor.labels import read_weak_labels
from models.extractor.model import ExtractorModel, load_extractor
from models.extractor.weights import (
    WEIGHTS_FOLDER,
    ExtractorWeights,
    Head,
    LinearPart,
    Share,
    save_weights,
)


def small_weights() -> ExtractorWeights:
    vocabulary = learn_vocabulary(["路灯坏了", "路灯不亮", "停电了", "又停电"], (1, 2), 2, 10)
    chance = np.random.default_rng(1)
    features = len(vocabulary.hashes)
    head = Head(
        ("路灯所", "供电局"), chance.normal(size=(3, 2)).astype(np.float32), np.zeros(2, np.float32)
    )
    linear = LinearPart(
        vocabulary,
        chance.integers(-127, 127, (features, 3)).astype(np.int8),
        np.full(features, 0.01, np.float32),
        {"agency": head},
    )
    return ExtractorWeights(linear, None, {"agency": Share(2.0, 0.0)}, about={"data": "ours"})


def test_weights_survive_the_file(tmp_path: Path) -> None:
    weights = small_weights()
    save_weights(weights, tmp_path / "extractor-x.npz")
    loaded = load_extractor(tmp_path / "extractor-x.npz")
    assert loaded.labels == {"agency": ("路灯所", "供电局")}
    assert loaded.weights.about == {"data": "ours"}
    before = ExtractorModel(weights).predict("路灯又坏了")
    after = loaded.predict("路灯又坏了")
    assert before is not None
    assert after is not None
    np.testing.assert_allclose(before["agency"], after["agency"], atol=2e-3)
    assert after["agency"].sum() == pytest.approx(1.0, abs=1e-5)


def test_unknown_words_give_nothing() -> None:
    assert ExtractorModel(small_weights()).predict("hello") is None


def test_a_stopped_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "extractor-x.npz"
    save_weights(small_weights(), path)
    old = path.read_bytes()

    def full_disk(file: Path, **arrays: object) -> None:
        Path(file).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full_disk)
    with pytest.raises(OSError, match="No space"):
        save_weights(small_weights(), path)
    assert path.read_bytes() == old


def test_missing_and_foreign_files_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match="train"):
        load_extractor(tmp_path / "absent.npz")
    np.savez(tmp_path / "other.npz", hashes=np.zeros(3))
    with pytest.raises(WeightsFormatError, match="train again"):
        load_extractor(tmp_path / "other.npz")
    described = np.frombuffer(json.dumps({"architecture": "older"}).encode(), np.uint8)
    np.savez(tmp_path / "older.npz", description=described)
    with pytest.raises(WeightsFormatError, match="older"):
        load_extractor(tmp_path / "older.npz")


def test_shares_are_fitted_to_what_the_parts_know() -> None:
    chance = np.random.default_rng(2)
    gold = chance.integers(0, 3, 400)
    knowing = np.eye(3, dtype=np.float32)[gold] + chance.normal(0, 0.4, (400, 3))
    guessing = chance.normal(0, 1.0, (400, 3))
    share = fit_share(knowing.astype(np.float32), guessing.astype(np.float32), gold)
    assert share.linear > 10 * share.encoder
    alone = fit_share(knowing.astype(np.float32), None, gold)
    assert alone.encoder == 0.0


def test_parents_are_listened_to_where_they_help() -> None:
    chance = np.random.default_rng(3)
    gold = chance.integers(0, 4, 400)
    linear = chance.normal(0, 1, (400, 4)).astype(np.float32)
    telling = np.where(np.arange(4) // 2 == gold[:, None] // 2, -0.1, -3.0).astype(np.float32)
    deaf = np.full((400, 4), -1.4, dtype=np.float32)
    share = with_parents(Share(0.1, 0.0), linear, None, {"told": telling}, gold)
    assert share.parents["told"] > 0.5
    knowing = (np.eye(4)[gold] + chance.normal(0, 0.4, (400, 4))).astype(np.float32)
    fitted = fit_share(knowing, None, gold)
    assert with_parents(fitted, knowing, None, {"deaf": deaf}, gold) == fitted


def test_parents_add_to_the_probabilities(tmp_path: Path) -> None:
    weights = small_weights()
    head = weights.linear.heads["agency"]
    broader = Head(("电",), head.matrix[:, :1], head.bias[:1] + 1)
    linear = replace(weights.linear, heads={"agency": head, "function": broader})
    index = np.array([-1, 0], dtype=np.int32)
    shares = {"agency": Share(2.0, 0.0, {"function": 1.0}), "function": Share(1.0, 0.0)}
    wider = ExtractorWeights(linear, None, shares, {"agency": {"function": index}})
    save_weights(wider, tmp_path / "extractor-y.npz")
    loaded = load_extractor(tmp_path / "extractor-y.npz").predict("路灯又坏了")
    alone = ExtractorModel(weights).predict("路灯又坏了")
    assert loaded is not None
    assert alone is not None
    np.testing.assert_allclose(loaded["agency"], alone["agency"], atol=2e-3)


def test_committed_weights_are_small_and_described() -> None:
    files = sorted(WEIGHTS_FOLDER.glob("extractor-*.npz"))
    assert files
    assert sum(path.stat().st_size for path in WEIGHTS_FOLDER.glob("*.npz")) < 40_000_000
    for path in files:
        card = path.with_suffix(".md").read_text(encoding="utf-8")
        assert "tickets" in card
        assert load_extractor(path).weights.about["data"]


AGENCIES = """agencies:
  - {name: 市公安局, level: city, function: 公安, jurisdiction: 海口市}
  - {name: 龙华区城管局, level: district, function: 城管, jurisdiction: 龙华区}
  - {name: 演丰镇政府, level: town, function: 镇街, jurisdiction: 美兰区/演丰镇}
"""
PLACES = """districts:
  - name: 龙华区
    streets: [{name: 城西镇, aliases: []}]
  - name: 美兰区
    streets: [{name: 演丰镇, aliases: [演丰]}]
"""


def ticket(content: str, agency: str, **labels: str) -> Ticket:
    return Ticket("1", "", "", content, content, {"agency": agency} | labels)


def test_weak_labels_come_from_text_agency_and_label(tmp_path: Path) -> None:
    (tmp_path / "agencies.yaml").write_text(AGENCIES, encoding="utf-8")
    (tmp_path / "places.yaml").write_text(PLACES, encoding="utf-8")
    weak = read_weak_labels(tmp_path)
    assert weak.function(ticket("…", "市公安局")) == "市公安局"
    assert weak.function(ticket("…", "龙华区城管局")) == "district:城管"
    assert weak.function(ticket("…", "不认识的单位")) is None
    assert weak.district(ticket("美兰区有人摆摊", "龙华区城管局")) == "美兰区"
    assert weak.district(ticket("演丰有人摆摊", "市公安局")) == "美兰区"
    assert weak.district(ticket("有人摆摊", "龙华区城管局")) == "龙华区"
    assert weak.district(ticket("龙华区和美兰区", "市公安局")) is None
    assert weak.district(ticket("美兰区", "市公安局", district="龙华区")) == "龙华区"
    assert weak.street(ticket("演丰有人摆摊", "市公安局")) == "美兰区/演丰镇"
    assert weak.street(ticket("有人摆摊", "演丰镇政府")) == "美兰区/演丰镇"
    assert weak.without_divisions("美兰区演丰镇摆摊") == "摆摊"


def test_a_missing_profile_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="--profiles"):
        read_weak_labels(tmp_path)
