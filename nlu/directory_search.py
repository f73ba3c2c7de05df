"""Which matters of a directory a text resembles, where none of their words was said.

BM25 (Robertson and Zaragoza, 2009) over the character pairs of a matter, its words, its duty
clause and its owner. Citizens' words stand for official ones by duty_synonyms.yaml.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files

import yaml

from nlu.profile import Duty

_SATURATION, _LENGTH = 1.2, 0.4
"""BM25's k1 and b: texts of a directory are short, so their length says little."""
_MATTER, _WORDS, _CLAUSE, _OWNER = 2.0, 1.0, 0.7, 1.0
_RUN = re.compile(r"[\u4e00-\u9fff]+|[a-z0-9]+")


class DirectorySearch:
    """An inverted index over the duties of one directory; immutable after construction."""

    def __init__(self, duties: Sequence[Duty]) -> None:
        documents = [_document(duty) for duty in duties]
        spread = Counter(pair for document in documents for pair in document)
        usual = sum(sum(document.values()) for document in documents) / max(len(documents), 1)
        self._postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for number, document in enumerate(documents):
            length = _SATURATION * (1 - _LENGTH + _LENGTH * sum(document.values()) / usual)
            for pair, count in document.items():
                rare = math.log(1 + (len(documents) - spread[pair] + 0.5) / (spread[pair] + 0.5))
                weight = rare * count * (_SATURATION + 1) / (count + length)
                self._postings[pair].append((number, weight))

    def scores(self, text: str) -> dict[int, float]:
        """Return by number how much each duty resembles a text; those that do not are left out."""
        pairs = set(_pairs(text))
        for word, official in synonyms().items():
            if word in text:
                pairs.update(_pairs(official))
        scores: dict[int, float] = defaultdict(float)
        # In a fixed order: sums must not depend on the hash seed.
        for pair in sorted(pairs):
            for number, weight in self._postings.get(pair, ()):
                scores[number] += weight
        return scores


@lru_cache(maxsize=1)
def synonyms() -> Mapping[str, str]:
    """Return what citizens say, and the official words it stands for."""
    text = files("nlu").joinpath("duty_synonyms.yaml").read_text(encoding="utf-8")
    return {
        word: official
        for official, words in yaml.safe_load(text)["synonyms"].items()
        for word in words
    }


def _document(duty: Duty) -> Counter[str]:
    parts = (
        (duty.matter, _MATTER),
        ("，".join(duty.words), _WORDS),
        (duty.clause, _CLAUSE),
        (f"{duty.agency or ''}，{duty.function or ''}", _OWNER),
    )
    document: Counter[str] = Counter()
    for text, weight in parts:
        for pair in _pairs(text):
            document[pair] += weight  # type: ignore[assignment]
    return document


def _pairs(text: str) -> Iterator[str]:
    """Yield the character pairs of Chinese words; figures and Latin words as they are."""
    for run in _RUN.findall(text.lower()):
        if run.isascii():
            yield run
        else:
            yield from (run[at : at + 2] for at in range(len(run) - 1))
