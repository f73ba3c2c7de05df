"""Chooses among a recogniser's readings, and among the homophones in them, by a language model.

Whisper hears the syllables better than it spells them: about half of its wrong
characters have the right pinyin. Each reading is opened into a lattice of homophones and
the best path is searched, weighing what the recogniser heard, what a character's
replacement costs by how different it sounds, and what people write on a hotline.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from asr.homophones import Homophones
from asr.text import written_numbers
from models.language_model.ngram import (
    BITS,
    END,
    SPECIAL,
    CharacterModel,
    Floats,
    Keys,
    load_shipped,
    shifted,
    symbols,
)

_PIECES = re.compile(r"[A-Za-z]+|[0-9][0-9*]*|.", re.DOTALL)
_MOBILE = re.compile(r"(?<![0-9])1[3-9][0-9]{9}(?![0-9])")
_NUMERALS = re.compile("[零〇幺一二三四五六七八九]{3,}")
_BIGRAM = np.uint64((1 << BITS * 2) - 1)
_TRIGRAM = np.uint64((1 << BITS * 3) - 1)


@dataclass(frozen=True, slots=True)
class Reading:
    """What may have been said, with the natural log of its (unnormalised) probability."""

    text: str
    score: float


@dataclass(frozen=True, slots=True)
class RescoringSettings:
    """Weights found on the development calls; costs are natural logs."""

    model_weight: float = 0.4
    replacement_costs: tuple[float, float, float, float] = (0.0, 2.0, 3.0, 5.0)
    """By `Likeness`, from keeping a character to replacing it by one that sounds less alike."""
    length_reward: float = 1.0
    """Per character and model weight: the model alone would like every text short."""
    hotword_reward: float = 2.0
    """Per character of a hotword that a path spells."""
    mobile_reward: float = 2.0
    """For a whole mobile number: decoders tend to lose one of several equal digits."""
    opened_readings: int = 5
    """Readings whose homophones are searched; the others are only compared."""
    beam: int = 12


@dataclass(frozen=True, slots=True)
class _Step:
    """One place of the lattice: symbols (k,), costs (k,) and the characters they stand for."""

    ids: Keys
    costs: Floats
    characters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _HotwordPieces:
    """Triples of characters within hotwords (pairs, of words of two), packed and sorted.

    `worth` spreads a word's characters over its pieces.
    """

    keys: Keys
    worth: Floats

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


class Rescorer:
    """Language model and homophones, ready to rescore; keeps nothing between calls."""

    def __init__(self, model: CharacterModel, settings: RescoringSettings | None = None) -> None:
        self._model = model
        self._settings = settings or RescoringSettings()
        self._homophones = Homophones(model.vocabulary[len(SPECIAL) :])
        self._costs = np.array(self._settings.replacement_costs, np.float32)
        self._step = lru_cache(maxsize=20_000)(self._make_step)
        self._hotword_pieces = lru_cache(maxsize=16)(self._make_hotword_pieces)

    def rescore(self, readings: Sequence[Reading], hotwords: Sequence[str] = ()) -> list[Reading]:
        """Return the readings and their best respellings, best first, each text once."""
        wanted = self._hotword_pieces(tuple(hotwords))
        judged = sorted(
            (self._judge(r, self._plain_steps(r.text), wanted) for r in readings),
            key=lambda r: -r.score,
        )
        heard = {r.text: r.score for r in readings}
        opened = [
            self._judge(Reading(r.text, heard[r.text]), self._open_steps(r.text), wanted)
            for r in judged[: self._settings.opened_readings]
        ]
        best: dict[str, float] = {}
        for reading in (*opened, *judged):
            best[reading.text] = max(reading.score, best.get(reading.text, -np.inf))
        return [Reading(t, s) for t, s in sorted(best.items(), key=lambda item: -item[1])]

    def _judge(self, reading: Reading, steps: Sequence[_Step], wanted: _HotwordPieces) -> Reading:
        if not steps:
            return reading
        score, chosen = self._search(steps, wanted)
        if _MOBILE.search(written_numbers(reading.text)):
            score += self._settings.mobile_reward
        return Reading(_respelled(reading.text, chosen), reading.score + score)

    def _plain_steps(self, text: str) -> list[_Step]:
        return [self._step(c, False) for c in symbols(text)]

    def _open_steps(self, text: str) -> list[_Step]:
        """Numbers spoken digit by digit stay as they are: no model knows them better."""
        seen = symbols(text)
        kept = {i for m in _NUMERALS.finditer(seen) for i in range(m.start(), m.end())}
        return [self._step(c, i not in kept) for i, c in enumerate(seen)]

    def _make_step(self, character: str, opened: bool) -> _Step:
        choices = self._homophones.of(character) if opened else self._homophones.of(character)[:1]
        ids = self._model.ids([c.character for c in choices])
        costs = self._costs[[int(c.likeness) for c in choices]]
        return _Step(ids, costs, tuple(c.character for c in choices))

    def _search(self, steps: Sequence[_Step], wanted: _HotwordPieces) -> tuple[float, str]:
        """Return score and characters of the best path (beam search)."""
        setting = self._settings
        histories = np.zeros(1, np.uint64)
        scores = np.zeros(1, np.float32)
        trail: list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]] = []
        for step in steps:
            told = self._model.log_probabilities(histories[:, None], step.ids[None, :])
            total = scores[:, None] + setting.model_weight * (told + setting.length_reward)
            total = total - step.costs[None, :]
            after = shifted(histories[:, None], step.ids[None, :], self._model.order)
            if len(wanted):
                total = total + setting.hotword_reward * wanted.characters_spelled(after)
            chosen = _best_distinct(total.ravel(), after.ravel(), setting.beam)
            trail.append((chosen // len(step.ids), chosen % len(step.ids)))
            scores, histories = total.ravel()[chosen], after.ravel()[chosen]
        end = np.array([[END]], np.uint64)
        scores = (
            scores
            + setting.model_weight * (self._model.log_probabilities(histories[:, None], end)[:, 0])
        )
        place = int(scores.argmax())
        spelled_back = []
        for step, (parents, choices) in zip(reversed(steps), reversed(trail), strict=True):
            spelled_back.append(step.characters[int(choices[place])])
            place = int(parents[place])
        return float(scores.max()), "".join(reversed(spelled_back))

    def _make_hotword_pieces(self, hotwords: tuple[str, ...]) -> _HotwordPieces:
        worth: dict[int, float] = {}
        for word in hotwords:
            ids = [int(i) for i in self._model.ids(symbols(word))]
            if len(ids) == 2:
                worth[ids[0] << BITS | ids[1]] = 2.0
            for first, second, third in zip(ids, ids[1:], ids[2:], strict=False):
                key = first << 2 * BITS | second << BITS | third
                worth[key] = max(len(ids) / (len(ids) - 2), worth.get(key, 0.0))
        keys = sorted(worth)
        return _HotwordPieces(
            np.array(keys, np.uint64), np.array([worth[key] for key in keys], np.float32)
        )


@cache
def shipped_rescorer() -> Rescorer:
    """Return the one rescorer on the shipped language model; it may be shared by threads."""
    return Rescorer(load_shipped())


def _best_distinct(totals: Floats, histories: Keys, most: int) -> npt.NDArray[np.intp]:
    """Return the places of the best totals, one for each history."""
    order = np.argsort(-totals, kind="stable")
    _, firsts = np.unique(histories[order], return_index=True)
    return order[np.sort(firsts)[:most]]


def _respelled(text: str, chosen: str) -> str:
    """Put the chosen characters in the places of the old; marks, digits and letters stay."""
    out, place = [], 0
    for piece in _PIECES.findall(text):
        if seen := symbols(piece):
            out.append(chosen[place] if "\u4e00" <= piece <= "\u9fff" else piece)
            place += len(seen)
        else:
            out.append(piece)
    return "".join(out)
