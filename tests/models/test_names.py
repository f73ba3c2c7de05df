"""The tagger of names: learns a few sentences, reads back what it wrote, says what is wrong."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import numpy as np
import pytest

from models.errors import ModelMissingError, TrainingDataError, WeightsFormatError
from models.names.features import TAGS, feature_rows
from models.names.tagger import LONGEST_TEXT, allowed_transitions, best_path, load_tagger
from models.names.train import (
    NameParts,
    Sentence,
    quality,
    read_sentences,
    renamed,
    save,
    train_tagger,
)

SENTENCES = [
    Sentence("经理林小明来了", ((2, 5),)),
    Sentence("路灯坏了没人修", ()),
    Sentence("我叫周大海", ((2, 5),)),
    Sentence("海口的水停了", (), ((0, 2),)),
]


def test_it_learns_what_it_is_shown(tmp_path: Path) -> None:
    tagger = train_tagger(SENTENCES, 12, random.Random(1))
    assert quality(tagger, SENTENCES) == (1.0, 1.0)
    save(tagger, tmp_path / "names.npz")
    again = load_tagger(tmp_path / "names.npz")
    assert quality(again, SENTENCES) == (1.0, 1.0)
    assert [(a, b) for a, b, margin in again.names("我叫周大海") if margin > 0] == [(2, 5)]


def test_a_path_never_ends_inside_a_name() -> None:
    scores = np.zeros((3, len(TAGS)), dtype=np.float32)
    scores[2, TAGS.index("B")] = 100.0
    path = best_path(scores, allowed_transitions())
    assert TAGS[path[-1]] not in "BM"


def test_long_and_empty_texts() -> None:
    tagger = load_tagger()
    assert list(tagger.names("")) == []
    assert feature_rows("").shape[0] == 0
    text = "路灯坏了。" * LONGEST_TEXT + "我叫王建国，"
    assert [text[a:b] for a, b, _ in tagger.names(text)][-1:] == ["王建国"]


def test_other_names_stand_where_names_stood() -> None:
    parts = NameParts(SENTENCES, random.Random(2))
    made = renamed(SENTENCES[0], parts)
    (start, end) = made.names[0]
    assert made.text[:start] == "经理"
    assert made.text[end:] == "来了"


def test_reading_entities(tmp_path: Path) -> None:
    path = tmp_path / "cluener.train.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        row = {
            "text": "海口林小明",
            "label": {"name": {"林小明": [[2, 4]]}, "address": {"海口": [[0, 1]]}},
        }
        file.write(json.dumps(row, ensure_ascii=False) + "\n")
    train, dev = read_sentences(path)
    assert [*train, *dev] == [Sentence("海口林小明", ((2, 5),), ((0, 2),))]
    path.write_bytes(b"not gzip")
    with pytest.raises(TrainingDataError):
        read_sentences(path)


def test_missing_or_wrong_weights(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError):
        load_tagger(tmp_path / "none.npz")
    np.savez(tmp_path / "other.npz", something=np.zeros(3))
    with pytest.raises(WeightsFormatError):
        load_tagger(tmp_path / "other.npz")
