"""No name, number, address or word of a call ever reaches the log or the metrics."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from prometheus_client import generate_latest

from nlu.extractor import Extractor
from serving.pipeline import Pipeline
from serving.profile import load_profile
from serving.settings import Settings
from serving.telemetry import (
    CALLS,
    REGISTRY,
    STAGE_SECONDS,
    exception_place,
    mask_numbers,
    set_up_logging,
)
from tests.asr.doubles import LevelVad
from tests.integration.spoken_call import CALLBACK_CALL, TICKET_CALL, Turn, TurnReader, write_call
from tests.serving.profile_folder import write_profile

PERSONAL = ("林", "13900001234", "永兴镇", "占道经营", "集市", "来电人", "不满意", "秘密录音")


@contextmanager
def captured_log(log_format: Literal["text", "json"] = "text") -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    set_up_logging(Settings(log_level="DEBUG", log_format=log_format), stream)
    try:
        yield stream
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


def pipeline_hearing(tmp_path: Path, *turns: Turn) -> Pipeline:
    profile = load_profile(str(write_profile(tmp_path)))
    return Pipeline(
        profile, TurnReader(turns), Extractor(profile.nlu), engine="test", vad=LevelVad()
    )


@pytest.mark.parametrize("kind", ["ticket", "callback"])
def test_whole_calls_leave_no_word_in_log_and_metrics(tmp_path: Path, kind: str) -> None:
    call = write_call(tmp_path / "秘密录音.wav", kind)
    turns = TICKET_CALL if kind == "ticket" else CALLBACK_CALL
    with captured_log() as log:
        result = pipeline_hearing(tmp_path, *turns).process(call)
    assert len(result.transcript.utterances) == len(turns), "nothing was heard that could leak"
    seen = log.getvalue() + generate_latest(REGISTRY).decode()
    assert "jiesu_calls_total" in seen
    assert [word for word in PERSONAL if word in seen] == []


class Broken(TurnReader):
    def transcribe(self, *_: object) -> list[object]:  # type: ignore[override]
        raise RuntimeError("cannot put 我姓林，电话13900001234 into words")


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_unexpected_error_is_told_by_place_not_by_its_words(
    log_format: Literal["text", "json"],
) -> None:
    with captured_log(log_format) as log:
        try:
            Broken(()).transcribe()
        except RuntimeError:
            logging.getLogger("jiesu.test").exception("a recording failed")
    line = log.getvalue()
    assert "builtins.RuntimeError" in line
    assert "test_telemetry.py" in line
    assert "林" not in line
    assert "13900001234" not in line
    if log_format == "json":
        assert json.loads(line)["message"] == "a recording failed"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("call of 13900001234 ended", "call of [masked] ended"),
        ("139-0000-1234", "[masked]"),
        ("幺三九零零零零幺二三四", "[masked]"),
        ("took 1234 ms", "took 1234 ms"),
        ("listening on port 8123", "listening on port 8123"),
    ],
)
def test_long_numbers_are_masked_whoever_logs_them(text: str, masked: str) -> None:
    assert mask_numbers(text) == masked


def test_metric_labels_come_from_closed_sets() -> None:
    allowed = {
        "kind": {"ticket", "callback", "unknown"},
        "outcome": {"done", "failed"},
        "stage": {"listen", "extract", "draft", "score"},
    }
    for metric in (CALLS, STAGE_SECONDS):
        for sample in [s for family in metric.collect() for s in family.samples]:
            for name, value in sample.labels.items():
                assert name == "le" or value in allowed[name]


def test_no_exception_no_place() -> None:
    assert exception_place((None, None, None)) == ""
