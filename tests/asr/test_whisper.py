"""The embedded engine: features, batches, what it believes, and real words."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from asr.audio import open_recording
from asr.engines.log_mel import LogMel
from asr.engines.whisper import TELEPHONE_MODEL, WhisperRecogniser, WhisperSettings
from asr.error_rate import count_errors
from asr.errors import EngineError, EngineUnavailableError
from asr.rescoring import Reading
from asr.types import SAMPLE_RATE_HZ, Samples, SpeechSegment
from models import registry
from models.errors import ModelsError
from models.recogniser.vocabulary import WhisperVocabulary
from tests.conftest import ROOT


def segment(seconds: float, level: float = 0.1, seed: int = 0) -> SpeechSegment:
    noise = np.random.default_rng(seed).normal(0, level, int(seconds * SAMPLE_RATE_HZ))
    return SpeechSegment("citizen", 0, noise.astype(np.float32))


class AsHeard:
    """A rescorer that leaves the order to the decoder."""

    def rescore(self, readings: Sequence[Reading], hotwords: Sequence[str] = ()) -> list[Reading]:
        return list(readings)


class ScriptedModel:
    """In CTranslate2's place: says what the script has for the length of each utterance."""

    def __init__(self, script: dict[int, tuple[tuple[str, float], ...]]) -> None:
        self.script = script
        self.no_speech = 0.0
        self.calls: list[tuple[int, int, int]] = []
        self.text_of: dict[int, str] = {}

    def generate(self, features: Any, prompts: list[list[int]], **options: Any) -> list[Any]:
        shape = np.asarray(features).shape
        self.calls.append((shape[0], shape[2], options.get("no_repeat_ngram_size", 0)))
        values = np.asarray(features)
        results = []
        for row in values:
            frames = int((row.max(axis=0) > row.min()).sum())
            nearest = min(self.script, key=lambda seconds: abs(seconds * 100 - frames))
            said = self.script[nearest]
            ids = [self._ids(text) for text, _ in said]
            scores = [score for _, score in said]
            results.append(
                SimpleNamespace(sequences_ids=ids, scores=scores, no_speech_prob=self.no_speech)
            )
        return results

    def _ids(self, text: str) -> list[int]:
        number = len(self.text_of)
        self.text_of[number] = text
        return [number]


class ScriptedVocabulary(WhisperVocabulary):
    """Spells what the scripted model was told to say."""

    def __init__(self, model: ScriptedModel) -> None:
        super().__init__(["<|endoftext|>"])
        self._model = model

    def text(self, numbers: Iterable[int]) -> str:
        return self._model.text_of.get(next(iter(numbers)), "")


def engine(model: ScriptedModel, **settings: Any) -> WhisperRecogniser:
    """An engine around a scripted model, without weights."""
    recogniser = WhisperRecogniser.__new__(WhisperRecogniser)
    recogniser.name = TELEPHONE_MODEL
    recogniser._settings = WhisperSettings(**settings)
    recogniser._features = LogMel()
    recogniser._rescorer = AsHeard()  # type: ignore[assignment]
    recogniser._model = model
    recogniser._vocabulary = ScriptedVocabulary(model)
    recogniser._shortest_s = 3.0
    recogniser._prompt = [0, 1, 2, 3]
    return recogniser


def whisper_definition(samples: Samples, frames: int) -> npt.NDArray[np.float64]:
    """Log-mel as the paper defines it, written out for one utterance in double precision."""
    n = frames * 160
    sound = np.zeros(n)
    sound[: len(samples)] = samples[:n]
    sound = np.pad(sound, 200, mode="reflect")
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    power = np.stack(
        [np.abs(np.fft.rfft(sound[t * 160 : t * 160 + 400] * window)) ** 2 for t in range(frames)]
    )
    hz = np.arange(201) * 40.0
    mels = np.linspace(0, 15 + 27 * math.log(8) / math.log(6.4), 82)
    edges = np.where(mels < 15, mels * 200 / 3, 1000 * np.exp(math.log(6.4) / 27 * (mels - 15)))
    bands = []
    for low, mid, high in zip(edges, edges[1:], edges[2:], strict=False):
        triangle = np.minimum((hz - low) / (mid - low), (high - hz) / (high - mid))
        bands.append(2 / (high - low) * np.clip(triangle, 0, None))
    decades = np.log10(np.maximum(np.array(bands) @ power.T, 1e-10))
    return np.asarray((np.maximum(decades, decades.max() - 8) + 4) / 4)


@pytest.mark.parametrize("seconds", [0.01, 0.37, 1.0, 1.98])
def test_features_are_whispers(seconds: float) -> None:
    sound = segment(seconds).samples
    features = LogMel().batch([sound], 200)
    assert features.shape == (1, 80, 200)
    assert features.dtype == np.float32
    np.testing.assert_allclose(features[0], whisper_definition(sound, 200), atol=2e-4)


def test_an_utterance_has_the_same_features_in_any_batch() -> None:
    sounds = [segment(s, seed=i).samples for i, s in enumerate((0.5, 1.5, 1.0))]
    together = LogMel().batch(sounds, 180)
    for row, sound in zip(together, sounds, strict=True):
        np.testing.assert_array_equal(row, LogMel().batch([sound], 180)[0])


