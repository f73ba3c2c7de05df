"""A hotline without a trained model files by its directory and by what callers say."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from nlu.extractor import Extractor
from nlu.profile import Directory, Duty, Taxonomy
from tests.nlu.build import PROFILE

NOON = datetime(2026, 5, 20, 12)
HEATING = ("城管", "市容", "占道")
NOISE = ("城管", "市容", "噪音")
OWNER = PROFILE.agencies.agencies[0].name
UNTRAINED = replace(
    PROFILE,
    extractor=None,
    taxonomy=Taxonomy(
        ("咨询", "投诉", "求助"),
        PROFILE.taxonomy.categories,
        {"咨询": ("怎么(办理|办)", "请问"), "投诉": ("投诉",)},
        "求助",
    ),
    directory=Directory(
        "2026-01-01",
        (
            Duty("占道经营", ("摆摊", "占+人行道"), "管市容", agency=OWNER, category=HEATING),
            Duty("噪声", ("吵",), "管噪声", agency=OWNER, category=NOISE),
            Duty("无类", ("发呆",), "不管", agency=OWNER),
        ),
    ),
)
EXTRACTOR = Extractor(UNTRAINED)


def test_category_is_that_of_the_matter_with_the_words_that_told_it() -> None:
    text = "楼下有人天天摆摊，有点吵"
    found = EXTRACTOR.extract_text(text, call_time=NOON).category
    assert found.value == HEATING
    assert [text[e.char_start : e.char_end] for e in found.evidence] == ["摆摊"]
    assert [path for path, _ in found.alternatives] == [NOISE]
    assert found.confidence + found.alternatives[0][1] == pytest.approx(0.8, abs=1e-3)


@pytest.mark.parametrize("text", ["今天的天气真的很好", "他一直坐着发呆"])
def test_no_category_without_a_matter_that_has_one(text: str) -> None:
    found = EXTRACTOR.extract_text(text, call_time=NOON).category
    assert found.value is None
    assert found.reason == "派单目录中没有对应事项，请话务员选择分类"


@pytest.mark.parametrize(
    ("text", "request_type", "at_least"),
    [
        ("请问摆摊的手续怎么办理", "咨询", 0.7),
        ("我要投诉楼下摆摊的人", "投诉", 0.7),
        ("楼下有人天天摆摊", "求助", 0.4),
    ],
)
def test_request_type_by_what_the_caller_says(
    text: str, request_type: str, at_least: float
) -> None:
    found = EXTRACTOR.extract_text(text, call_time=NOON).request_type
    assert (found.value, found.confidence) == (request_type, at_least)
