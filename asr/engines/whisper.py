"""The `whisper` engine: Whisper base on the CPU by CTranslate2, the embedded default.

Utterances of similar length share a batch. The encoder hears each batch at its own
length, not at Whisper's 30 s: the adapted weights are trained for that, the plain ones
repeat themselves below `_SHORTEST_CONTEXT_S` and are given silence up to it.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import ctranslate2

from asr.engines.log_mel import FRAMES_PER_S, LogMel
from asr.engines.tempo import Hypothesis, at_tempo, joined
from asr.errors import EngineError, EngineUnavailableError
from asr.rescoring import (
    HOTLINE_RESCORING,
    THOROUGH_RESCORING,
    Reading,
    Rescorer,
    RescoringSettings,
    shipped_rescorer,
)
from asr.text import is_looping, tidy, without_loops, written_numbers
from asr.types import SAMPLE_RATE_HZ, Alternative, Recognition, SpeechSegment
from models import registry
from models.errors import WeightsFormatError
from models.recogniser.vocabulary import WhisperVocabulary

TELEPHONE_MODEL = "whisper-base-hotline"
FULL_BAND_MODEL = "whisper-base"

_SHORTEST_CONTEXT_S = {FULL_BAND_MODEL: 10.0, TELEPHONE_MODEL: 3.0}
_LONGEST_CONTEXT_S = 30.0
_TRAILING_SILENCE_S = 1.0
_PROMPT = ("<|startoftranscript|>", "<|zh|>", "<|transcribe|>", "<|notimestamps|>")
_MULTI_DIGIT = re.compile(r"\s*\d{2,}\s*|\s+\d")
_TOKENS_PER_S = 14
_FEWEST_TOKENS = 12
# Lines that Whisper learnt from subtitles and says over sounds without words.
_SUBTITLE_LINE = re.compile(
    r"字幕|请不吝|点赞|订阅|明镜|谢谢(大家)?(的)?(观看|收看)|谢谢大家。?$|优优独播|Amara|中文普通话"
)


@dataclass(frozen=True, slots=True)
class WhisperSettings:
    """How the decoder searches and what it is believed."""

    beam_size: int = 8
    readings: int = 8
    """Hypotheses of each utterance that the language model chooses from."""
    alternatives: int = 5
    """Other readings handed on, for numbers said twice."""
    tempos: tuple[float, ...] = (1.0,)
    """Speeds at which an utterance is played to the decoder; the first is believed first."""
    rescoring: RescoringSettings = HOTLINE_RESCORING
    batch_s: float = 80.0
    """Padded seconds of audio in one batch, at most."""
    no_speech: float = 0.6
    least_log_probability: float = -1.0
    """Below this, per token, words in what may be no speech are not believed."""
    hopeless_log_probability: float = -1.7
    """Below this nothing is believed."""


FULL_BAND_SETTINGS = WhisperSettings(
    beam_size=10, readings=10, tempos=(1.0, 1.075), rescoring=THOROUGH_RESCORING
)
"""Full-band sound is not what a hotline hears all day: heard twice, at a quarter of the speed."""


class WhisperRecogniser:
    """A recogniser on Whisper weights; see `asr.recogniser.Recogniser`.

    `model` is a name of the model registry or a CTranslate2 folder. `threads` 0 takes all
    cores.
    """

    def __init__(
        self,
        model: str,
        *,
        threads: int = 0,
        settings: WhisperSettings | None = None,
        rescorer: Rescorer | None = None,
    ) -> None:
        """Load the weights; without a `rescorer` the shipped one is shared by all engines.

        Raises EngineUnavailableError, or ModelMissingError when not pulled.
        """
        folder = Path(model) if os.sep in model else registry.resolve(model)
        self.name = folder.name
        self._settings = settings or WhisperSettings()
        self._features = LogMel()
        self._rescorer = rescorer or shipped_rescorer(self._settings.rescoring)
        try:
            self._vocabulary = WhisperVocabulary.of(folder)
            self._prompt = [self._vocabulary.number(piece) for piece in _PROMPT]
            self._model = ctranslate2.models.Whisper(
                str(folder),
                device="cpu",
                compute_type="int8",
                intra_threads=threads or os.cpu_count() or 1,
            )
        except (RuntimeError, ValueError, WeightsFormatError) as error:
            raise EngineUnavailableError(
                f"the Whisper weights in {folder} cannot be loaded ({error}); "
                "run `jiesu models verify` and pull them again"
            ) from error
        self._shortest_s = _SHORTEST_CONTEXT_S.get(self.name, 0.0)

    def transcribe(
        self, segments: Sequence[SpeechSegment], hotwords: Sequence[str] = ()
    ) -> list[Recognition]:
        """Return what was said in each segment, in their order; raises EngineError."""
        heard: list[Recognition | None] = [None] * len(segments)
        for batch in self._batches(segments):
            chosen = [segments[i] for i in batch]
            for index, recognition in zip(batch, self._recognise(chosen, hotwords), strict=True):
                heard[index] = recognition
        return [recognition for recognition in heard if recognition is not None]

    def draft(
        self, segments: Sequence[SpeechSegment], hotwords: Sequence[str] = ()
    ) -> list[Recognition]:
        """Return the decoder's first guess at each segment, not rescored; raises EngineError."""
        heard: dict[int, Recognition] = {}
        for batch in self._batches(segments):
            chosen = [segments[i] for i in batch]
            quick = {"beam_size": 1, "num_hypotheses": 1}
            results = self._decode(chosen, self._frames(chosen[-1]), **quick)
            for index, result in zip(batch, results, strict=True):
                heard[index] = self._drafted(segments[index], self._believed(result))
        return [heard[index] for index in range(len(segments))]

    def _drafted(self, segment: SpeechSegment, hypotheses: Sequence[Hypothesis]) -> Recognition:
        if not hypotheses:
            return Recognition("", 0.0, model=self.name)
        best = hypotheses[0]
        looping = is_looping(best.text, _seconds(segment))
        text = written_numbers(without_loops(best.text) if looping else best.text)
        return Recognition(text, min(math.exp(best.score), 1.0), model=self.name)

    def _batches(self, segments: Sequence[SpeechSegment]) -> Iterator[list[int]]:
        """Yield indices of segments of like length, so that little of a batch is padding."""
        batch: list[int] = []
        for index in sorted(range(len(segments)), key=lambda i: len(segments[i].samples)):
            padded_s = self._frames(segments[index]) / FRAMES_PER_S
            if batch and padded_s * (len(batch) + 1) > self._settings.batch_s:
                yield batch
                batch = []
            batch.append(index)
        if batch:
            yield batch

    def _frames(self, longest: SpeechSegment) -> int:
        """Return the feature frames a batch with this longest segment is padded to; even."""
        seconds = _seconds(longest) + _TRAILING_SILENCE_S
        seconds = min(max(seconds, self._shortest_s), _LONGEST_CONTEXT_S)
        return math.ceil(seconds * FRAMES_PER_S / 2) * 2

    def _recognise(
        self, segments: Sequence[SpeechSegment], hotwords: Sequence[str]
    ) -> list[Recognition]:
        heard: list[list[list[Hypothesis]]] = [[] for _ in segments]
        for tempo in self._settings.tempos:
            played = [at_tempo(segment, tempo) for segment in segments]
            results = self._decode(played, self._frames(played[-1]))
            for hypotheses, result in zip(heard, results, strict=True):
                hypotheses.append(self._believed(result))
        return [
            self._recognition(self._unlooped(segment, hypotheses), hotwords)
            for segment, hypotheses in zip(segments, heard, strict=True)
        ]

    def _unlooped(
        self, segment: SpeechSegment, heard: Sequence[list[Hypothesis]]
    ) -> Sequence[list[Hypothesis]]:
        """Return what was heard, each time; once more and alone, where the first time looped."""
        if not heard[0]:
            return [[]]
        if is_looping(heard[0][0].text, _seconds(segment)):
            return [self._once_more(segment)]
        return [hypotheses for hypotheses in heard if hypotheses]

    def _once_more(self, segment: SpeechSegment) -> list[Hypothesis]:
        """Decode a looping utterance again, alone, with the context Whisper was trained on."""
        full = round(_LONGEST_CONTEXT_S * FRAMES_PER_S)
        (result,) = self._decode([segment], full, no_repeat_ngram_size=5)
        hypotheses = self._believed(result)
        if hypotheses and is_looping(hypotheses[0].text, _seconds(segment)):
            best = hypotheses[0]
            return [replace(best, text=without_loops(best.text), score=best.score - 1.0)]
        return hypotheses

    def _decode(self, segments: Sequence[SpeechSegment], frames: int, **options: Any) -> list[Any]:
        features = self._features.batch([s.samples for s in segments], frames)
        longest_s = max(_seconds(s) for s in segments)
        search = {
            "beam_size": self._settings.beam_size,
            "num_hypotheses": self._settings.readings,
            **options,
        }
        try:
            results: list[Any] = self._model.generate(
                ctranslate2.StorageView.from_array(features),
                [self._prompt] * len(segments),
                max_length=len(self._prompt) + _FEWEST_TOKENS + int(_TOKENS_PER_S * longest_s),
                suppress_tokens=self._suppressed,
                return_scores=True,
                return_no_speech_prob=True,
                **search,
            )
        except RuntimeError as error:
            raise EngineError(f"the recogniser {self.name} failed: {error}") from error
        return results

    def _believed(self, result: Any) -> list[Hypothesis]:
        """Return the hypotheses, best first; none where the sound is taken for no words."""
        pairs = zip(result.sequences_ids, result.scores, strict=True)
        hypotheses = [
            Hypothesis(self._text(ids), float(score), len(ids) + 1) for ids, score in pairs
        ]
        best = hypotheses[0]
        doubtful = result.no_speech_prob > self._settings.no_speech
        if best.score < self._settings.hopeless_log_probability or (
            doubtful and best.score < self._settings.least_log_probability
        ):
            return []
        if _SUBTITLE_LINE.search(best.text) and (doubtful or best.score < -0.5):
            return []
        return hypotheses

    def _recognition(
        self, heard: Sequence[Sequence[Hypothesis]], hotwords: Sequence[str]
    ) -> Recognition:
        """Return what the language models make of the hypotheses, numbers written out."""
        readings = [Reading(text, total) for text, total in joined(heard).items()]
        if not readings:
            return Recognition("", 0.0, model=self.name)
        shares: dict[str, float] = {}
        readings = self._rescorer.rescore(readings, hotwords)
        for reading in readings:
            text = written_numbers(reading.text)
            share = math.exp(max(reading.score - readings[0].score, -50.0))
            shares[text] = shares.get(text, 0.0) + share
        total = sum(shares.values())
        best, *others = shares
        alternatives = tuple(
            Alternative(text, shares[text] / total)
            for text in others[: self._settings.alternatives]
        )
        # How sure the decoder was of its words, by the beam's best: the shares above only
        # compare readings with each other.
        confidence = min(math.exp(heard[0][0].score), 1.0)
        return Recognition(best, confidence, (), alternatives, self.name)

    def _text(self, ids: Sequence[int]) -> str:
        return tidy(self._vocabulary.text(ids))

    @cached_property
    def _suppressed(self) -> list[int]:
        """Whisper's own list, and tokens of several digits: one by one, numbers come out right."""
        texts = ((i, self._vocabulary.text([i])) for i in range(len(self._vocabulary)))
        return [-1, *(i for i, text in texts if _MULTI_DIGIT.fullmatch(text))]


def _seconds(segment: SpeechSegment) -> float:
    return len(segment.samples) / SAMPLE_RATE_HZ
