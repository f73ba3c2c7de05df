"""Text to a sparse vector: hashed character n-grams, weighted by TF-IDF.

The same code serves training and inference, in numpy alone. Punctuation and white space are
dropped first, so that what a recogniser writes and what a clerk types look the same.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

UInt32 = npt.NDArray[np.uint32]
Float32 = npt.NDArray[np.float32]

MAX_CHARACTERS = 2_000
"""Longer texts keep their head and tail: the matter stands at the start, the wish at the end."""

_PRIME = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)


@dataclass(frozen=True, slots=True)
class SparseVector:
    """Sorted feature indices (n,) and their weights (n,), of unit length."""

    indices: npt.NDArray[np.int64]
    weights: Float32


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The n-grams the model knows: sorted hashes (features,), their IDF, and the n's used."""

    hashes: UInt32
    idf: Float32
    orders: tuple[int, ...]

    def vector(self, text: str) -> SparseVector:
        """Return the text's vector; empty when no n-gram of it is known."""
        hashes, counts = np.unique(ngram_hashes(normalise(text), self.orders), return_counts=True)
        places = np.searchsorted(self.hashes, hashes)
        places[places == len(self.hashes)] = 0
        known = self.hashes[places] == hashes
        indices = places[known].astype(np.int64)
        weights = ((1.0 + np.log(counts[known])) * self.idf[indices]).astype(np.float32)
        length = float(np.sqrt(np.square(weights).sum()))
        return SparseVector(indices, weights / length if length else weights)


def normalise(text: str) -> str:
    """Return letters, digits and characters only, half-width and lower-case."""
    folded = unicodedata.normalize("NFKC", text).lower()
    kept = "".join(character for character in folded if character.isalnum())
    if len(kept) <= MAX_CHARACTERS:
        return kept
    return kept[: MAX_CHARACTERS * 3 // 4] + kept[-MAX_CHARACTERS // 4 :]


def ngram_hashes(text: str, orders: Iterable[int]) -> UInt32:
    """Return the hash of every n-gram of `text`, one after the other; uint32 (n-grams,)."""
    codes = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    parts = [_hash_windows(codes, order) for order in orders if len(codes) >= order]
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.uint32)


def _hash_windows(codes: npt.NDArray[np.uint64], order: int) -> UInt32:
    windows = len(codes) - order + 1
    mixed = np.full(windows, np.uint64(order), dtype=np.uint64)
    for offset in range(order):
        mixed = (mixed ^ codes[offset : offset + windows]) * _PRIME
        mixed ^= mixed >> np.uint64(29)
    mixed *= _MIX
    return (mixed >> np.uint64(32)).astype(np.uint32)


def learn_vocabulary(
    texts: Sequence[str], orders: tuple[int, ...], min_documents: int, size: int
) -> Vocabulary:
    """Return the `size` most widespread n-grams that occur in at least `min_documents` texts."""
    found = [np.unique(ngram_hashes(normalise(text), orders)) for text in texts]
    hashes, documents = np.unique(np.concatenate(found), return_counts=True)
    frequent = np.flatnonzero(documents >= min_documents)
    if len(frequent) > size:
        order = np.argsort(-documents[frequent], kind="stable")[:size]
        frequent = np.sort(frequent[order])
    idf = np.log((1 + len(texts)) / (1 + documents[frequent])) + 1.0
    return Vocabulary(hashes[frequent], idf.astype(np.float32), orders)
