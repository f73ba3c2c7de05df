"""Phrases found by their sound."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticket_draft.phonetic import find_sound, similarity, syllables
from ticket_draft.scoring.heard import nearly, standard


@pytest.mark.parametrize(
    ("text", "phrase", "found"),
    [
        ("请问您贵兴，联系电话多少", "您贵姓", "您贵兴"),
        ("这里是12345热线", "一二三四五", "12345"),
        ("幺二三四五", "12345", "幺二三四五"),
        ("感谢您的来，电再见", "感谢您的来电", "感谢您的来，电"),
        ("不归我们关", "不归我们管", "不归我们关"),
    ],
)
def test_what_sounds_the_same_is_found(text: str, phrase: str, found: str) -> None:
    match = find_sound(text, phrase, 0.95)
    assert match is not None
    assert text[match.start : match.end] == found


@pytest.mark.parametrize(
    ("text", "phrase"),
    [("今天天气很好", "感谢您的来电"), ("", "再见"), ("，。！", "再见"), ("再", "再见")],
)
def test_what_does_not_is_not(text: str, phrase: str) -> None:
    assert find_sound(text, phrase, 0.75) is None


def test_some_errors_are_forgiven_many_are_not() -> None:
    assert find_sound("请对本次服务进刑评介", "对本次服务进行评价", 0.9)
    assert find_sound("请对本次的服进行平价", "对本次服务进行评价", 0.75)
    assert not find_sound("请对本月电费进行核对", "对本次服务进行评价", 0.75)


@given(st.text(max_size=40))
def test_one_syllable_for_each_character(text: str) -> None:
    assert len(syllables(text)) == len(text)
    assert len(standard(text)) == len(text)
    assert len(nearly(text, ("满意",))) == len(text)


@given(st.text(alphabet="满意解决联系处理电话好的吗", min_size=1, max_size=12))
def test_a_text_is_most_similar_to_itself(text: str) -> None:
    assert similarity(text, text) == 1.0
    assert 0.0 <= similarity(text, "热线") <= 1.0
    match = find_sound("嗯" + text + "啊", text, 1.0)
    assert match is not None
    assert match.similarity == 1.0


def test_key_words_are_spelt_right() -> None:
    assert standard("他们练习过我，问题没接决，我不满亿") == "他们联系过我，问题没解决，我不满意"
    assert standard("冇人管，莫得用") == "没人管，没有用"
    assert standard("还有一半没弄") == "还有一半没弄"
    assert nearly("买一买一", ("满意",)) == "满意满意"
