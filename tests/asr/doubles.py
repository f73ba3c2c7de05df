"""Test doubles of the asr room: a voice, a detector that hears it, a scripted recogniser."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import numpy as np

from asr.framing import FloatArray
from asr.types import SAMPLE_RATE_HZ, Recognition, Samples, SpeechSegment
from asr.vad import VAD_FRAME_SAMPLES


def voice(duration_s: float, level: float = 0.3, rate_hz: int = SAMPLE_RATE_HZ) -> Samples:
    """A voice-like sound: harmonics of a gliding pitch, swelling four times a second."""
    time_s = np.arange(int(duration_s * rate_hz)) / rate_hz
    phase = 2 * np.pi * np.cumsum(140 + 30 * np.sin(2 * np.pi * 0.7 * time_s)) / rate_hz
    sound = sum(np.sin(k * phase) / k for k in range(1, 20))
    swell = 0.75 + 0.25 * np.sin(2 * np.pi * 4 * time_s)
    loud: Samples = (level * sound * swell / 2).astype(np.float32)
    return loud


def silence(duration_s: float, rate_hz: int = SAMPLE_RATE_HZ) -> Samples:
    return np.zeros(int(duration_s * rate_hz), dtype=np.float32)


class LevelVad:
    """Holds whatever is louder than -40 dBFS to be speech."""

    def __init__(self) -> None:
        self.frames_heard = 0

    def stream(self) -> LevelVadStream:
        return LevelVadStream(self)


class LevelVadStream:
    def __init__(self, vad: LevelVad) -> None:
        self._vad = vad

    def probabilities(self, samples: Samples) -> FloatArray:
        frames = samples.reshape(-1, VAD_FRAME_SAMPLES)
        self._vad.frames_heard += len(frames)
        loud = np.sqrt(np.mean(np.square(frames), axis=1)) > 0.01
        probabilities: FloatArray = loud.astype(np.float32)
        return probabilities

    def reset(self) -> None:
        pass


Script = Callable[[SpeechSegment], str]


class ScriptedRecogniser:
    """Says what its script says of each segment, and notes what it was asked and by whom.

    `gate`, where given, holds every batch until it is set; `fail_next` makes that many
    batches fail with `error`.
    """

    name = "scripted"

    def __init__(self, script: Script | None = None, gate: threading.Event | None = None) -> None:
        self.script = script or (lambda segment: f"词{len(segment.samples) * 10 // SAMPLE_RATE_HZ}")
        self.gate = gate
        self.busy_s = 0.0
        self.fail_next = 0
        self.error: Exception = RuntimeError("the engine broke")
        self.started = threading.Event()
        self.batches: list[list[SpeechSegment]] = []
        self.hotwords: list[tuple[str, ...]] = []
        self.threads: set[int] = set()

    def transcribe(
        self, segments: Sequence[SpeechSegment], hotwords: Sequence[str] = ()
    ) -> list[Recognition]:
        self.batches.append(list(segments))
        self.hotwords.append(tuple(hotwords))
        self.threads.add(threading.get_ident())
        self.started.set()
        if self.gate is not None and not self.gate.wait(timeout=10):
            raise TimeoutError("the test never opened the gate")
        if self.busy_s:
            time.sleep(self.busy_s)
        if self.fail_next:
            self.fail_next -= 1
            raise self.error
        return [Recognition(self.script(segment), 0.9, model="scripted") for segment in segments]
