"""Chooses among a recogniser's readings, and among the homophones in them, by language models.

Whisper hears the syllables better than it spells them: about half of its wrong
characters have the right pinyin. Each reading is opened into a lattice of homophones and
the best spellings are searched, weighing what the recogniser heard, what a character's
replacement costs by how different it sounds, and what people write on a hotline. The
best of all readings are then compared once more with a model of general Chinese words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np

from asr.homophones import Homophones
from asr.lattice import HotwordPieces, SearchSettings, Step, best_paths
from asr.text import written_numbers
from models.language_model import word_ngram
from models.language_model.ngram import SPECIAL, CharacterModel, load_shipped, symbols
from models.language_model.word_ngram import WordModel

_PIECES = re.compile(r"[A-Za-z]+|[0-9][0-9*]*|.", re.DOTALL)
_MOBILE = re.compile(r"(?<![0-9])1[3-9][0-9]{9}(?![0-9])")
_NUMERALS = re.compile("[零〇幺一二三四五六七八九]{3,}")


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
    """Per character and model weight: the models alone would like every text short."""
    hotword_reward: float = 2.0
    """Per character of a hotword that a path spells."""
    mobile_reward: float = 2.0
    """For a whole mobile number: decoders tend to lose one of several equal digits."""
    opened_readings: int = 5
    """Readings whose homophones are searched; the others are only compared."""
    beam: int = 16
    paths: int = 6
    """Spellings kept of each opened reading."""
    compared: int = 12
    """Spellings of all readings that the word model judges."""
    final_model_weight: float = 0.3
    """Of the character model, once the word model has its say."""
    word_model_weight: float = 0.2


HOTLINE_RESCORING = RescoringSettings()
"""For telephone calls: quick, since it runs on every utterance of every call."""
THOROUGH_RESCORING = RescoringSettings(
    opened_readings=8, beam=40, paths=20, compared=60, word_model_weight=0.3
)
"""For full-band sound, whose subjects are wider than a hotline's; three times the work."""


@dataclass(frozen=True, slots=True)
class _Spelling:
    """A text, its score by the recogniser and the character model, and that model's part."""

    text: str
    score: float
    log_probability: float
    length: int


class Rescorer:
    """Language models and homophones, ready to rescore; keeps nothing between calls.

    Without a word model the character model decides alone.
    """

    def __init__(
        self,
        model: CharacterModel,
        settings: RescoringSettings | None = None,
        words: WordModel | None = None,
    ) -> None:
        self._model = model
        self._words = words
        self._settings = settings or HOTLINE_RESCORING
        self._homophones = Homophones(model.vocabulary[len(SPECIAL) :])
        self._costs = np.array(self._settings.replacement_costs, np.float32)
        self._step = lru_cache(maxsize=20_000)(self._make_step)
        self._hotword_pieces = lru_cache(maxsize=16)(self._make_hotword_pieces)

    def rescore(self, readings: Sequence[Reading], hotwords: Sequence[str] = ()) -> list[Reading]:
        """Return the readings and their best respellings, best first, each text once."""
        wanted = self._hotword_pieces(tuple(hotwords))
        plain = [self._spellings(r, self._plain_steps(r.text), wanted)[0] for r in readings]
        ranked = sorted(zip(plain, readings, strict=True), key=lambda pair: -pair[0].score)
        opened = [
            spelling
            for _, reading in ranked[: self._settings.opened_readings]
            for spelling in self._spellings(reading, self._open_steps(reading.text), wanted)
        ]
        best: dict[str, _Spelling] = {}
        for spelling in (*opened, *plain):
            if spelling.text not in best or best[spelling.text].score < spelling.score:
                best[spelling.text] = spelling
        return self._compared(sorted(best.values(), key=lambda s: -s.score))

    def _compared(self, spellings: Sequence[_Spelling]) -> list[Reading]:
        """Let the word model judge the first of the spellings, and order them anew."""
        if self._words is None:
            return [Reading(s.text, s.score) for s in spellings]
        setting = self._settings
        judged = []
        for spelling in spellings[: setting.compared]:
            reward = setting.length_reward * spelling.length
            change = setting.final_model_weight - setting.model_weight
            score = spelling.score + change * (spelling.log_probability + reward)
            score += setting.word_model_weight * (self._words.score(spelling.text) + reward)
            judged.append(Reading(spelling.text, score))
        return sorted(judged, key=lambda reading: -reading.score)

    def _spellings(
        self, reading: Reading, steps: Sequence[Step], wanted: HotwordPieces
    ) -> list[_Spelling]:
        if not steps:
            return [_Spelling(reading.text, reading.score, 0.0, 0)]
        setting = self._settings
        search = SearchSettings(
            setting.model_weight,
            setting.length_reward,
            setting.hotword_reward,
            setting.beam,
            setting.paths,
        )
        told = reading.score
        if _MOBILE.search(written_numbers(reading.text)):
            told += setting.mobile_reward
        return [
            _Spelling(
                _respelled(reading.text, path.characters),
                told + path.score,
                path.log_probability,
                len(steps),
            )
            for path in best_paths(self._model, steps, wanted, search)
        ]

    def _plain_steps(self, text: str) -> list[Step]:
        return [self._step(c, False) for c in symbols(text)]

    def _open_steps(self, text: str) -> list[Step]:
        """Numbers spoken digit by digit stay as they are: no model knows them better."""
        seen = symbols(text)
        kept = {i for m in _NUMERALS.finditer(seen) for i in range(m.start(), m.end())}
        return [self._step(c, i not in kept) for i, c in enumerate(seen)]

    def _make_step(self, character: str, opened: bool) -> Step:
        choices = self._homophones.of(character) if opened else self._homophones.of(character)[:1]
        ids = self._model.ids([c.character for c in choices])
        costs = self._costs[[int(c.likeness) for c in choices]]
        return Step(ids, costs, tuple(c.character for c in choices))

    def _make_hotword_pieces(self, hotwords: tuple[str, ...]) -> HotwordPieces:
        return HotwordPieces.of(hotwords, self._model)


@cache
def shipped_rescorer(settings: RescoringSettings | None = None) -> Rescorer:
    """Return the rescorer on the shipped language models; it may be shared by threads."""
    return Rescorer(load_shipped(), settings, word_ngram.load_shipped())


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