def test_results_come_in_the_order_of_the_segments() -> None:
    model = ScriptedModel({1: (("一号", -0.1),), 4: (("四号", -0.2),), 8: (("八号", -0.3),)})
    heard = engine(model).transcribe([segment(8), segment(1), segment(4)])
    assert [r.text for r in heard] == ["8号", "1号", "4号"]
    assert heard[1].confidence == pytest.approx(math.exp(-0.1))


def test_batches_hold_like_lengths_and_bounded_sound() -> None:
    model = ScriptedModel({5: (("好", -0.1),)})
    engine(model, batch_s=30.0).transcribe([segment(s) for s in (9, 1, 9, 1, 9, 1)])
    assert sum(rows for rows, _, _ in model.calls) == 6
    for rows, frames, _ in model.calls:
        assert rows * frames <= 3000
        assert frames % 2 == 0
    assert model.calls[0][1] == 300


def test_no_segments_no_work() -> None:
    model = ScriptedModel({1: (("好", -0.1),)})
    assert engine(model).transcribe([]) == []
    assert model.calls == []


def test_a_loop_is_decoded_again_alone_and_cut_if_it_stays() -> None:
    model = ScriptedModel({2: (("谢谢你" * 20, -0.2), ("谢谢你", -0.4)), 6: (("路灯坏了", -0.2),)})
    heard = engine(model).transcribe([segment(2), segment(6)])
    assert model.calls[-1] == (1, 3000, 5)
    assert heard[0].text == "谢谢你谢谢你"
    assert heard[0].confidence < 0.4
    assert heard[1].text == "路灯坏了"


@pytest.mark.parametrize(
    ("text", "score", "no_speech", "believed"),
    [
        ("请问您贵姓", -0.3, 0.0, True),
        ("请问您贵姓", -0.3, 0.9, True),
        ("请问您贵姓", -1.2, 0.9, False),
        ("请问您贵姓", -2.0, 0.0, False),
        ("字幕由志愿者提供", -0.8, 0.0, False),
    ],
)
def test_what_may_be_no_speech_is_not_put_into_words(
    text: str, score: float, no_speech: float, believed: bool
) -> None:
    model = ScriptedModel({2: ((text, score),)})
    model.no_speech = no_speech
    (heard,) = engine(model).transcribe([segment(2)])
    assert bool(heard.text) is believed
    assert (heard.confidence > 0) is believed


def test_other_readings_keep_their_digits_and_share_the_probability() -> None:
    model = ScriptedModel(
        {3: (("电话幺三九零零零零幺二三四", -0.1), ("电话1390001234", -0.2), ("电话", -3.0))}
    )
    (heard,) = engine(model, alternatives=1).transcribe([segment(3)])
    assert heard.text == "电话13900001234"
    assert [a.text for a in heard.alternatives] == ["电话1390001234"]
    assert 0 < heard.alternatives[0].confidence < 0.5


def test_a_failing_decoder_is_an_engine_error() -> None:
    class Failing(ScriptedModel):
        def generate(self, features: Any, prompts: list[list[int]], **options: Any) -> list[Any]:
            raise RuntimeError("out of memory")

    with pytest.raises(EngineError, match="out of memory"):
        engine(Failing({})).transcribe([segment(1)])


def test_damaged_weights_say_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "vocabulary.json").write_text("{}")
    with pytest.raises(EngineUnavailableError, match="pull"):
        WhisperRecogniser(str(tmp_path))


@pytest.fixture(scope="module")
def real() -> WhisperRecogniser:
    try:
        registry.resolve(TELEPHONE_MODEL)
    except ModelsError as error:
        pytest.skip(str(error))
    return WhisperRecogniser(TELEPHONE_MODEL, threads=1)


@pytest.mark.weights
def test_silence_and_noise_are_no_words(real: WhisperRecogniser) -> None:
    sounds = [segment(2, level=0.0), segment(3, level=1e-4), segment(5, level=0.02)]
    assert [r.text for r in real.transcribe(sounds)] == ["", "", ""]


@pytest.mark.weights
def test_hears_our_own_sample_call(real: WhisperRecogniser) -> None:
    (path, *_) = sorted((ROOT / "samples").glob("*complaint*.wav"))
    turns = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["turns"]
    with open_recording(path) as recording:
        legs = np.concatenate(list(recording), axis=1)
    sides = {"agent": 0, "citizen": 1}
    cuts = [
        SpeechSegment(
            turn["channel"],
            turn["start_ms"] * 16,
            legs[sides[turn["channel"]], turn["start_ms"] * 16 : turn["end_ms"] * 16].copy(),
        )
        for turn in turns[:4]
    ]
    heard = real.transcribe(cuts)
    wrong = sum(count_errors(t["text"], h.text).errors for t, h in zip(turns, heard, strict=False))
    length = sum(count_errors(t["text"], "").length for t in turns[:4])
    assert wrong / length < 0.2
