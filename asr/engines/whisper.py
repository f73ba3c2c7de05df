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
from tokenizers import Tokenizer

from asr.engines.log_mel import FRAMES_PER_S, LogMel
from asr.errors import EngineError, EngineUnavailableError
from asr.text import is_looping, tidy, without_loops, written_numbers
from asr.types import SAMPLE_RATE_HZ, Alternative, Recognition, SpeechSegment
from models import registry

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

    beam_size: int = 5
    readings: int = 5
    """Hypotheses kept of each utterance, for rescoring and for numbers said twice."""
    batch_s: float = 80.0
    """Padded seconds of audio in one batch, at most."""
    no_speech: float = 0.6
    least_log_probability: float = -1.0
    """Below this, per token, words in what may be no speech are not believed."""
    hopeless_log_probability: float = -1.7
    """Below this nothing is believed."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """One hypothesis: tidied text, mean log probability per token, and tokens."""

    text: str
    score: float
    tokens: int


class WhisperRecognizer:
    """A recogniser on Whisper weights; see `asr.recognizer.Recognizer`.

    `model` is a name of the model registry or a CTranslate2 folder. `threads` 0 takes all
    cores.
    """

    def __init__(
        self,
        model: str,
        *,
        threads: int = 0,
        settings: WhisperSettings | None = None,
    ) -> None:
        """Load the weights; raises EngineUnavailableError, or ModelMissingError when not pulled."""
        folder = Path(model) if os.sep in model else registry.resolve(model)
        self.name = folder.name
        self._settings = settings or WhisperSettings()
        self._features = LogMel()
        try:
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            self._model = ctranslate2.models.Whisper(
                str(folder),
                device="cpu",
                compute_type="int8",
                intra_threads=threads or os.cpu_count() or 1,
            )
        except Exception as error:  # tokenizers raises plain Exception, CTranslate2 RuntimeError
            raise EngineUnavailableError(
                f"the Whisper weights in {folder} cannot be loaded ({error}); "
                "run `jiesu models verify` and pull them again"
            ) from error
        self._shortest_s = _SHORTEST_CONTEXT_S.get(self.name, 0.0)
        self._prompt = [self._tokenizer.token_to_id(token) for token in _PROMPT]

    def transcribe(
        self, segments: Sequence[SpeechSegment], hotwords: Sequence[str] = ()
    ) -> list[Recognition]:
        """Return what was said in each segment, in their order; raises EngineError."""
        heard: list[Recognition | None] = [None] * len(segments)
        for batch in self._batches(segments):
            chosen = [segments[i] for i in batch]
            for index, recognition in zip(batch, self._recognise(chosen), strict=True):
                heard[index] = recognition
        return [recognition for recognition in heard if recognition is not None]

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
        seconds = len(longest.samples) / SAMPLE_RATE_HZ + _TRAILING_SILENCE_S
        seconds = min(max(seconds, self._shortest_s), _LONGEST_CONTEXT_S)
        return math.ceil(seconds * FRAMES_PER_S / 2) * 2

    def _recognise(self, segments: Sequence[SpeechSegment]) -> list[Recognition]:
        results = self._decode(segments, self._frames(segments[-1]))
        recognitions = [self._believe(s, r) for s, r in zip(segments, results, strict=True)]
        for index, (segment, found) in enumerate(zip(segments, recognitions, strict=True)):
            if found is None:
                recognitions[index] = self._once_more(segment)
        return [r or self._nothing() for r in recognitions]

    def _once_more(self, segment: SpeechSegment) -> Recognition:
        """Decode a looping utterance again, alone, with the context Whisper was trained on."""
        full = round(_LONGEST_CONTEXT_S * FRAMES_PER_S)
        (result,) = self._decode([segment], full, no_repeat_ngram_size=5)
        recognition = self._believe(segment, result, last_chance=True)
        return recognition or self._nothing()

    def _decode(self, segments: Sequence[SpeechSegment], frames: int, **options: Any) -> list[Any]:
        features = self._features.batch([s.samples for s in segments], frames)
        longest_s = max(len(s.samples) for s in segments) / SAMPLE_RATE_HZ
        try:
            results: list[Any] = self._model.generate(
                ctranslate2.StorageView.from_array(features),
                [self._prompt] * len(segments),
                beam_size=self._settings.beam_size,
                num_hypotheses=self._settings.readings,
                max_length=len(self._prompt) + _FEWEST_TOKENS + int(_TOKENS_PER_S * longest_s),
                suppress_tokens=self._suppressed,
                return_scores=True,
                return_no_speech_prob=True,
                **options,
            )
        except RuntimeError as error:
            raise EngineError(f"the recogniser {self.name} failed: {error}") from error
        return results

    def _believe(
        self, segment: SpeechSegment, result: Any, *, last_chance: bool = False
    ) -> Recognition | None:
        """Return the result as a recognition, an empty one for no words, None for a loop."""
        readings = self._readings(result)
        best = readings[0]
        doubtful = result.no_speech_prob > self._settings.no_speech
        if best.score < self._settings.hopeless_log_probability or (
            doubtful and best.score < self._settings.least_log_probability
        ):
            return self._nothing()
        if _SUBTITLE_LINE.search(best.text) and (doubtful or best.score < -0.5):
            return self._nothing()
        duration_s = len(segment.samples) / SAMPLE_RATE_HZ
        if is_looping(best.text, duration_s):
            if not last_chance:
                return None
            best = replace(best, text=without_loops(best.text), score=best.score - 1.0)
        return self._recognition(best, readings)

    def _recognition(self, best: _Reading, readings: Sequence[_Reading]) -> Recognition:
        ahead = best.score * best.tokens
        weights = [math.exp(max(r.score * r.tokens - ahead, -50.0)) for r in readings]
        total = sum(weights)
        others: dict[str, float] = {}
        for reading, weight in zip(readings, weights, strict=True):
            if reading.text and reading.text != best.text:
                others[reading.text] = others.get(reading.text, 0.0) + weight / total
        alternatives = tuple(
            Alternative(text, share) for text, share in sorted(others.items(), key=lambda o: -o[1])
        )
        confidence = math.exp(best.score) if best.text else 0.0
        return Recognition(best.text, min(confidence, 1.0), (), alternatives, self.name)

    def _nothing(self) -> Recognition:
        return Recognition("", 0.0, model=self.name)

    def _readings(self, result: Any) -> list[_Reading]:
        pairs = zip(result.sequences_ids, result.scores, strict=True)
        return [_Reading(self._text(ids), float(score), len(ids) + 1) for ids, score in pairs]

    def _text(self, ids: Sequence[int]) -> str:
        return written_numbers(tidy(self._tokenizer.decode(list(ids), skip_special_tokens=True)))

    @cached_property
    def _suppressed(self) -> list[int]:
        """Whisper's own list, and tokens of several digits: one by one, numbers come out right."""
        first_special = self._tokenizer.token_to_id("<|endoftext|>") or 0
        texts = ((i, self._tokenizer.decode([i])) for i in range(first_special))
        return [-1, *(i for i, text in texts if _MULTI_DIGIT.fullmatch(text))]
