"""What FunASR's models are asked and how their answers are read; no torch needed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr.engines.funasr_reading import read_text, read_words, request
from asr.types import SpeechSegment

SEGMENT = SpeechSegment("citizen", 32_000, np.zeros(32_000, dtype=np.float32))


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("<|zh|><|NEUTRAL|><|Speech|><|withitn|>您好，请讲。", "您好，请讲。"),
        ("<|nospeech|><|EMO_UNKNOWN|><|Event_UNK|><|woitn|>嗯", ""),
        ("我 的 电 话 是 abc def 一 三", "我的电话是abc def一三"),
        ("  打开 WiFi 6 开关 ", "打开WiFi 6开关"),
        ("", ""),
    ],
)
def test_text_is_freed_of_tags_and_idle_spaces(raw: str, text: str) -> None:
    assert read_text({"text": raw}) == text


def spans(result: dict[str, Any], text: str) -> list[tuple[str, int, int]]:
    words = read_words(result, text, SEGMENT)
    return [(text[w.char_start : w.char_end], w.start_ms, w.end_ms) for w in words]


def test_paraformer_times_stand_beside_its_spaced_text() -> None:
    result = {"text": "你 好 ok 吗", "timestamp": [[0, 100], [100, 220], [300, 500], [500, 640]]}
    assert spans(result, "你好，ok吗？") == [
        ("你", 2000, 2100),
        ("好", 2100, 2220),
        ("o", 2300, 2400),
        ("k", 2400, 2500),
        ("吗", 2500, 2640),
    ]


def test_sense_voice_pieces_skip_tags_and_punctuation() -> None:
    result = {
        "text": "<|zh|>三点，见。",
        "words": ["<|zh|>", "▁三点", "，", "见", "。"],
        "timestamp": [(0, 60), (60, 180), (180, 240), (240, 300), (300, 360)],
    }
    assert spans(result, "三点，见。") == [
        ("三", 2060, 2120),
        ("点", 2120, 2180),
        ("见", 2240, 2300),
    ]


def test_written_numbers_have_the_times_of_what_was_said() -> None:
    said = "电话是幺三九三百零五"
    result = {"words": list(said), "timestamp": [(i * 100, i * 100 + 90) for i in range(10)]}
    heard = spans(result, "电话是139，305。")
    assert [text for text, _, _ in heard] == list("电话是139305")
    assert heard[3] == ("1", 2300, 2390)
    assert heard[5] == ("9", 2500, 2590)
    assert heard[-1][2] == 2990


def test_nano_times_are_seconds() -> None:
    result = {"timestamps": [{"token": "好", "start_time": 0.12, "end_time": 0.3}]}
    assert spans(result, "好。") == [("好", 2120, 2300)]


def test_times_that_do_not_fit_the_text_are_left_out() -> None:
    assert spans({"text": "你 好", "timestamp": [[0, 100]]}, "你好") == []
    assert spans({"text": "你 好"}, "你好") == []
    assert spans({}, "") == []


@given(
    text=st.text(alphabet="你好吗ab， ", max_size=12),
    times=st.lists(st.tuples(st.integers(-500, 5000), st.integers(-500, 5000)), max_size=12),
)
def test_words_stay_in_text_and_segment(text: str, times: list[tuple[int, int]]) -> None:
    pieces = list(text)[: len(times)]
    words = read_words({"words": pieces, "timestamp": times}, text, SEGMENT)
    earliest_ms, cursor = SEGMENT.start_ms, 0
    for word in words:
        assert cursor <= word.char_start < word.char_end <= len(text)
        assert earliest_ms <= word.start_ms <= word.end_ms <= SEGMENT.end_ms
        earliest_ms, cursor = word.start_ms, word.char_end


@pytest.mark.parametrize(
    ("architecture", "asked"),
    [
        ("SeacoParaformer", {"hotword": "龙华区 秀英区"}),
        ("FunASRNano", {"hotwords": ["龙华区", "秀英区"], "language": "中文"}),
        ("Qwen3ASR", {"context": "龙华区、秀英区", "language": "zh"}),
        ("SenseVoiceSmall", {"language": "zh", "use_itn": True}),
    ],
)
def test_hotwords_go_by_the_name_each_model_knows(architecture: str, asked: dict[str, Any]) -> None:
    assert request(architecture, ["龙华区", " ", " 秀英区 "], "zh") == asked


def test_no_hotwords_ask_for_nothing() -> None:
    assert request("SeacoParaformer", [], "zh") == {}
