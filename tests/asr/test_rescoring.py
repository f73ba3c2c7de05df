"""Homophones and the choice among readings, on a model trained from a few sentences."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asr.homophones import Homophones, Likeness
from asr.rescoring import Reading, Rescorer, RescoringSettings, shipped_rescorer
from models.language_model.corpus import Document
from models.language_model.train import train

SENTENCES = (
    "请问您贵姓联系电话是多少",
    "会尽快转交相关部门核实处理",
    "我的电话是0",
    "路灯坏了没有人修",
    "生态路在哪里",
    "胜利路在哪里",
    "太平路在哪里",
)


@pytest.fixture(scope="module")
def rescorer() -> Rescorer:
    texts = [Document(1.0, SENTENCES) for _ in range(6)]
    return Rescorer(train(texts, [("和", 5.0), ("性", 5.0), ("太", 9.0), ("胜", 9.0)]))


def test_homophones_by_how_alike_they_sound() -> None:
    found = {h.character: h.likeness for h in Homophones("姓性行心星兴辛一").of("姓")}
    assert found == {
        "姓": Likeness.SAME_CHARACTER,
        "性": Likeness.SAME_TONE,
        "兴": Likeness.SAME_TONE,
        "行": Likeness.SAME_TONE,
        "星": Likeness.SAME_SYLLABLE,
        "心": Likeness.NEAR_SYLLABLE,
        "辛": Likeness.NEAR_SYLLABLE,
    }


def test_a_character_is_always_among_its_own_choices_and_first() -> None:
    homophones = Homophones("的地得德一以已亿", most=3)
    for character in "的德亿A幺":
        assert homophones.of(character)[0].character == character
        assert len(homophones.of(character)) <= 3


def test_spells_what_people_write(rescorer: Rescorer) -> None:
    (best, *_) = rescorer.rescore([Reading("请问您贵性，联系电话时多少？", -2.0)])
    assert best.text == "请问您贵姓，联系电话是多少？"


def test_keeps_what_is_right_and_what_it_does_not_know(rescorer: Rescorer) -> None:
    for text in ("路灯坏了没有人修。", "黑龙江鹤岗", "OK", "。"):
        assert rescorer.rescore([Reading(text, -1.0)])[0].text == text


def test_the_recogniser_outweighs_the_model_when_it_is_sure(rescorer: Rescorer) -> None:
    heard = [Reading("路灯怀了没有人修", -1.0), Reading("路灯坏了没有人休", -40.0)]
    best, *others = rescorer.rescore(heard)
    assert best.text == "路灯坏了没有人修"
    assert all(other.score <= best.score for other in others)
    assert "路灯坏了没有人休" in {other.text for other in others}


def test_a_whole_mobile_number_is_preferred_to_a_shortened_one(rescorer: Rescorer) -> None:
    heard = [Reading("我的电话是1390000111", -1.0), Reading("我的电话是13900001111", -2.0)]
    assert rescorer.rescore(heard)[0].text == "我的电话是13900001111"


def test_digits_said_one_by_one_are_left_alone(rescorer: Rescorer) -> None:
    said = "我的电话是幺三九零零零零一一一一"
    assert rescorer.rescore([Reading(said, -1.0)])[0].text == said


def test_a_hotword_turns_the_balance_only_where_it_is_heard(rescorer: Rescorer) -> None:
    heard = [Reading("胜太路在哪里", -1.1), Reading("生态路在哪里", -1.0)]
    assert rescorer.rescore(heard)[0].text == "生态路在哪里"
    assert rescorer.rescore(heard, ["胜太路"])[0].text == "胜太路在哪里"
    other = [Reading("太平路在哪里", -1.0)]
    assert rescorer.rescore(other, ["胜太路"])[0].text == "太平路在哪里"


def test_a_beam_of_one_still_finds_a_path() -> None:
    model = train([Document(1.0, SENTENCES)] * 6, [])
    narrow = Rescorer(model, RescoringSettings(beam=1, opened_readings=1))
    assert narrow.rescore([Reading("路灯坏了没有人修", -1.0)])[0].text == "路灯坏了没有人修"


@settings(deadline=None)
@given(st.text("请问您贵性姓,，。 ab19*～の", max_size=20), st.floats(-50, 0))
def test_only_han_characters_ever_change(text: str, score: float) -> None:
    for reading in shipped_rescorer().rescore([Reading(text, score)], ["贵姓"]):
        assert len(reading.text) == len(text)
        han = "[\u4e00-\u9fff]"
        assert re.sub(han, "", reading.text) == re.sub(han, "", text)


def test_the_shipped_model_spells_the_phrases_of_a_hotline() -> None:
    heard = "好的，跟您合对一下，会紧快转交相关部门合适处理"
    best = shipped_rescorer().rescore([Reading(heard, -3.0)])[0].text
    assert best.startswith("好的，跟您核对一下，会尽快转交相关部门")
