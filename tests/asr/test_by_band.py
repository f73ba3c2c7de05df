"""Telephone and full-band sound go to different weights, whatever order they come in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import soxr

from asr.engines.by_band import BandRecogniser, is_telephone_band
from asr.types import SAMPLE_RATE_HZ, Recognition, Samples, SpeechSegment


class Named:
    """Answers with its own name and the place of the segment."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.batches: list[int] = []

    def transcribe(
        self, segments: Sequence[SpeechSegment], hotwords: Sequence[str] = ()
    ) -> list[Recognition]:
        self.batches.append(len(segments))
        return [Recognition(f"{self.name}{s.start_sample}", 1.0) for s in segments]


def full_band(seconds: float, seed: int = 0) -> Samples:
    noise = np.random.default_rng(seed).normal(0, 0.1, int(seconds * SAMPLE_RATE_HZ))
    return noise.astype(np.float32)


def over_the_line(samples: Samples) -> Samples:
    line = soxr.resample(samples, SAMPLE_RATE_HZ, 8_000)
    return np.asarray(soxr.resample(line, 8_000, SAMPLE_RATE_HZ), dtype=np.float32)


@pytest.mark.parametrize("seconds", [0.05, 0.5, 4.0])
def test_a_line_is_told_from_a_microphone(seconds: float) -> None:
    sound = full_band(seconds)
    assert not is_telephone_band(sound)
    assert is_telephone_band(over_the_line(sound)) or seconds < 0.1


def test_silence_counts_as_a_line() -> None:
    assert is_telephone_band(np.zeros(8_000, dtype=np.float32))
    assert is_telephone_band(np.zeros(0, dtype=np.float32))


def test_each_segment_goes_to_its_weights_and_the_order_is_kept() -> None:
    sounds = [full_band(1), over_the_line(full_band(1)), full_band(2), over_the_line(full_band(2))]
    segments = [SpeechSegment("citizen", i, sound) for i, sound in enumerate(sounds)]
    narrow, wide = Named("narrow"), Named("wide")
    heard = BandRecogniser(narrow, wide).transcribe(segments)
    assert [r.text for r in heard] == ["wide0", "narrow1", "wide2", "narrow3"]
    assert narrow.batches == wide.batches == [2]


def test_weights_without_work_are_left_alone() -> None:
    narrow, wide = Named("narrow"), Named("wide")
    assert BandRecogniser(narrow, wide).transcribe([]) == []
    BandRecogniser(narrow, wide).transcribe([SpeechSegment("agent", 0, full_band(1))])
    assert (narrow.batches, wide.batches) == ([], [1])
