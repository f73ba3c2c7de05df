from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.extractor.features import (
    MAX_CHARACTERS,
    learn_vocabulary,
    ngram_hashes,
    normalise,
)


def test_punctuation_width_and_case_make_no_difference() -> None:
    assert normalise("琼Ａ 47144，不打表！") == normalise("琼a47144不打表") == "琼a47144不打表"


def test_long_texts_keep_head_and_tail() -> None:
    text = "头" * 10 + "中" * 20_000 + "尾" * 10
    kept = normalise(text)
    assert len(kept) == MAX_CHARACTERS
    assert kept.startswith("头" * 10)
    assert kept.endswith("尾" * 10)


@pytest.mark.parametrize(("text", "count"), [("", 0), ("路", 1), ("路灯", 3), ("路灯坏", 6)])
def test_every_ngram_has_one_hash(text: str, count: int) -> None:
    assert len(ngram_hashes(text, (1, 2, 3))) == count


def test_hashes_tell_order_and_length_apart() -> None:
    assert ngram_hashes("路灯", (2,)) != ngram_hashes("灯路", (2,))
    assert len(np.unique(ngram_hashes("路路路", (1, 2, 3)))) == 3


def test_rare_ngrams_are_left_out_and_the_size_is_kept() -> None:
    vocabulary = learn_vocabulary(["路灯坏了", "路灯不亮", "下水道堵"], (1, 2), 2, 10)
    assert len(vocabulary.hashes) == 3  # 路, 灯, 路灯
    assert len(learn_vocabulary(["路灯坏了", "路灯不亮"], (1, 2), 2, 2).hashes) == 2


def test_vectors_have_unit_length_and_known_features_only() -> None:
    vocabulary = learn_vocabulary(["路灯坏了", "路灯不亮"], (1, 2), 2, 10)
    vector = vocabulary.vector("路灯和别的")
    assert len(vector.indices) == 3
    assert np.square(vector.weights).sum() == pytest.approx(1.0)
    assert len(vocabulary.vector("完全没有").indices) == 0


@given(st.text(max_size=300))
def test_any_text_has_a_vector(text: str) -> None:
    vector = learn_vocabulary(["路灯坏了", "路灯不亮"], (1, 2, 3), 1, 100).vector(text)
    assert len(vector.indices) == len(vector.weights)
    assert np.isfinite(vector.weights).all()
