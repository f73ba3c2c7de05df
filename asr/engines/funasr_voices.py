"""Voiceprints by CAM++ (Wang et al., 2023), where FunASR and its weights are at hand."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from asr.engines.funasr import load_model
from asr.errors import EngineError
from asr.types import SAMPLE_RATE_HZ, Samples
from asr.voiceprint import FUNASR_MODEL, Voiceprint

_SHORTEST_SAMPLES = SAMPLE_RATE_HZ // 2


class FunasrVoiceEncoder:
    """See `asr.voiceprint.VoiceEncoder`; calls from several threads take turns."""

    def __init__(self, model: str = FUNASR_MODEL, *, device: str = "cpu", threads: int = 0) -> None:
        """Load a registry name or a folder; raises EngineUnavailableError."""
        self.name = model
        self._turn = threading.Lock()
        self._model: Any = load_model(model, device=device, threads=threads)

    def embed(self, samples: Samples) -> Voiceprint:
        """Return the voiceprint, float32 (192,) of length 1; raises EngineError.

        Speech of less than half a second is repeated until it is that long.
        """
        speech = samples if len(samples) else np.zeros(1, np.float32)
        if len(speech) < _SHORTEST_SAMPLES:
            speech = np.tile(speech, -(-_SHORTEST_SAMPLES // len(speech)))
        try:
            with self._turn:
                (found,) = self._model.generate(input=[speech], fs=SAMPLE_RATE_HZ)
            vector = np.asarray(found["spk_embedding"].cpu(), np.float32).ravel()
        except Exception as error:  # FunASR's errors share no base
            raise EngineError(f"the voice encoder {self.name} failed: {error}") from error
        return np.asarray(vector / (np.linalg.norm(vector) + 1e-9), np.float32)
