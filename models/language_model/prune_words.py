"""`python -m models.language_model.prune_words ARPA OUT`: a word model small enough to ship.

Pairs and triples are kept by how much it would cost to forget them: how often they are met,
times what the shorter history gets wrong about them (Stolcke, 1998); back-off weights are
then set anew, so that all continuations of a history sum to one.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.language_model.arpa import WordNgram, read_arpa
from models.language_model.ngram import symbols
from models.language_model.tables import Floats, Keys, Table, changes
from models.language_model.word_ngram import BITS, LONGEST_WORD, SPECIAL, WordModel, save

PAIRS_KEPT = 600_000
TRIPLES_KEPT = 150_000

_ONE = np.uint64(BITS)
_BOUNDARIES = {"<s>", "</s>", "<unk>"}
_UNSEEN_LOG = 3.0
"""How much less likely a triple is held to be when its last pair was forgotten."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """N-grams of one order: sorted keys and natural logs of their probabilities."""

    order: int
    keys: Keys
    logs: Floats


def prune(
    ngrams: Iterable[WordNgram], *, pairs: int = PAIRS_KEPT, triples: int = TRIPLES_KEPT
) -> WordModel:
    """Return the model with the pairs and triples that are worth most."""
    vocabulary: list[str] = list(SPECIAL)
    logs: dict[str, float] = {"<s>": -20.0}
    longer: dict[int, list[WordNgram]] = {2: [], 3: []}
    for ngram in ngrams:
        if len(ngram.words) > 1:
            longer[len(ngram.words)].append(ngram)
        elif ngram.words[0] in _BOUNDARIES:
            logs[ngram.words[0]] = ngram.log_probability
        elif _spelled(ngram.words[0]):
            vocabulary.append(ngram.words[0])
            logs[ngram.words[0]] = ngram.log_probability
    logs.setdefault("<unk>", min(logs.values()))
    index = {word: i for i, word in enumerate(vocabulary)}
    single = np.array([logs[word] for word in vocabulary], np.float32)
    first = _Rows(1, np.arange(len(vocabulary), dtype=np.uint64), single)
    second = _worth_most(_rows(2, longer[2], index), first, single, pairs)
    third = _worth_most(_rows(3, longer[3], index), second, _joint(second, single), triples)
    last = Table(third.keys, third.logs, np.zeros(len(third.keys), np.float32))
    return WordModel(tuple(vocabulary), (_table(first, second), _table(second, third), last))


def _spelled(word: str) -> bool:
    return len(word) <= LONGEST_WORD and symbols(word) == word


def _rows(order: int, ngrams: Sequence[WordNgram], index: dict[str, int]) -> _Rows:
    known = [n for n in ngrams if all(w in index for w in n.words)]
    keys = np.zeros(len(known), np.uint64)
    for place in range(order):
        ids = np.array([index[n.words[place]] for n in known], np.uint64)
        keys = (keys << _ONE) | ids
    logs = np.array([n.log_probability for n in known], np.float32)
    by_key = np.argsort(keys)
    return _Rows(order, keys[by_key], logs[by_key])


def _worth_most(rows: _Rows, shorter: _Rows, history_logs: Floats, most: int) -> _Rows:
    """Keep the n-grams whose history is kept and whose loss would cost most."""
    histories, known = _find(shorter.keys, rows.keys >> _ONE)
    lower, lower_known = _find(shorter.keys, _without_first(rows))
    fallback = np.where(lower_known, shorter.logs[lower], rows.logs - _UNSEEN_LOG)
    worth = np.exp(history_logs[histories] + rows.logs) * np.abs(rows.logs - fallback)
    worth = np.where(known, worth, -math.inf)
    count = min(most, int(known.sum()))
    chosen = np.sort(np.argsort(-worth, kind="stable")[:count])
    return _Rows(rows.order, rows.keys[chosen], rows.logs[chosen])


def _without_first(rows: _Rows) -> Keys:
    return rows.keys & np.uint64((1 << BITS * (rows.order - 1)) - 1)


def _find(keys: Keys, wanted: Keys) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    return Table(keys, np.empty(0, np.float32), np.empty(0, np.float32)).find(wanted)


def _joint(pairs: _Rows, single: Floats) -> Floats:
    joint: Floats = single[(pairs.keys >> _ONE).astype(np.intp)] + pairs.logs
    return joint


def _table(shorter: _Rows, longer: _Rows) -> Table:
    """Return the shorter n-grams with the weights that their kept continuations leave."""
    backoff = np.zeros(len(shorter.keys), np.float32)
    if len(longer.keys):
        histories = longer.keys >> _ONE
        starts = np.flatnonzero(changes(histories))
        lower, known = _find(shorter.keys, _without_first(longer))
        lower_mass = np.where(known, np.exp(shorter.logs[lower]), 0.0)
        left = 1 - np.add.reduceat(np.exp(longer.logs), starts)
        lower_left = 1 - np.add.reduceat(lower_mass, starts)
        places, _ = _find(shorter.keys, histories[starts])
        weights = np.clip(left, 1e-4, 1.0) / np.clip(lower_left, 1e-4, 1.0)
        backoff[places] = np.minimum(np.log(weights), 0.0)
    return Table(shorter.keys, shorter.logs, backoff)


def main() -> int:
    """Read an ARPA file and write OUT."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("arpa", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--pairs", type=int, default=PAIRS_KEPT)
    parser.add_argument("--triples", type=int, default=TRIPLES_KEPT)
    options = parser.parse_args()
    model = prune(read_arpa(options.arpa), pairs=options.pairs, triples=options.triples)
    save(model, options.out)
    sizes = ", ".join(str(len(table.keys)) for table in model.tables)
    print(f"{options.out}: n-grams of order 1 to 3: {sizes}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
