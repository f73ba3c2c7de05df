"""Addresses cut into elements: the shipped tagger, its file, and what tags mean."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.addresses.tagger import (
    AddressTagger,
    Element,
    load_address_tagger,
    save_tagger,
    spans,
)
from models.addresses.train import Address, entity_f1
from models.errors import ModelMissingError, WeightsFormatError


def test_the_shipped_tagger_cuts_an_address() -> None:
    text = "浙江省杭州市余杭区文一西路969号"
    found = [(e.kind, text[e.start : e.end]) for e in load_address_tagger().elements(text)]
    assert found == [
        ("prov", "浙江省"), ("city", "杭州市"), ("district", "余杭区"), ("road", "文一西路"),
        ("roadno", "969号"),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "？", "a" * 1000])
def test_any_text_is_borne(text: str) -> None:
    assert all(0 <= e.start < e.end <= len(text) for e in load_address_tagger().elements(text))


def test_spans_follow_the_tags() -> None:
    tags = ["B-road", "I-road", "E-road", "O", "S-poi", "B-city", "B-poi", "E-poi"]
    assert spans(tags) == [
        Element("road", 0, 3), Element("poi", 4, 5), Element("city", 5, 6), Element("poi", 6, 8),
    ]  # fmt: skip


def test_weights_survive_the_file(tmp_path: Path) -> None:
    tagger = load_address_tagger()
    save_tagger(tagger, tmp_path / "again.npz")
    again: AddressTagger = load_address_tagger(tmp_path / "again.npz")
    np.testing.assert_allclose(again.emissions, tagger.emissions, atol=1e-4)
    gold = Address("人民路5号", ("B-road", "I-road", "E-road", "B-roadno", "E-roadno"))
    assert entity_f1(again, [gold]) == 1.0


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match="make it"):
        load_address_tagger(tmp_path / "absent.npz")
    np.savez(tmp_path / "other.npz", tags=np.zeros(3))
    with pytest.raises(WeightsFormatError, match="address tagger"):
        load_address_tagger(tmp_path / "other.npz")
