"""What the language model reads: tickets, letters, messages, news, phrases, and a word list.

Texts come from the public data set described in `models/weights/hotline-lm.md`; only its
training parts are opened.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.errors import TrainingDataError
from models.language_model.ngram import symbols
from models.voices.hotline_texts import fill_phrase, load_phrases

_SENTENCE_END = re.compile(r"[。！？!?；;\n\t:：]+")
_PHRASE_ROUNDS = 25
_LEAST_FREQUENCY = 3


@dataclass(frozen=True, slots=True)
class Document:
    """The sentences of one text as the model sees them, and how much they count."""

    weight: float
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Source:
    name: str
    weight: float
    fields: tuple[str, ...]


_SOURCES = (
    _Source("haikou_tickets.train", 3.0, ("title", "content")),
    _Source("haikou_tickets.train", 2.0, ("closing_note", "callback_note", "agency_reply")),
    _Source("shanghai_letters.train", 1.0, ("title", "content", "reply")),
    _Source("taidi_messages.train", 1.0, ("text",)),
    _Source("taidi_hot_topics", 1.0, ("留言主题", "留言详情")),
    _Source("taidi_replies", 1.0, ("留言主题", "留言详情", "答复意见")),
    _Source("cluener.train", 3.0, ("text",)),
)


def documents(folder: Path) -> Iterator[Document]:
    """Yield the texts of the data set's training parts, then the phrases of a hotline."""
    for source in _SOURCES:
        for row in _rows(folder / f"{source.name}.jsonl.gz"):
            texts = [str(row.get(name) or "") for name in source.fields]
            if sentences := _sentences(texts):
                yield Document(source.weight, sentences)
    yield from _phrases()


def dictionary_words() -> Iterator[tuple[str, float]]:
    """Yield the words of jieba's dictionary with their frequency there."""
    from jieba import get_module_res

    with get_module_res("dict.txt") as file:
        for line in file:
            word, frequency, _ = line.decode("utf-8").split(" ", 2)
            if symbols(word) == word and int(frequency) >= _LEAST_FREQUENCY:
                yield word, float(frequency)


def _phrases() -> Iterator[Document]:
    rng = np.random.default_rng(12345)
    grammar = load_phrases()
    for _ in range(_PHRASE_ROUNDS):
        for pattern in (*grammar.agent, *grammar.citizen):
            spoken = fill_phrase(pattern, grammar.surnames, rng)
            yield Document(3.0, _sentences([spoken]))


def _sentences(texts: Sequence[str]) -> tuple[str, ...]:
    pieces = (piece for text in texts for piece in _SENTENCE_END.split(text))
    return tuple(seen for piece in pieces if len(seen := symbols(piece)) > 1)


def _rows(path: Path) -> Iterable[dict[str, Any]]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            yield from map(json.loads, file)
    except (OSError, EOFError, ValueError) as error:
        raise TrainingDataError(f"{path} cannot be read: {error}") from error
