"""Hearing an utterance twice: faster sound, and texts with the average of what was heard."""

from __future__ import annotations

import math

import numpy as np
import pytest

from asr.engines.tempo import Hypothesis, at_tempo, joined
from asr.types import SAMPLE_RATE_HZ, SpeechSegment


def test_a_tempo_shortens_and_raises_the_sound() -> None:
    times = np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    tone = np.sin(2 * np.pi * 400 * times).astype(np.float32)
    segment = SpeechSegment("citizen", 800, tone)
    faster = at_tempo(segment, 1.25)
    assert len(faster.samples) == round(SAMPLE_RATE_HZ / 1.25)
    spectrum = np.abs(np.fft.rfft(faster.samples))
    assert spectrum.argmax() * SAMPLE_RATE_HZ / len(faster.samples) == pytest.approx(500, abs=2)
    assert faster.start_sample == 800
    assert at_tempo(segment, 1.0) is segment


def test_what_was_heard_twice_beats_what_was_heard_once() -> None:
    first = [Hypothesis("一", -0.5, 4), Hypothesis("二", -0.6, 4), Hypothesis("", -0.1, 1)]
    second = [Hypothesis("二", -0.5, 4), Hypothesis("三", -0.5, 4), Hypothesis("二", -0.9, 4)]
    totals = joined([first, second])
    assert set(totals) == {"一", "二", "三"}
    assert max(totals, key=lambda text: totals[text]) == "二"
    assert totals["一"] == pytest.approx(-2.0 - math.log(2))
    assert joined([first])["一"] == pytest.approx(-2.0)
    assert joined([[]]) == {}
