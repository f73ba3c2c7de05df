"""What a voice sounds like: an utterance into a vector that is near others of its speaker.

The encoder is that of Resemblyzer: three LSTM layers over 40 mel bands, trained to tell
speakers apart (generalised end-to-end loss, Wan et al., 2018), run here in numpy.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from asr.errors import EngineUnavailableError
from asr.types import Samples
from models import registry
from models.errors import ModelMissingError, WeightsFormatError
from models.recogniser.mel_filters import HOP_SAMPLES, WINDOW_SAMPLES, mel_filters
from models.torch_checkpoint import read_checkpoint

MODEL = "voice-encoder"
FUNASR_MODEL = "cam++"

Voiceprint = npt.NDArray[np.float32]
"""float32 (dimensions,) of length 1."""

_BANDS = 40
_HIDDEN = 256
_LAYERS = 3
_WINDOW_FRAMES = 160
_WINDOW_STEP_FRAMES = 80
_LEVEL = 10 ** (-30 / 20)
"""Root mean square that the encoder was trained on (-30 dBFS)."""


class VoiceEncoder(Protocol):
    """Turns speech into voiceprints; one may serve several threads."""

    name: str

    def embed(self, samples: Samples) -> Voiceprint:
        """Return the voiceprint of float32 (n,) at 16 kHz; raises EngineError."""
        ...


class LstmVoiceEncoder:
    """The embedded default; see `VoiceEncoder`."""

    def __init__(self, folder: Path | None = None) -> None:
        """Load the weights; raises ModelMissingError, EngineUnavailableError."""
        self.name = MODEL
        path = (folder or registry.resolve(MODEL)) / "pretrained.pt"
        try:
            weights = read_checkpoint(path)
            self._layers = [_Layer.of(weights, number) for number in range(_LAYERS)]
            self._projection = weights["model_state.linear.weight"].T
            self._bias = weights["model_state.linear.bias"]
        except (WeightsFormatError, KeyError) as error:
            raise EngineUnavailableError(
                f"the voice encoder in {path.parent} cannot be loaded ({error}); "
                f"run `jiesu models pull {MODEL}`"
            ) from error
        self._filters = mel_filters(_BANDS)
        self._hann = np.hanning(WINDOW_SAMPLES + 1)[:-1].astype(np.float32)

    def embed(self, samples: Samples) -> Voiceprint:
        """Return the mean over windows of 1.6 s, each half over the one before."""
        windows = _windows(self._mel_power(samples))
        state = windows
        for layer in self._layers:
            state = layer.run(state)
        last = np.maximum(state[:, -1] @ self._projection + self._bias, 0.0)
        last /= np.linalg.norm(last, axis=1, keepdims=True) + 1e-9
        return _unit(last.mean(axis=0))

    def _mel_power(self, samples: Samples) -> npt.NDArray[np.float32]:
        """Return float32 (frames, 40) of the speech brought to the trained level."""
        level = float(np.sqrt(np.mean(np.square(samples)))) if len(samples) else 0.0
        padded = np.pad(samples * (_LEVEL / max(level, 1e-6)), WINDOW_SAMPLES // 2)
        if len(padded) < WINDOW_SAMPLES:
            padded = np.pad(padded, (0, WINDOW_SAMPLES - len(padded)))
        frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW_SAMPLES)[::HOP_SAMPLES]
        power = np.square(np.abs(np.fft.rfft(frames * self._hann, axis=1)))
        return np.asarray(power @ self._filters.T, np.float32)


class _Layer:
    """One LSTM layer: gates in PyTorch's order (input, forget, cell, output)."""

    def __init__(
        self,
        inputs: npt.NDArray[np.float32],
        hidden: npt.NDArray[np.float32],
        bias: npt.NDArray[np.float32],
    ) -> None:
        self._inputs, self._hidden, self._bias = inputs, hidden, bias

    @classmethod
    def of(cls, weights: dict[str, npt.NDArray[np.float32]], number: int) -> _Layer:
        at = f"model_state.lstm.{{}}_l{number}"
        return cls(
            weights[at.format("weight_ih")].T,
            weights[at.format("weight_hh")].T,
            weights[at.format("bias_ih")] + weights[at.format("bias_hh")],
        )

    def run(self, sequences: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the outputs, float32 (batch, frames, 256), for (batch, frames, inputs)."""
        driven = sequences @ self._inputs + self._bias
        out = np.empty((*driven.shape[:2], _HIDDEN), np.float32)
        hidden = np.zeros((len(driven), _HIDDEN), np.float32)
        cell = np.zeros_like(hidden)
        for frame in range(driven.shape[1]):
            gates = driven[:, frame] + hidden @ self._hidden
            keep_in, keep_old, new, show = np.split(gates, 4, axis=1)
            cell = _sigmoid(keep_old) * cell + _sigmoid(keep_in) * np.tanh(new)
            hidden = _sigmoid(show) * np.tanh(cell)
            out[:, frame] = hidden
        return out


@cache
def default_voice_encoder() -> VoiceEncoder | None:
    """Return the best encoder that was pulled: CAM++, else the embedded one, else None."""
    if _is_pulled(FUNASR_MODEL):
        from asr.engines.funasr_voices import FunasrVoiceEncoder

        return FunasrVoiceEncoder(FUNASR_MODEL)
    return LstmVoiceEncoder() if _is_pulled(MODEL) else None


def _is_pulled(model: str) -> bool:
    try:
        registry.resolve(model)
    except ModelMissingError:
        return False
    return True


def _windows(mel: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return float32 (windows, 160, 40); speech shorter than one window is repeated."""
    if len(mel) < _WINDOW_FRAMES:
        mel = np.tile(mel, (-(-_WINDOW_FRAMES // len(mel)), 1))[:_WINDOW_FRAMES]
    starts = range(0, len(mel) - _WINDOW_FRAMES + 1, _WINDOW_STEP_FRAMES)
    return np.stack([mel[start : start + _WINDOW_FRAMES] for start in starts])


def _sigmoid(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * values)), np.float32)


def _unit(vector: npt.NDArray[np.float32]) -> Voiceprint:
    return np.asarray(vector / (np.linalg.norm(vector) + 1e-9), np.float32)
