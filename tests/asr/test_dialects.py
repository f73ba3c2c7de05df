"""Routing by dialect: declared or heard, and back to the usual model by rule."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from asr.dialects import (
    DialectPlan,
    DialectRecogniser,
    DialectRoute,
    RoutedRecogniser,
    with_dialects,
)
from asr.errors import EngineError, EngineUnavailableError
from asr.types import Recognition, SpeechSegment

SECOND = np.zeros(16_000, np.float32)


class Model:
    """Says its name, as sure as it was told to be, or fails."""

    def __init__(self, name: str, confidence: float = 0.9, *, fails: bool = False) -> None:
        self.name = name
        self.asked: list[int] = []
        self._confidence = confidence
        self._fails = fails

    def transcribe(
        self, segments: Sequence[SpeechSegment], hotwords: Sequence[str] = ()
    ) -> list[Recognition]:
        self.asked += [segment.start_sample for segment in segments]
        if self._fails:
            raise EngineError("out of memory")
        return [Recognition(self.name, self._confidence, model=self.name) for _ in segments]


class Ear:
    """Hears the language that an utterance's place stands for."""

    def __init__(self, languages: dict[int, str]) -> None:
        self._languages = languages

    def identify(self, segments: Sequence[SpeechSegment]) -> list[str]:
        if not self._languages:
            raise EngineError("no model")
        return [self._languages.get(segment.start_sample, "zh") for segment in segments]


def said(start: int, dialect: str | None = None) -> SpeechSegment:
    return SpeechSegment("citizen", start, SECOND, dialect)


def routed(model: Model, dialect: str, least_confidence: float = 0.0) -> RoutedRecogniser:
    return RoutedRecogniser(
        DialectRoute(dialect, "funasr", model.name, "zh", least_confidence), model
    )


def test_a_declared_dialect_goes_to_its_model_and_the_rest_the_usual_way() -> None:
    usual, wu = Model("usual"), Model("wu-model")
    recogniser = DialectRecogniser(usual, [routed(wu, "wu")])
    segments = [said(0), said(1, "wu"), said(2, "klingon"), said(3, "wu")]
    assert [r.model for r in recogniser.transcribe(segments)] == [
        "usual", "wu-model", "usual", "wu-model",
    ]  # fmt: skip
    assert (usual.asked, wu.asked) == ([0, 2], [1, 3])
    assert recogniser.name == "usual"


def test_what_was_not_declared_is_identified() -> None:
    usual, cantonese, wu = Model("usual"), Model("yue-model"), Model("wu-model")
    recogniser = DialectRecogniser(
        usual,
        [routed(cantonese, "cantonese"), routed(wu, "wu")],
        identifier=Ear({1: "yue", 2: "yue"}),
        identified={"yue": "cantonese"},
    )
    heard = recogniser.transcribe([said(0), said(1), said(2, "wu")])
    assert [r.model for r in heard] == ["usual", "yue-model", "wu-model"]


@pytest.mark.parametrize(
    ("special", "expected"),
    [
        (Model("wu-model", fails=True), "usual"),
        (Model("wu-model", 0.1), "usual"),
        (Model("wu-model", 0.5), "wu-model"),
    ],
)
def test_falls_back_where_the_route_fails_or_is_unsure(special: Model, expected: str) -> None:
    usual = Model("usual", 0.3)
    recogniser = DialectRecogniser(usual, [routed(special, "wu", least_confidence=0.4)])
    assert [r.model for r in recogniser.transcribe([said(0, "wu"), said(1)])] == [expected, "usual"]


def test_the_surer_of_two_unsure_models_is_believed() -> None:
    usual = Model("usual", 0.1)
    recogniser = DialectRecogniser(usual, [routed(Model("wu-model", 0.2), "wu", 0.4)])
    assert recogniser.transcribe([said(0, "wu")])[0].model == "wu-model"


def test_without_an_ear_everything_goes_the_usual_way(caplog: pytest.LogCaptureFixture) -> None:
    usual = Model("usual")
    recogniser = DialectRecogniser(usual, [routed(Model("m"), "wu")], identifier=Ear({}))
    with caplog.at_level(logging.WARNING):
        assert recogniser.transcribe([said(0)])[0].model == "usual"
    assert "could not be identified" in caplog.text
    assert recogniser.transcribe([]) == []


def test_the_usual_model_failing_is_an_error() -> None:
    recogniser = DialectRecogniser(Model("usual", fails=True), [routed(Model("m"), "wu")])
    with pytest.raises(EngineError):
        recogniser.transcribe([said(0)])


def test_a_route_without_its_model_costs_only_its_dialect(tmp_path: Path) -> None:
    usual = Model("usual")
    plan = DialectPlan((DialectRoute("wu", "funasr", str(tmp_path)),), identify_by=str(tmp_path))
    assert with_dialects(usual, plan) is usual
    assert with_dialects(usual, DialectPlan()) is usual


def test_loads_real_models_and_hears_their_language(tmp_path: Path) -> None:
    from asr.engines.funasr_language import FunasrLanguageIdentifier
    from tests.asr.funasr_checkpoints import ct_punc, sense_voice, tones

    folder = sense_voice(tmp_path / "sensevoice")
    plan = DialectPlan(
        (DialectRoute("cantonese", "funasr", str(folder), "yue"),),
        identify_by=str(folder),
        identified={"zh": "cantonese"},
    )
    recogniser = with_dialects(Model("usual"), plan, threads=1)
    assert isinstance(recogniser, DialectRecogniser)
    assert recogniser.dialects == ("cantonese",)
    tone = tones("海口市", np.random.default_rng(5))
    # The small model was taught to call everything Mandarin.
    heard = recogniser.transcribe([SpeechSegment("citizen", 0, tone)])
    assert heard[0].model == str(folder)
    with pytest.raises(EngineUnavailableError, match="SenseVoice"):
        FunasrLanguageIdentifier(str(ct_punc(tmp_path / "punc")), threads=1)
