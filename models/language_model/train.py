"""`python -m models.language_model.train DATA OUT [--general ARPA]`: counts and writes the model.

An n-gram of two characters is kept if two documents have it, a longer one only from
three documents on: what a single citizen wrote, a name above all, is not in the file.
Interpolated absolute discounting; what is pruned goes to the shorter history.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.language_model.arpa import expected_ngrams
from models.language_model.corpus import Document, dictionary_words, documents
from models.language_model.ngram import BITS, END, SPECIAL, START, UNKNOWN, CharacterModel, save
from models.language_model.tables import Floats, Keys, Table, changes

ORDER = 4
VOCABULARY_SIZE = 8_000
FEWEST_DOCUMENTS = (1, 2, 3, 3)
DISCOUNT = 0.8
DICTIONARY_SCALE = 0.02
"""A word of the dictionary counts this much of its frequency there, and 1."""
GENERAL_WORDS = 2e7
"""Words of the text that the general model stands for, beside nine million characters read."""
FEWEST_EXPECTED = 4.0
"""Rarer n-grams of the general model are left out, to keep the file small."""
_IN_ALL = 1 << 20


@dataclass(frozen=True, slots=True)
class _Counts:
    """N-grams of one order: sorted keys, weighted counts, number of documents that have each."""

    keys: Keys
    counts: npt.NDArray[np.float64]
    documents: npt.NDArray[np.int64]


def train(
    texts: Iterable[Document],
    words: Iterable[tuple[str, float]],
    general: Path | None = None,
) -> CharacterModel:
    """Return the model of the texts, with the words (and their frequencies) read beside them.

    `general` is a word model of general Chinese (ARPA) that fills what the texts lack.
    """
    texts = [text for text in texts if text.sentences]
    weighted = [(word, 1 + DICTIONARY_SCALE * frequency) for word, frequency in words]
    vocabulary = _vocabulary(texts, weighted)
    index = {c: i for i, c in enumerate(vocabulary)}
    stream = _Stream.of(texts, index)
    counted = [
        _merged(stream.ngrams(order), _word_ngrams(weighted, index, order))
        for order in range(1, ORDER + 1)
    ]
    if general:
        for order, counts in enumerate(counted, start=1):
            counted[order - 1] = _merged(counts, _general_ngrams(general, index, order))
    model = CharacterModel(vocabulary, (_unigrams(counted[0], len(vocabulary)),))
    for order in range(2, ORDER + 1):
        table = _table(model, counted[order - 1], order)
        model = CharacterModel(vocabulary, (*model.tables, table))
    return model


@dataclass(frozen=True, slots=True)
class _Stream:
    """All sentences in one row: symbol numbers, the document and the weight of each."""

    ids: Keys
    document: npt.NDArray[np.int64]
    weight: npt.NDArray[np.float64]

    @classmethod
    def of(cls, texts: Sequence[Document], index: dict[str, int]) -> _Stream:
        ids: list[int] = []
        lengths = []
        for text in texts:
            before = len(ids)
            for sentence in text.sentences:
                ids += [START, *(index.get(c, UNKNOWN) for c in sentence), END]
            lengths.append(len(ids) - before)
        document = np.repeat(np.arange(len(texts)), lengths)
        return cls(
            np.array(ids, np.uint64), document, np.array([t.weight for t in texts])[document]
        )

    def ngrams(self, order: int) -> _Counts:
        """Count what lies within one sentence; `START` only ever stands first."""
        size = max(len(self.ids) - order + 1, 0)
        keys = np.zeros(size, np.uint64)
        inside = np.ones(size, bool)
        for place in range(order):
            ids = self.ids[place : place + size]
            keys = (keys << np.uint64(BITS)) | ids
            inside &= (ids != START) | (place == 0)
            inside &= (ids != END) | (place == order - 1)
        document, weight = self.document[:size][inside], self.weight[:size][inside]
        keys = keys[inside]
        by_key = np.lexsort((document, keys))
        keys, document, weight = keys[by_key], document[by_key], weight[by_key]
        new_key = changes(keys)
        starts = np.flatnonzero(new_key)
        new_document = new_key | changes(document)
        return _Counts(
            keys[starts],
            np.add.reduceat(weight, starts),
            np.add.reduceat(new_document.astype(np.int64), starts),
        )


def _vocabulary(texts: Sequence[Document], words: Sequence[tuple[str, float]]) -> tuple[str, ...]:
    frequency: Counter[str] = Counter()
    for text in texts:
        for sentence in text.sentences:
            frequency.update(sentence)
    for word, count in words:
        for character in word:
            frequency[character] += count  # type: ignore[assignment]
    common = frequency.most_common(VOCABULARY_SIZE - len(SPECIAL))
    return SPECIAL + tuple(character for character, _ in common)


def _word_ngrams(words: Sequence[tuple[str, float]], index: dict[str, int], order: int) -> _Counts:
    counts: Counter[int] = Counter()
    for word, count in words:
        ids = [index.get(c, UNKNOWN) for c in word]
        for first in range(len(ids) - order + 1):
            key = 0
            for symbol in ids[first : first + order]:
                key = key << BITS | symbol
            counts[key] += count  # type: ignore[assignment]
    keys = np.array(sorted(counts), np.uint64)
    values = np.array([counts[int(key)] for key in keys], np.float64)
    # A dictionary's word belongs to no citizen: it passes any pruning.
    return _Counts(keys, values, np.full(len(keys), _IN_ALL))


def _general_ngrams(arpa: Path, index: dict[str, int], order: int) -> _Counts:
    expected = expected_ngrams(arpa, index, GENERAL_WORDS, order)
    kept = expected.counts >= (FEWEST_EXPECTED if order > 1 else 0)
    keys = expected.keys[kept]
    return _Counts(keys, expected.counts[kept], np.full(len(keys), _IN_ALL))


def _merged(first: _Counts, second: _Counts) -> _Counts:
    keys = np.concatenate([first.keys, second.keys])
    by_key = np.argsort(keys, kind="stable")
    starts = np.flatnonzero(changes(keys[by_key]))
    counts = np.concatenate([first.counts, second.counts])[by_key]
    seen_in = np.concatenate([first.documents, second.documents])[by_key]
    return _Counts(
        keys[by_key][starts], np.add.reduceat(counts, starts), np.add.reduceat(seen_in, starts)
    )


def _unigrams(counted: _Counts, size: int) -> Table:
    """Every symbol has a probability; the start, which nothing precedes, next to none."""
    counts = np.full(size, 0.5)
    counts[counted.keys.astype(np.intp)] += counted.counts
    counts[START] = 1e-3
    logs = np.log(counts / counts.sum()).astype(np.float32)
    return Table(np.arange(size, dtype=np.uint64), logs, np.zeros(size, np.float32))


def _table(model: CharacterModel, counted: _Counts, order: int) -> Table:
    """Return the table of `order`, and set the back-off of the histories one shorter."""
    histories = counted.keys >> np.uint64(BITS)
    starts = np.flatnonzero(changes(histories))
    group = np.cumsum(changes(histories)) - 1
    totals = np.add.reduceat(counted.counts, starts)
    shorter = model.tables[-1]
    places, known = shorter.find(histories)
    kept = known & (counted.documents >= FEWEST_DOCUMENTS[order - 1])
    share = np.where(kept, np.maximum(counted.counts - DISCOUNT, 0) / totals[group], 0.0)
    left = np.clip(1 - np.add.reduceat(share, starts), 1e-4, 1.0)
    firsts = known[starts]
    shorter.log_backoff[places[starts][firsts]] = np.log(left[firsts])
    lower = np.exp(_lower(model, counted.keys[kept], order))
    logs = np.log(share[kept] + left[group[kept]] * lower).astype(np.float32)
    return Table(counted.keys[kept], logs, np.zeros(len(logs), np.float32))


def _lower(model: CharacterModel, keys: Keys, order: int) -> Floats:
    """Return the log probabilities of the n-grams without their first symbol."""
    inner = keys & np.uint64((1 << BITS * (order - 1)) - 1)
    histories = inner >> np.uint64(BITS)
    last = inner & np.uint64((1 << BITS) - 1)
    return model.log_probabilities(histories[:, None], last[:, None])[:, 0]


def main() -> int:
    """Train on a folder of data and write OUT."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--general", type=Path, help="word model of general Chinese, ARPA")
    options = parser.parse_args()
    model = train(documents(options.data), dictionary_words(), options.general)
    save(model, options.out)
    sizes = ", ".join(str(len(table.keys)) for table in model.tables)
    print(f"{options.out}: n-grams of order 1 to {model.order}: {sizes}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
