"""The funasr engine on checkpoints of the real architectures, loaded by FunASR itself."""

from __future__ import annotations

import importlib.util
import io
import json
import logging
import sys
import types
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.signal import lfilter

from asr.engines import funasr as engine
from asr.engines.funasr import FunasrRecogniser, load_model
from asr.errors import EngineError, EngineUnavailableError
from asr.types import Samples, SpeechSegment
from models import registry
from models.errors import ModelsError
from models.registry import FOLDER_VARIABLE
from tests.asr import funasr_checkpoints as checkpoints

needs_funasr = pytest.mark.skipif(
    importlib.util.find_spec("funasr") is None or importlib.util.find_spec("torch") is None,
    reason="needs the [gpu] extra (torch and funasr)",
)

Build = Callable[[str], Path]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Make a checkpoint once, by the name of its function."""
    made: dict[str, Path] = {}

    def once(name: str) -> Path:
        if name not in made:
            with engine._quiet():
                folder = tmp_path_factory.mktemp("funasr") / name
                made[name] = getattr(checkpoints, name)(folder)
        return made[name]

    return once


def noise_segments(*sizes: int) -> list[SpeechSegment]:
    rng = np.random.default_rng(1)
    return [
        SpeechSegment("citizen", 16_000 * i, rng.normal(0, 0.1, size).astype(np.float32))
        for i, size in enumerate(sizes)
    ]


def tone_segments(*texts: str) -> list[SpeechSegment]:
    rng = np.random.default_rng(7)
    return [SpeechSegment("agent", 8_000, checkpoints.tones(text, rng)) for text in texts]


@pytest.fixture(scope="module")
def recogniser(build: Build) -> FunasrRecogniser:
    return FunasrRecogniser(str(build("sense_voice")), threads=1)


@needs_funasr
class TestSenseVoice:
    def test_hears_what_was_played(self, recogniser: FunasrRecogniser) -> None:
        texts = ["海口市", "民口民口海", "市", "市民海口海口民市"]
        heard = recogniser.transcribe(tone_segments(*texts))
        assert [r.text for r in heard] == texts
        assert all(r.confidence > 0.8 for r in heard)

    def test_characters_stand_where_their_tones_are(self, recogniser: FunasrRecogniser) -> None:
        (heard,) = recogniser.transcribe(tone_segments("海民口"))
        assert [(w.char_start, w.char_end) for w in heard.words] == [(0, 1), (1, 2), (2, 3)]
        for place, word in enumerate(heard.words):
            start_ms = 500 + 120 + place * 480
            assert abs(word.start_ms - start_ms) <= 120
            assert abs(word.end_ms - (start_ms + 360)) <= 120

    def test_batches_change_nothing(self, recogniser: FunasrRecogniser) -> None:
        segments = tone_segments("海口", "民市海", "口", "市民海口海口")
        together = recogniser.transcribe(segments)
        alone = [recogniser.transcribe([segment])[0] for segment in segments]
        assert [r.text for r in together] == [r.text for r in alone]
        assert [r.words for r in together] == [r.words for r in alone]
        for one, other in zip(together, alone, strict=True):
            assert one.confidence == pytest.approx(other.confidence, abs=1e-3)

    def test_no_segments(self, recogniser: FunasrRecogniser) -> None:
        assert recogniser.transcribe([]) == []

    def test_a_failing_model_is_an_engine_error(self, recogniser: FunasrRecogniser) -> None:
        (segment,) = tone_segments("海")
        broken = replace(segment, samples=np.full(8_000, 1j))
        with pytest.raises(EngineError, match="failed"):
            recogniser.transcribe([broken])
        assert recogniser.transcribe([segment])[0].text == "海"


@needs_funasr
@pytest.mark.parametrize("name", ["paraformer", "seaco_paraformer"])
def test_paraformer_times_each_character(build: Build, name: str) -> None:
    recogniser = FunasrRecogniser(str(build(name)), threads=1, punctuation=None)
    segments = noise_segments(16_000, 64_000, 24_000, 40)
    heard = recogniser.transcribe(segments)
    assert len(heard) == 4
    for segment, recognition in list(zip(segments, heard, strict=True))[:3]:
        assert recognition.text
        assert " " not in recognition.text
        assert 0.0 < recognition.confidence < 1.0
        spoken = "".join(recognition.text[w.char_start : w.char_end] for w in recognition.words)
        assert spoken == recognition.text
        assert segment.start_ms <= recognition.words[0].start_ms
        assert recognition.words[-1].end_ms <= segment.end_ms
        assert all(a.start_ms <= b.start_ms for a, b in pairwise(recognition.words))
    alone = [recogniser.transcribe([segment])[0] for segment in segments]
    # The last token, which a trained Paraformer uses as its end, feels the padding after it.
    assert [r.text[:-1] for r in alone[:3]] == [r.text[:-1] for r in heard[:3]]


@needs_funasr
def test_hotwords_reach_the_model(build: Build) -> None:
    recogniser = FunasrRecogniser(str(build("seaco_paraformer")), threads=1, punctuation=None)
    recogniser.transcribe(noise_segments(16_000), ["龙华区", "海口市"])
    token = checkpoints.TOKENS.index
    wanted = [[token(c) for c in word] for word in ("龙华区", "海口市")]
    assert recogniser._model.model.hotword_list[:2] == wanted
    recogniser.transcribe(noise_segments(16_000))
    assert recogniser._model.model.hotword_list is None


@needs_funasr
def test_paraformer_is_punctuated_where_the_model_is_there(build: Build) -> None:
    folder, marks = str(build("paraformer")), str(build("ct_punc"))
    bare = FunasrRecogniser(folder, threads=1, punctuation=None)
    marked = FunasrRecogniser(folder, threads=1, punctuation=marks)
    segments = noise_segments(64_000)
    (without,), (with_marks,) = bare.transcribe(segments), marked.transcribe(segments)
    assert set(with_marks.text) & set("，。？、")
    assert "".join(c for c in with_marks.text if c not in "，。？、") == without.text
    spoken = "".join(with_marks.text[w.char_start : w.char_end] for w in with_marks.words)
    assert spoken == without.text
    assert [w.start_ms for w in with_marks.words] == [w.start_ms for w in without.words]


@needs_funasr
def test_fun_asr_nano_writes_what_its_language_model_says(build: Build) -> None:
    recogniser = FunasrRecogniser(str(build("fun_asr_nano")), threads=1)
    prompts: list[str] = []
    make_prompt = recogniser._model.model.get_prompt

    def watched(*arguments: Any) -> str:
        prompts.append(make_prompt(*arguments))
        return prompts[-1]

    recogniser._model.model.get_prompt = watched
    heard = recogniser.transcribe(noise_segments(16_000, 24_000), ["龙华区"])
    assert all("龙华区" in prompt and "中文" in prompt for prompt in prompts)
    assert len(heard) == 2
    assert all(r.text and set(r.text) <= set(checkpoints.CHARACTERS) for r in heard)


@needs_funasr
def test_qwen3_asr_goes_through_its_own_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Faked where FunASR calls the qwen_asr package, which wants another transformers."""
    calls: list[dict[str, Any]] = []

    class FakeModel:
        forced_aligner = None

        @classmethod
        def from_pretrained(cls, path: str, **settings: object) -> FakeModel:
            calls.append({"path": path, **settings})
            return cls()

        def transcribe(self, audio: list[tuple[Samples, int]], **asked: object) -> list[object]:
            calls.append({"rates": [rate for _, rate in audio], **asked})
            return [types.SimpleNamespace(text="您好。", language="Chinese") for _ in audio]

    package = types.ModuleType("qwen_asr")
    package.__dict__["Qwen3ASRModel"] = FakeModel
    monkeypatch.setitem(sys.modules, "qwen_asr", package)
    with engine._quiet():
        from funasr.models.qwen3_asr import model as qwen3

    monkeypatch.setattr(qwen3, "_check_qwen3_asr_dependencies", lambda: None)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "qwen3_asr"}))
    recogniser = FunasrRecogniser(str(tmp_path))
    heard = recogniser.transcribe(noise_segments(16_000, 8_000), ["龙华区", "秀英区"])
    assert [r.text for r in heard] == ["您好。", "您好。"]
    assert calls[0]["path"] == str(tmp_path)
    assert calls[1]["rates"] == [16_000, 16_000]
    assert calls[1]["language"] == "Chinese"
    assert calls[1]["context"] == "龙华区、秀英区"


