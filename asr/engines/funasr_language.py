"""Which language an utterance is in, as SenseVoice tells it before it writes the words."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from typing import Any

from asr.engines.funasr import load_model, padded
from asr.errors import EngineError, EngineUnavailableError
from asr.types import SpeechSegment

_ARCHITECTURE = "SenseVoiceSmall"
_LANGUAGE = re.compile(r"<\|(zh|en|yue|ja|ko|nospeech)\|>")


class FunasrLanguageIdentifier:
    """See `asr.dialects.LanguageIdentifier`; calls from several threads take turns."""

    def __init__(self, model: str, *, device: str = "cpu", threads: int = 0) -> None:
        """Load a registry name or a folder; raises EngineUnavailableError."""
        self.name = model
        self._turn = threading.Lock()
        self._model: Any = load_model(model, device=device, threads=threads)
        architecture = type(self._model.model).__name__
        if architecture != _ARCHITECTURE:
            raise EngineUnavailableError(
                f"{model} is a {architecture}, which names no languages; identify_by takes a "
                "SenseVoice model, such as sensevoice-small"
            )

    def identify(self, segments: Sequence[SpeechSegment]) -> list[str]:
        """Return zh, yue, en, ja, ko or nospeech for each segment; raises EngineError."""
        import torch

        sounds = [torch.from_numpy(padded(segment.samples)) for segment in segments]
        try:
            with self._turn:
                results = self._model.generate(
                    input=sounds, language="auto", use_itn=True, batch_size=len(sounds)
                )
        except Exception as error:  # FunASR's errors share no base
            raise EngineError(f"the language model {self.name} failed: {error}") from error
        return [_language(str(result.get("text", ""))) for result in results]


def _language(text: str) -> str:
    found = _LANGUAGE.search(text)
    return found[1] if found else "nospeech"
