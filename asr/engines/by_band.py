"""Telephone sound to one set of weights, full-band sound to another.

Weights adapted to telephone speech lose on full-band recordings what they win on the
line, and the other way round; the two kinds of sound tell themselves apart, since a
resampled 8 kHz line holds nothing above 4 kHz.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from asr.recogniser import Recogniser, draft
from asr.types import SAMPLE_RATE_HZ, Recognition, Samples, SpeechSegment

_WINDOW_SAMPLES = 1_024
_LINE_EDGE_HZ = 4_200
"""Telephone channels end at 3.4 kHz, 8 kHz sampling at 4 kHz; resampling filters roll off here."""
_VOICE_HZ = (300, 3_400)
_LEAST_SHARE = 1e-4


class BandRecogniser:
    """Two recognisers behind one; see `asr.recogniser.Recogniser`."""

    def __init__(self, narrow: Recogniser, wide: Recogniser) -> None:
        self._narrow = narrow
        self._wide = wide
        self.name = narrow.name

    def transcribe(
        self, segments: Sequence[SpeechSegment], hotwords: Sequence[str] = ()
    ) -> list[Recognition]:
        """Return what was said in each segment, in their order; raises EngineError."""
        return self._by_band(segments, lambda chosen, them: chosen.transcribe(them, hotwords))

    def draft(
        self, segments: Sequence[SpeechSegment], hotwords: Sequence[str] = ()
    ) -> list[Recognition]:
        """Return what seems to be said in each segment; raises EngineError."""
        return self._by_band(segments, lambda chosen, them: draft(chosen, them, hotwords))

    def _by_band(
        self,
        segments: Sequence[SpeechSegment],
        hear: Callable[[Recogniser, Sequence[SpeechSegment]], list[Recognition]],
    ) -> list[Recognition]:
        is_narrow = [is_telephone_band(segment.samples) for segment in segments]
        heard: dict[int, Recognition] = {}
        for recogniser, wanted in ((self._narrow, True), (self._wide, False)):
            chosen = [index for index, narrow in enumerate(is_narrow) if narrow is wanted]
            if chosen:
                results = hear(recogniser, [segments[i] for i in chosen])
                heard.update(zip(chosen, results, strict=True))
        return [heard[index] for index in range(len(segments))]


def is_telephone_band(samples: Samples) -> bool:
    """Tell whether float32 (samples,) at 16 kHz came over a telephone line.

    Power above the line's edge is held against the power of the voice band.
    """
    count = max(len(samples) // _WINDOW_SAMPLES, 1)
    padded = np.zeros(count * _WINDOW_SAMPLES, dtype=np.float32)
    used = samples[: len(padded)]
    padded[: len(used)] = used
    windows = padded.reshape(count, _WINDOW_SAMPLES) * np.hanning(_WINDOW_SAMPLES)
    power = np.square(np.abs(np.fft.rfft(windows, axis=1))).mean(axis=0)
    hz = np.fft.rfftfreq(_WINDOW_SAMPLES, 1 / SAMPLE_RATE_HZ)
    voice = power[(hz >= _VOICE_HZ[0]) & (hz <= _VOICE_HZ[1])].mean()
    above = power[hz > _LINE_EDGE_HZ].mean()
    return bool(above <= voice * _LEAST_SHARE)