@needs_funasr
def test_a_model_of_the_hub_is_fetched_by_funasr(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    with engine._quiet():
        from funasr.download import download_model_from_hub as hub
    asked: list[str] = []

    def fetch(model: str, *rest: object, **settings: object) -> str:
        asked.append(model)
        if model != "org/tiny":
            raise ConnectionError("the hub cannot be reached")
        return str(build("paraformer"))

    monkeypatch.setattr(hub, "get_or_download_model_dir", fetch)
    recogniser = FunasrRecogniser("org/tiny", hub="ms", threads=1, punctuation=None)
    assert recogniser.transcribe(noise_segments(16_000))[0].text
    assert asked == ["org/tiny"]
    with pytest.raises(EngineUnavailableError, match="the hub cannot be reached"):
        FunasrRecogniser("org/other", hub="ms")


@needs_funasr
def test_funasr_leaves_output_warnings_and_logging_alone(
    build: Build, capsys: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    heard = io.StringIO()
    listener = logging.StreamHandler(heard)
    root.addHandler(listener)
    before, level = list(root.handlers), root.level
    root.setLevel(logging.INFO)
    try:
        recogniser = FunasrRecogniser(str(build("seaco_paraformer")), threads=1)
        recogniser.transcribe(noise_segments(16_000), ["龙华区"])
        assert root.handlers == before
        assert root.level == logging.INFO
    finally:
        root.setLevel(level)
        root.removeHandler(listener)
    printed = capsys.readouterr()
    assert (printed.out, printed.err, heard.getvalue()) == ("", "", "")


def vowels(duration_s: float, rng: np.random.Generator) -> Samples:
    """Babble: glottal pulses of a gliding pitch through the formants of five vowels."""
    formants = [(730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480)]
    parts: list[np.ndarray] = []
    while sum(map(len, parts)) < duration_s * 16_000:
        size = int(rng.integers(2240, 3840))
        pitch_hz = np.linspace(rng.uniform(110, 180), rng.uniform(90, 200), size)
        sound = np.diff(np.floor(np.cumsum(pitch_hz) / 16_000), prepend=0)
        for centre_hz, width_hz in zip(formants[rng.integers(4)], (80, 100, 120), strict=True):
            radius = np.exp(-np.pi * width_hz / 16_000)
            angle = 2 * np.pi * centre_hz / 16_000
            sound = lfilter([1], [1, -2 * radius * np.cos(angle), radius**2], sound)
        sound = sound * np.sqrt(np.hanning(size))
        consonant = np.diff(rng.normal(0, 0.02, 640))
        parts += [consonant, 0.2 * sound / np.abs(sound).max()]
    joined = np.concatenate(parts)[: int(duration_s * 16_000)]
    return joined.astype(np.float32)


@needs_funasr
@pytest.mark.weights
def test_fsmn_vad_with_its_real_weights_finds_the_voice() -> None:
    try:
        registry.resolve("fsmn-vad")
    except ModelsError as error:
        pytest.skip(str(error))
    rng = np.random.default_rng(0)

    def quiet(duration_s: float) -> Samples:
        return rng.normal(0, 0.001, int(duration_s * 16_000)).astype(np.float32)

    detector = load_model("fsmn-vad", device="cpu", threads=1)
    audio = np.concatenate([quiet(2), vowels(2.5, rng), quiet(2), vowels(1.5, rng), quiet(1.5)])
    (result,) = detector.generate(input=[audio])
    spans = result["value"]
    assert len(spans) == 2
    for (start_ms, end_ms), (voice_start_ms, voice_end_ms) in zip(
        spans, ((2000, 4500), (6500, 8000)), strict=True
    ):
        assert voice_start_ms - 500 <= start_ms <= voice_start_ms + 100
        assert voice_end_ms - 100 <= end_ms <= voice_end_ms + 1600
    (silence,) = detector.generate(input=[quiet(6)])
    assert silence["value"] == []


class TestWhatIsMissing:
    @pytest.fixture(autouse=True)
    def _no_models(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "models"))

    def test_weights_not_pulled(self) -> None:
        with pytest.raises(EngineUnavailableError, match="jiesu models pull paraformer-zh"):
            FunasrRecogniser()

    def test_unknown_name(self) -> None:
        with pytest.raises(EngineUnavailableError, match="or give a folder"):
            FunasrRecogniser("paraformer-huge")

    @pytest.mark.parametrize("package", ["torch", "funasr"])
    def test_packages(self, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, package, None)
        with pytest.raises(EngineUnavailableError, match=r"pip install 'jiesu\[gpu\]'"):
            FunasrRecogniser(str(tmp_path))

    @needs_funasr
    def test_device(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        import torch

        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        with pytest.raises(EngineUnavailableError, match="no CUDA device"):
            FunasrRecogniser(str(tmp_path), device="cuda:0")

    @needs_funasr
    def test_folder_without_a_checkpoint(self, tmp_path: Path) -> None:
        with pytest.raises(EngineUnavailableError, match="cannot load"):
            FunasrRecogniser(str(tmp_path))

    @needs_funasr
    @pytest.mark.parametrize("damage", ["absent", "garbage", "other shapes", "other names"])
    def test_weights_that_do_not_fit(self, damage: str, tmp_path: Path) -> None:
        import torch

        with engine._quiet():
            folder = checkpoints.paraformer(tmp_path / "paraformer")
        weights = folder / "model.pt"
        state = torch.load(weights)
        if damage == "absent":
            weights.unlink()
        elif damage == "garbage":
            weights.write_bytes(b"not a checkpoint")
        elif damage == "other shapes":
            torch.save({name: value[..., :1] for name, value in state.items()}, weights)
        else:
            torch.save({f"other.{name}": value for name, value in state.items()}, weights)
        with pytest.raises(EngineUnavailableError, match="paraformer"):
            FunasrRecogniser(str(folder), punctuation=None)
