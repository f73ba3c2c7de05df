"""Endpoints with the real detector: on our own sample calls, and on sounds without words."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import soxr

from asr.audio import open_recording
from asr.endpoint import Endpointer, EndpointSettings
from asr.errors import EngineUnavailableError
from asr.tones import is_line_signal
from asr.types import SAMPLE_RATE_HZ, Channel, Samples, SpeechSegment
from asr.vad import VAD_FRAME_SAMPLES, SileroVad, Vad, default_vad
from models.errors import ModelMissingError
from tests.asr.doubles import voice
from tests.conftest import ROOT

LINE_HZ = 8_000
SAMPLES = sorted((ROOT / "samples").glob("*.wav"))
LEGS: tuple[Channel, Channel] = ("agent", "citizen")


@pytest.fixture(scope="module")
def silero() -> Vad:
    try:
        return default_vad()
    except ModelMissingError as error:
        pytest.skip(str(error))


def tone(*frequencies_hz: float, on_s: float = 1.0, off_s: float = 0.0) -> Samples:
    time_s = np.arange(20 * LINE_HZ) / LINE_HZ
    sound = sum(np.sin(2 * np.pi * f * time_s) for f in frequencies_hz) / len(frequencies_hz)
    return np.asarray(0.25 * sound * (time_s % (on_s + off_s) < on_s), dtype=np.float32)


def keys() -> Samples:
    """Random DTMF digits, 100 ms each, with pauses of 0.1 to 1 s."""
    rng = np.random.default_rng(3)
    line = np.zeros(60 * LINE_HZ)
    press_s = np.arange(LINE_HZ // 10) / LINE_HZ
    at = 0
    while at + LINE_HZ < len(line):
        low, high = rng.choice([697, 770, 852, 941]), rng.choice([1209, 1336, 1477])
        both = np.sin(2 * np.pi * low * press_s) + np.sin(2 * np.pi * high * press_s)
        line[at : at + len(press_s)] = 0.15 * both
        at += int(rng.choice([0.2, 0.3, 1.1]) * LINE_HZ)
    return line.astype(np.float32)


def noise(level: float) -> Samples:
    return np.random.default_rng(0).normal(0.0, level, 20 * LINE_HZ).astype(np.float32)


WORDLESS = {
    "silence": lambda: np.zeros(20 * LINE_HZ, dtype=np.float32),
    "faint noise": lambda: noise(0.003),
    "loud noise": lambda: noise(0.2),
    "ring-back": lambda: tone(450, on_s=1.0, off_s=4.0),
    "busy": lambda: tone(450, on_s=0.35, off_s=0.35),
    "dial tone": lambda: tone(350, 440),
    "mains hum": lambda: tone(50, 150, 250),
    "pressed keys": keys,
}


@pytest.mark.weights
@pytest.mark.parametrize("name", WORDLESS)
def test_sounds_without_words_are_not_speech(silero: Vad, name: str) -> None:
    endpointer = Endpointer("citizen", silero)
    heard: Samples = soxr.resample(WORDLESS[name](), LINE_HZ, SAMPLE_RATE_HZ).astype(np.float32)
    assert endpointer.push(heard) + endpointer.flush() == []


@pytest.mark.weights
@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_turn_of_the_sample_calls_is_found_whole(silero: Vad, path: Path) -> None:
    turns = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["turns"]
    for channel, segments in zip(LEGS, endpoints(path, silero), strict=True):
        spoken = [t for t in turns if t["channel"] == channel]
        owners = [[t for t in spoken if overlap_ms(s, t) > 0] for s in segments]
        assert all(owners), "a segment where nobody speaks"
        for before, after in (pair for of in owners for pair in itertools.pairwise(of)):
            assert after["start_ms"] - before["end_ms"] < EndpointSettings().pause_ms
        for turn in spoken:
            covered_ms = sum(overlap_ms(s, turn) for s in segments)
            # The turns' marks include the silence around the voice.
            assert covered_ms > 0.6 * (turn["end_ms"] - turn["start_ms"])


def endpoints(path: Path, vad: Vad) -> list[list[SpeechSegment]]:
    with open_recording(path) as recording:
        endpointers = [Endpointer(channel, vad) for channel in LEGS]
        found: list[list[SpeechSegment]] = [[], []]
        for block in recording:
            for endpointer, leg, segments in zip(endpointers, block, found, strict=True):
                segments += endpointer.push(leg)
        for endpointer, segments in zip(endpointers, found, strict=True):
            segments += endpointer.flush()
    return found


def overlap_ms(segment: SpeechSegment, turn: dict[str, int]) -> int:
    return max(min(segment.end_ms, turn["end_ms"]) - max(segment.start_ms, turn["start_ms"]), 0)


@pytest.mark.weights
def test_the_detector_remembers_across_calls(silero: Vad) -> None:
    with open_recording(SAMPLES[0]) as recording:
        leg = np.concatenate([block[0] for block in recording])[: 300 * VAD_FRAME_SAMPLES]
    whole = silero.stream().probabilities(leg)
    stream = silero.stream()
    pieces = np.split(leg, [5 * VAD_FRAME_SAMPLES, 6 * VAD_FRAME_SAMPLES, 100 * VAD_FRAME_SAMPLES])
    np.testing.assert_allclose(
        np.concatenate([stream.probabilities(p) for p in pieces]), whole, atol=1e-5
    )
    stream.reset()
    np.testing.assert_allclose(stream.probabilities(leg), whole, atol=1e-5)
    assert whole.max() > 0.9
    assert whole.min() < 0.1


def test_missing_or_wrong_weights_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailableError, match="jiesu models pull silero-vad"):
        SileroVad(tmp_path)
    (tmp_path / "silero_vad_16k_sequence.onnx").write_bytes(b"not a graph")
    with pytest.raises(EngineUnavailableError, match="jiesu models pull silero-vad"):
        SileroVad(tmp_path)


def test_line_signals_are_told_from_voices() -> None:
    def at_16k(line: Samples) -> Samples:
        resampled: Samples = soxr.resample(line, LINE_HZ, SAMPLE_RATE_HZ).astype(np.float32)
        return resampled

    assert is_line_signal(at_16k(tone(697, 1209)))
    assert is_line_signal(at_16k(tone(450, on_s=0.35, off_s=0.35)))
    assert not is_line_signal(voice(2.0))
    assert not is_line_signal(at_16k(noise(0.1)))
    assert not is_line_signal(np.zeros(0, dtype=np.float32))
    assert not is_line_signal(np.zeros(100, dtype=np.float32))
