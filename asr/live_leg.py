"""One leg of a live call: the audio that waits, and the utterance that goes on."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from asr.endpoint import HOP_SAMPLES, Endpointer, EndpointSettings
from asr.live_streaming import UtteranceStream
from asr.resample import StreamResampler
from asr.stabilizer import PrefixStabilizer
from asr.types import SAMPLE_RATE_HZ, Channel, Samples, SpeechSegment
from asr.vad import Vad


@dataclass(slots=True)
class OpenUtterance:
    """An utterance of which there may be partials and will be at most one final.

    `id` is given when the first event speaks of it; `is_closed` once its end is known,
    after which a late partial must not speak any more.
    """

    stabilizer: PrefixStabilizer = field(default_factory=PrefixStabilizer)
    id: str | None = None
    revision: int = 0
    heard_samples: int = 0
    is_closed: bool = False
    stream: UtteranceStream | None = None
    """Where its partials come from, if not from the recogniser of the finals."""
    segment: SpeechSegment | None = None
    """As much of it as has been looked at."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a stretch of audio brought: utterances that ended, and what is still going on."""

    ended: list[SpeechSegment]
    open: SpeechSegment | None


class LiveLeg:
    """Takes float32 (samples,) at the line's rate; `hear` does the work, off the event loop."""

    def __init__(
        self,
        channel: Channel,
        source_rate_hz: int,
        vad: Vad,
        settings: EndpointSettings,
        dialect: str | None = None,
    ) -> None:
        self.channel = channel
        self.utterance = OpenUtterance()
        self._rate_hz = source_rate_hz
        self._resampler = StreamResampler(source_rate_hz)
        self._endpointer = Endpointer(channel, vad, settings, dialect)
        self._waiting: deque[Samples] = deque()
        self._waiting_samples = 0

    @property
    def waiting_ms(self) -> int:
        """Audio that has come and has not been heard yet."""
        return self._waiting_samples * 1000 // self._rate_hz

    @property
    def has_a_hop(self) -> bool:
        """Whether enough waits for the endpointer to look at it."""
        return self._waiting_samples * SAMPLE_RATE_HZ >= HOP_SAMPLES * self._rate_hz

    def push(self, samples: Samples) -> None:
        """Let `samples` wait."""
        self._waiting.append(samples)
        self._waiting_samples += len(samples)

    def take(self) -> Samples:
        """Return all that waits."""
        if not self._waiting:
            return np.zeros(0, dtype=np.float32)
        taken = np.concatenate(self._waiting)
        self._waiting.clear()
        self._waiting_samples = 0
        return taken

    def hear(self, samples: Samples, *, cut: bool = False, last: bool = False) -> Heard:
        """Endpoint `samples`; with `cut` end the open utterance, with `last` the leg."""
        ended: list[SpeechSegment] = []
        if len(samples):
            ended += self._endpointer.push(self._resampler.push(samples[np.newaxis, :])[0])
        if last:
            ended += self._endpointer.push(self._resampler.flush()[0])
            ended += self._endpointer.flush()
        elif cut:
            ended += self._endpointer.cut()
        return Heard(ended, self._endpointer.open_segment)
