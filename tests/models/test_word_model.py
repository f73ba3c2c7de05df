"""The word model: read from ARPA, pruned, scored over every way to cut a sentence."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from models.errors import ModelMissingError, TrainingDataError
from models.language_model.arpa import expected_ngrams, read_arpa, with_joint_probability
from models.language_model.ngram import BITS
from models.language_model.prune_words import prune
from models.language_model.word_ngram import WordModel, load, load_shipped, save

ARPA = """
\\data\\
ngram 1=7
ngram 2=3
ngram 3=1

\\1-grams:
-3.0\t<unk>\t0
-1.0\t研究\t-0.3
-2.0\t研究生\t-0.1
-1.5\t生命\t-0.2
-1.5\t命\t0
-1.8\t起源\t0
-2.5\tABC\t0

\\2-grams:
-0.5\t研究 生命\t-0.2
-0.9\t生命 起源\t0
-0.7\t研究生 命\t0

\\3-grams:
-0.1\t研究 生命 起源

\\end\\
"""


@pytest.fixture
def arpa(tmp_path: Path) -> Path:
    path = tmp_path / "m.arpa"
    path.write_text(ARPA, encoding="utf-8")
    return path


@pytest.fixture
def model(arpa: Path) -> WordModel:
    return prune(read_arpa(arpa))


def test_a_sentence_is_scored_in_its_likeliest_cut(model: WordModel) -> None:
    # 研究 | 生命 | 起源, not 研究生 | 命 | 起源; the start backs off for nothing.
    assert model.score("研究生命起源") == pytest.approx(math.log(10) * (-1.0 - 0.5 - 0.1), abs=1e-3)


def test_what_was_not_seen_backs_off(model: WordModel) -> None:
    pair = model.entry(1, model.index["起源"])
    assert pair is not None
    expected = math.log(10) * (-1.8 - 1.5) + pair[1]
    assert model.score("起源命") == pytest.approx(expected, abs=1e-3)


def test_unknown_characters_numbers_and_nothing_have_a_score(model: WordModel) -> None:
    assert model.score("") == 0.0
    assert model.score("龘") == pytest.approx(math.log(10) * -3.0, abs=1e-3)
    assert model.score("研究123") < model.score("研究")


def test_pruning_keeps_what_costs_most_to_forget(arpa: Path) -> None:
    small = prune(read_arpa(arpa), pairs=1, triples=5)
    assert small.entry(2, small.index["研究"] << 18 | small.index["生命"]) is not None
    assert small.entry(2, small.index["研究生"] << 18 | small.index["命"]) is None
    # The triple's history stayed, so it stays; words that are not Chinese are gone.
    assert len(small.tables[2].keys) == 1
    assert "ABC" not in small.index


def test_continuations_of_a_history_sum_to_one(model: WordModel) -> None:
    last = model.index["研究"]
    (_, backoff) = model.entry(1, last) or (0.0, 0.0)
    seen = model.entry(2, last << 18 | model.index["生命"])
    assert seen is not None
    known = sum(math.exp(p) for p in model.tables[0].log_probability[1:].tolist())
    others = known - math.exp(float(model.tables[0].log_probability[model.index["生命"]]))
    assert math.exp(seen[0]) + math.exp(backoff) * others < 1.0 + 1e-3


def test_a_file_gives_back_the_model(model: WordModel, tmp_path: Path) -> None:
    save(model, tmp_path / "w.npz")
    again = load(tmp_path / "w.npz")
    assert again.vocabulary == model.vocabulary
    assert again.score("研究生命起源") == pytest.approx(model.score("研究生命起源"), abs=0.2)
    with pytest.raises(ModelMissingError):
        load(tmp_path / "none.npz")


def test_joint_probabilities_and_expected_characters(arpa: Path) -> None:
    joint = dict(with_joint_probability(read_arpa(arpa)))
    assert joint["研究", "生命"] == pytest.approx(10 ** (-1.0 - 0.5))
    assert joint["研究", "生命", "起源"] == pytest.approx(10 ** (-1.0 - 0.5 - 0.1))
    index = {c: i for i, c in enumerate("研究生命起源", start=3)}
    counted = expected_ngrams(arpa, index, 1_000.0, 2)
    counts = dict(zip(counted.keys.tolist(), counted.counts.tolist(), strict=True))
    # 究生 is inside 研究生 and crosses the border of 研究|生命.
    across = index["究"] << BITS | index["生"]
    assert counts[across] == pytest.approx(1_000 * (10**-2.0 + 10**-1.5))


def test_what_is_no_arpa_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("\\1-grams:\nnot a number\t字\n", encoding="utf-8")
    with pytest.raises(TrainingDataError, match="ARPA"):
        list(read_arpa(tmp_path / "x"))
    with pytest.raises(TrainingDataError, match="ARPA"):
        list(read_arpa(tmp_path / "missing"))


def test_the_shipped_model_knows_common_chinese() -> None:
    shipped = load_shipped()
    assert shipped.score("房地产市场调控") > shipped.score("房地产试场条控")
