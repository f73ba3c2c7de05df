"""The contract of a recognition engine, and the way to one by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from asr.errors import EngineUnavailableError, UnknownEngineError
from asr.types import Recognition, SpeechSegment
from models.errors import ModelsError

ENGINES = ("whisper", "funasr")


class Recogniser(Protocol):
    """Puts utterances into words; weights only, no state of any call."""

    @property
    def name(self) -> str:
        """The model's name, as the transcript and the provenance give it."""

    def transcribe(
        self, segments: Sequence[SpeechSegment], hotwords: Sequence[str] = ()
    ) -> list[Recognition]:
        """Return what was said in each segment, in their order; raises EngineError."""


@runtime_checkable
class DraftingRecogniser(Recogniser, Protocol):
    """A recogniser with a quicker, rougher way for words that will be heard again."""

    def draft(
        self, segments: Sequence[SpeechSegment], hotwords: Sequence[str] = ()
    ) -> list[Recognition]:
        """Return what seems to be said in each segment, in their order; raises EngineError."""


def draft(
    recogniser: Recogniser, segments: Sequence[SpeechSegment], hotwords: Sequence[str] = ()
) -> list[Recognition]:
    """Have segments recognised the quick way where there is one; raises EngineError."""
    if isinstance(recogniser, DraftingRecogniser):
        return recogniser.draft(segments, hotwords)
    return recogniser.transcribe(segments, hotwords)


def load_recogniser(
    engine: str, *, model: str | None = None, threads: int = 0, language: str = "zh"
) -> Recogniser:
    """Load an engine: `whisper` (embedded default) or `funasr`, with a model of the registry.

    Without `model`, `whisper` hears telephone sound with the weights adapted to hotlines
    and full-band sound with the plain ones. `threads` 0 takes all cores. `language` is for
    the models of FunASR that can be told (zh, yue, auto …). Raises UnknownEngineError,
    EngineUnavailableError.
    """
    if engine not in ENGINES:
        raise UnknownEngineError(
            f"no engine is called {engine!r}; choose one of {', '.join(ENGINES)}"
        )
    try:
        if engine == "whisper":
            from asr.engines.by_band import BandRecogniser
            from asr.engines.whisper import (
                FULL_BAND_MODEL,
                FULL_BAND_SETTINGS,
                TELEPHONE_MODEL,
                WhisperRecogniser,
            )

            if model is not None:
                return WhisperRecogniser(model, threads=threads)
            return BandRecogniser(
                narrow=WhisperRecogniser(TELEPHONE_MODEL, threads=threads),
                wide=WhisperRecogniser(
                    FULL_BAND_MODEL, threads=threads, settings=FULL_BAND_SETTINGS
                ),
            )
        from asr.engines.funasr import DEFAULT_MODEL as FUNASR_MODEL
        from asr.engines.funasr import FunasrRecogniser

        return FunasrRecogniser(model or FUNASR_MODEL, threads=threads, language=language)
    except ModelsError as error:
        raise EngineUnavailableError(f"the engine {engine} cannot start: {error}") from error
