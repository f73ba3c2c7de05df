"""Word n-grams of an ARPA file, and what they tell of n-grams of characters.

ARPA is the text format of language models that SRILM and KenLM write: the base-10 log
probability of each n-gram, its words, and its back-off weight.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.errors import TrainingDataError
from models.language_model.ngram import BITS, UNKNOWN, symbols
from models.language_model.tables import Keys

_LN_10 = math.log(10.0)


@dataclass(frozen=True, slots=True)
class WordNgram:
    """Words in a row; natural logs of the last one's probability and of the back-off weight."""

    words: tuple[str, ...]
    log_probability: float
    log_backoff: float


def read_arpa(path: Path) -> Iterator[WordNgram]:
    """Yield the n-grams, shorter ones first; raises TrainingDataError."""
    order = 0
    try:
        with path.open(encoding="utf-8") as file:
            for line in file:
                if line.startswith("\\"):
                    order = int(line[1]) if line[1].isdigit() else 0
                elif order and line.strip():
                    probability, words, *backoff = line.rstrip("\n").split("\t")
                    yield WordNgram(
                        tuple(words.split(" ")),
                        float(probability) * _LN_10,
                        float(backoff[0]) * _LN_10 if backoff else 0.0,
                    )
    except (OSError, ValueError) as error:
        raise TrainingDataError(f"{path} is no ARPA file: {error}") from error


def with_joint_probability(ngrams: Iterable[WordNgram]) -> Iterator[tuple[tuple[str, ...], float]]:
    """Yield words and how probable it is to meet all of them in a row, anywhere in a text."""
    joint: dict[tuple[str, ...], float] = {}
    for ngram in ngrams:
        before = joint.get(ngram.words[:-1], 0.0) if len(ngram.words) > 1 else 1.0
        probability = before * math.exp(ngram.log_probability)
        if len(ngram.words) < 3:
            joint[ngram.words] = probability
        yield ngram.words, probability


@dataclass(frozen=True, slots=True)
class ExpectedNgrams:
    """Character n-grams of one order: sorted packed keys and how many a text would hold."""

    keys: Keys
    counts: npt.NDArray[np.float64]


def expected_ngrams(
    path: Path, index: Mapping[str, int], words: float, order: int
) -> ExpectedNgrams:
    """Return what a text of so many `words`, drawn from the word model, holds on average.

    What lies within a word is counted by the word, what crosses one border by the pair,
    what crosses two by the triple; so nothing is counted twice.
    """
    masses: dict[int, float] = defaultdict(float)
    for row, probability in with_joint_probability(read_arpa(path)):
        text = "".join(row)
        if symbols(text) != text:
            continue
        ids = [index.get(c, UNKNOWN) for c in text]
        first_border, last_border = len(row[0]), len(text) - len(row[-1])
        for start in range(len(text) - order + 1):
            end = start + order
            crossed = start < first_border and last_border < end
            if len(row) == 1 or crossed:
                masses[_packed(ids[start:end])] += probability * words
    keys = np.array(sorted(masses), np.uint64)
    return ExpectedNgrams(keys, np.array([masses[int(key)] for key in keys], np.float64))


def _packed(ids: Iterable[int]) -> int:
    key = 0
    for symbol in ids:
        key = key << BITS | symbol
    return key
