"""The homophones of an utterance as a lattice, and the search for its best spellings.

Each place holds a character and what may have been meant instead, at a cost; a character
model and the hotwords say which way through is the likeliest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.language_model.ngram import BITS, END, CharacterModel, shifted, symbols
from models.language_model.tables import Floats, Keys

_BIGRAM = np.uint64((1 << BITS * 2) - 1)
_TRIGRAM = np.uint64((1 << BITS * 3) - 1)


@dataclass(frozen=True, slots=True)
class Step:
    """One place of the lattice: symbols (k,), costs (k,) and the characters they stand for."""

    ids: Keys
    costs: Floats
    characters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Path:
    """A spelling: what speaks for it in all, and what of that the character model says."""

    characters: str
    score: float
    log_probability: float


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """How the search weighs; natural logs."""

    model_weight: float
    length_reward: float
    """Per character and model weight: the model alone would like every text short."""
    hotword_reward: float
    """Per character of a hotword that a path spells."""
    beam: int
    paths: int
    """Spellings handed back, at most."""


@dataclass(frozen=True, slots=True)
class HotwordPieces:
    """Triples of characters within hotwords (pairs, of words of two), packed and sorted.

    `worth` spreads a word's characters over its pieces.
    """

    keys: Keys
    worth: Floats

    @classmethod
    def of(cls, hotwords: Sequence[str], model: CharacterModel) -> HotwordPieces:
        """Cut hotwords into the pieces that a history of the model can show."""
        worth: dict[int, float] = {}
        for word in hotwords:
            ids = [int(i) for i in model.ids(symbols(word))]
            if len(ids) == 2:
                worth[ids[0] << BITS | ids[1]] = 2.0
            for first, second, third in zip(ids, ids[1:], ids[2:], strict=False):
                key = first << 2 * BITS | second << BITS | third
                worth[key] = max(len(ids) / (len(ids) - 2), worth.get(key, 0.0))
        keys = sorted(worth)
        return cls(np.array(keys, np.uint64), np.array([worth[key] for key in keys], np.float32))

    def __len__(self) -> int:
        return len(self.keys)

    def characters_spelled(self, histories: Keys) -> Floats:
        """Return how many characters of hotwords the ends of these histories spell."""
        spelled = np.zeros(histories.shape, np.float32)
        for mask in (_BIGRAM, _TRIGRAM):
            ends = histories & mask
            places = np.minimum(np.searchsorted(self.keys, ends), len(self.keys) - 1)
            spelled += np.where(self.keys[places] == ends, self.worth[places], np.float32(0.0))
        return spelled


_Trail = list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]


def best_paths(
    model: CharacterModel, steps: Sequence[Step], wanted: HotwordPieces, settings: SearchSettings
) -> list[Path]:
    """Return the best ways through the lattice, best first (beam search)."""
    histories = np.zeros(1, np.uint64)
    scores = np.zeros(1, np.float32)
    logs = np.zeros(1, np.float32)
    trail: _Trail = []
    for step in steps:
        told = model.log_probabilities(histories[:, None], step.ids[None, :])
        total = scores[:, None] + settings.model_weight * (told + settings.length_reward)
        total = total - step.costs[None, :]
        after = shifted(histories[:, None], step.ids[None, :], model.order)
        if len(wanted):
            total = total + settings.hotword_reward * wanted.characters_spelled(after)
        chosen = np.argsort(-total.ravel(), kind="stable")[: settings.beam]
        trail.append((chosen // len(step.ids), chosen % len(step.ids)))
        logs = (logs[:, None] + told).ravel()[chosen]
        scores, histories = total.ravel()[chosen], after.ravel()[chosen]
    end = np.array([[END]], np.uint64)
    told = model.log_probabilities(histories[:, None], end)[:, 0]
    logs, scores = logs + told, scores + settings.model_weight * told
    ranked = np.argsort(-scores, kind="stable")[: settings.paths]
    return [
        Path(_spelled_back(steps, trail, int(place)), float(scores[place]), float(logs[place]))
        for place in ranked
    ]


def _spelled_back(steps: Sequence[Step], trail: _Trail, place: int) -> str:
    characters = []
    for step, (parents, choices) in zip(reversed(steps), reversed(trail), strict=True):
        characters.append(step.characters[int(choices[place])])
        place = int(parents[place])
    return "".join(reversed(characters))
