"""Is somebody speaking? A neural detector, and a cheap gate before it.

The detector is Silero VAD 6 (MIT) in its sequence form, which takes any number of frames
in one call and carries its state between calls; onnxruntime runs it, no torch.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime
import webrtcvad

from asr.errors import EngineUnavailableError
from asr.framing import FloatArray
from asr.types import SAMPLE_RATE_HZ, Samples
from models import registry

VAD_FRAME_SAMPLES = 512
"""One probability is given for 32 ms."""

_CONTEXT_SAMPLES = 64
_SEQUENCE_FILE = "silero_vad_16k_sequence.onnx"


class VadStream(Protocol):
    """The detector's memory of one leg."""

    def probabilities(self, samples: Samples) -> FloatArray:
        """Return float32 (frames,), how surely each of the next frames is speech.

        `samples` is float32 (frames * `VAD_FRAME_SAMPLES`,) and follows what was given
        before without a gap.
        """
        ...

    def reset(self) -> None:
        """Forget what was heard: what comes next does not follow on it."""
        ...


class Vad(Protocol):
    """A neural voice activity detector: weights that any number of legs share."""

    def stream(self) -> VadStream:
        """Return fresh memory for one leg."""
        ...


class SileroVad:
    """Silero VAD from a local ONNX file; safe to share between threads."""

    def __init__(self, path: Path) -> None:
        """Load `path`, the sequence graph or the folder it lies in.

        Raises EngineUnavailableError where it is missing or another graph.
        """
        file = path / _SEQUENCE_FILE if path.is_dir() else path
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                str(file), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's errors share no base of their own
            raise EngineUnavailableError(
                f"the voice detector {file.name} cannot be loaded; "
                "run: jiesu models pull silero-vad"
            ) from error
        if {i.name for i in self._session.get_inputs()} != {"input", "h", "c"}:
            raise EngineUnavailableError(
                f"{file} is not the sequence graph {_SEQUENCE_FILE}; "
                "run: jiesu models pull silero-vad"
            )

    def stream(self) -> SileroStream:
        """Return fresh memory for one leg."""
        return SileroStream(self._session)


@cache
def default_vad() -> Vad:
    """Return the Silero detector of the model registry, loaded once.

    Raises models.errors.ModelMissingError, which says how to pull it.
    """
    return SileroVad(registry.resolve("silero-vad"))


class SileroStream:
    """Hidden state and trailing samples of one leg; see `VadStream`."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session
        self.reset()

    def reset(self) -> None:
        """Forget what was heard."""
        self._hidden = np.zeros((1, 1, 128), dtype=np.float32)
        self._cell = np.zeros((1, 1, 128), dtype=np.float32)
        self._context = np.zeros(_CONTEXT_SAMPLES, dtype=np.float32)

    def probabilities(self, samples: Samples) -> FloatArray:
        """Return float32 (frames,) for float32 (frames * 512,) samples."""
        frames = samples.reshape(-1, VAD_FRAME_SAMPLES)
        # Each frame is seen together with the last 4 ms before it.
        before = np.vstack([self._context, frames[:-1, -_CONTEXT_SAMPLES:]])
        probabilities: FloatArray
        probabilities, self._hidden, self._cell = self._session.run(
            ["speech_probs", "hn", "cn"],
            {"input": np.hstack([before, frames]), "h": self._hidden, "c": self._cell},
        )
        self._context = frames[-1, -_CONTEXT_SAMPLES:].copy()
        return probabilities.reshape(-1)


class SpeechGate:
    """First gate: WebRTC's detector at its most lenient, and a floor on the level.

    It lets through all that could be speech; what it holds back costs the neural
    detector nothing, which is half of every call with two legs.
    """

    def __init__(self, floor_dbfs: float = -65.0) -> None:
        self._webrtc = webrtcvad.Vad(0)
        self._floor = 10.0 ** (floor_dbfs / 20.0)
        self._frame_samples = SAMPLE_RATE_HZ // 50

    def is_open(self, hop: Samples) -> bool:
        """Return whether float32 (samples,), a multiple of 20 ms, may hold speech."""
        frames = hop.reshape(-1, self._frame_samples)
        if float(np.sqrt(np.mean(np.square(frames), axis=1)).max()) < self._floor:
            return False
        pcm = (np.clip(hop, -1.0, 1.0) * 32767).astype(np.int16)
        return any(
            self._webrtc.is_speech(frame.tobytes(), SAMPLE_RATE_HZ)
            for frame in pcm.reshape(-1, self._frame_samples)
        )
