"""Where utterances start and end, with a detector that goes by level."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asr.endpoint import Endpointer, EndpointSettings
from asr.endpoint_rules import FRAME_MS, Span, SpanRules, best_cut
from asr.types import SAMPLE_RATE_HZ, Samples, SpeechSegment
from tests.asr.doubles import LevelVad, silence, voice


def heard(
    audio: Samples, piece: int = 1600, rules: EndpointSettings | None = None
) -> list[SpeechSegment]:
    endpointer = Endpointer("citizen", LevelVad(), rules)
    found: list[SpeechSegment] = []
    for start in range(0, len(audio), piece):
        found += endpointer.push(audio[start : start + piece])
    return found + endpointer.flush()


def spans(probabilities: list[float], rules: EndpointSettings) -> list[Span]:
    state = SpanRules(rules)
    ended = [state.step(p, 0.0) for p in probabilities] + [state.flush()]
    return [span for span in ended if span is not None]


def test_two_utterances_with_their_padding_and_true_times() -> None:
    audio = np.concatenate([silence(1.0), voice(2.0), silence(1.0), voice(1.5), silence(2.0)])
    first, second = heard(audio)
    assert first.channel == "citizen"
    assert first.start_ms == pytest.approx(800, abs=40)
    assert first.end_ms == pytest.approx(3200, abs=40)
    assert second.start_ms == pytest.approx(3800, abs=40)
    assert second.end_ms == pytest.approx(5700, abs=40)
    for segment in (first, second):
        source = audio[segment.start_sample : segment.start_sample + len(segment.samples)]
        np.testing.assert_array_equal(segment.samples, source)


def test_a_pause_shorter_than_the_endpoint_does_not_split() -> None:
    audio = np.concatenate([silence(0.5), voice(1.0), silence(0.4), voice(1.0), silence(1.0)])
    assert len(heard(audio)) == 1
    assert len(heard(audio, rules=EndpointSettings(pause_ms=300))) == 2


def test_an_utterance_ends_as_soon_as_its_pause_is_over() -> None:
    endpointer = Endpointer("agent", LevelVad(), EndpointSettings(pause_ms=600))
    assert not endpointer.push(np.concatenate([voice(1.0), silence(0.5)]))
    assert len(endpointer.push(silence(0.4))) == 1


def test_speech_at_the_very_end_is_not_lost() -> None:
    audio = np.concatenate([silence(1.0), voice(0.73)])
    (segment,) = heard(audio)
    assert segment.start_sample + len(segment.samples) == len(audio)


def test_speech_at_the_very_start_is_not_lost() -> None:
    (segment,) = heard(np.concatenate([voice(1.0), silence(1.0)]))
    assert segment.start_sample == 0


def test_clicks_are_not_speech() -> None:
    click = voice(0.05, level=0.9)
    assert not heard(np.concatenate([silence(1.0), click, silence(1.0), click, silence(1.0)]))


@pytest.mark.parametrize("audio", [silence(0.0), silence(5.0), np.full(80_000, 1e-4, np.float32)])
def test_silence_is_not_speech_and_never_reaches_the_neural_detector(audio: Samples) -> None:
    vad = LevelVad()
    endpointer = Endpointer("agent", vad)
    assert not endpointer.push(audio) + endpointer.flush()
    assert vad.frames_heard == 0


def test_a_long_utterance_is_split_without_losing_a_sample() -> None:
    rules = EndpointSettings(max_segment_ms=5_000)
    found = heard(np.concatenate([silence(0.5), voice(23.0), silence(1.0)]), rules=rules)
    assert len(found) >= 5
    assert max(len(s.samples) for s in found) <= 5.5 * SAMPLE_RATE_HZ
    for before, after in itertools.pairwise(found):
        assert after.start_sample == before.start_sample + len(before.samples)
    assert found[0].start_ms <= 500
    assert found[-1].end_ms >= 23_500


def test_a_split_prefers_the_dip() -> None:
    dip = silence(0.2)
    audio = np.concatenate([voice(3.6), dip, voice(3.0), silence(1.0)])
    first, second = heard(audio, rules=EndpointSettings(max_segment_ms=5_000))
    assert 3_600 <= first.end_ms <= 3_800
    assert second.start_ms == first.end_ms


def test_an_old_utterance_ends_at_a_shorter_pause() -> None:
    rules = EndpointSettings(long_after_ms=4_000, short_pause_ms=250)
    audio = np.concatenate([voice(2.0), silence(0.4), voice(3.0), silence(0.4), voice(1.0)])
    first, second = heard(audio, rules=rules)
    assert first.end_ms == pytest.approx(5_600, abs=60)
    assert second.start_ms >= first.end_ms


def test_the_open_segment_grows_until_the_endpoint() -> None:
    endpointer = Endpointer("agent", LevelVad())
    endpointer.push(silence(1.0))
    assert endpointer.open_segment is None
    lengths: list[int] = []
    for _ in range(4):
        assert not endpointer.push(voice(0.5))
        segment = endpointer.open_segment
        assert segment is not None
        assert segment.start_ms == pytest.approx(800, abs=40)
        lengths.append(len(segment.samples))
    assert lengths == sorted(set(lengths))
    assert endpointer.push(silence(1.0))
    assert endpointer.open_segment is None


def test_cut_ends_the_utterance_and_the_leg_goes_on() -> None:
    endpointer = Endpointer("agent", LevelVad())
    endpointer.push(np.concatenate([silence(0.32), voice(1.6)]))
    (first,) = endpointer.cut()
    assert endpointer.cut() == []
    endpointer.push(voice(1.6))
    (second,) = endpointer.flush()
    assert second.start_sample == first.start_sample + len(first.samples)


@settings(max_examples=25, deadline=None)
@given(pieces=st.lists(st.integers(1, 9_000), min_size=1, max_size=30))
def test_the_same_audio_gives_the_same_utterances_however_it_is_cut(pieces: list[int]) -> None:
    audio = np.concatenate([silence(0.7), voice(1.3), silence(0.9), voice(0.6), silence(0.1)])
    endpointer = Endpointer("agent", LevelVad())
    found: list[SpeechSegment] = []
    start = 0
    for piece in itertools.cycle(pieces):
        if start >= len(audio):
            break
        found += endpointer.push(audio[start : start + piece])
        start += piece
    found += endpointer.flush()
    whole = heard(audio, piece=len(audio))
    assert [(s.start_sample, len(s.samples)) for s in found] == [
        (s.start_sample, len(s.samples)) for s in whole
    ]


@settings(max_examples=200, deadline=None)
@given(
    probabilities=st.lists(st.floats(0.0, 1.0), max_size=400),
    max_segment_ms=st.integers(640, 4_000),
)
def test_every_sure_frame_of_long_enough_speech_lies_in_one_span(
    probabilities: list[float], max_segment_ms: int
) -> None:
    rules = EndpointSettings(pause_ms=160, min_speech_ms=FRAME_MS, max_segment_ms=max_segment_ms)
    found = spans(probabilities, rules)
    owners = [sum(s.start <= i < s.end for s in found) for i in range(len(probabilities))]
    assert max(owners, default=0) <= 1
    for probability, owner in zip(probabilities, owners, strict=True):
        if probability >= rules.speech_threshold:
            assert owner == 1
    for span in found:
        assert 0 < (span.end - span.start) * FRAME_MS <= max_segment_ms


def test_hysteresis_keeps_wavering_speech_together() -> None:
    rules = EndpointSettings(pause_ms=96, min_speech_ms=FRAME_MS)
    assert spans([0.6, *[0.4] * 10, 0.2, 0.2, 0.2], rules) == [Span(0, 11)]
    assert spans([0.4] * 10, rules) == []


def test_best_cut_takes_the_longest_pause_then_the_quietest_frame() -> None:
    loud = (0.9, -20.0)
    pause = [loud] * 6 + [(0.1, -50.0)] * 2 + [loud] + [(0.1, -50.0)] * 3 + [loud] * 2
    assert 9 <= best_cut(pause, 0.35) <= 11
    quiet = [loud] * 8 + [(0.9, -45.0)] + [loud] * 4
    assert best_cut(quiet, 0.35) in (8, 9, 10)


def test_skipping_in_the_middle_of_speech_is_a_fault_of_the_caller() -> None:
    rules = SpanRules(EndpointSettings())
    rules.step(1.0, 0.0)
    with pytest.raises(ValueError, match="going on"):
        rules.skip(5)
