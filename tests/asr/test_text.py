"""Recognised text as a reader wants it: simplified, punctuated, numbers as tickets write them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asr.error_rate import normalise
from asr.text import is_looping, tidy, without_loops, written_numbers


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("我姓周，电话是幺三九零零零零幺二三四", "我姓周，电话是13900001234"),
        ("幺三九 0000 一二三四", "13900001234"),
        ("幺二三四五热线", "12345热线"),
        ("早上七点十六分", "早上7点16分"),
        ("十点零五分", "10点05分"),
        ("十二月二十五日", "12月25日"),
        ("二零一六年十一月", "2016年11月"),
        ("百分之二十五", "25%"),
        ("琼A幺二三四五", "琼A12345"),
        ("琼a12b45", "琼A12B45"),
        ("一百八十七医院", "187医院"),
        ("二百八十四杠一号", "284杠1号"),
        ("三万五千块", "35000块"),
        ("十二万三千零五十元", "123050元"),
        ("三点五公里", "3.5公里"),
        ("二十四小时", "24小时"),
        ("三零二室", "302室"),
    ],
)
def test_numbers_become_digits_as_in_tickets(heard: str, written: str) -> None:
    assert written_numbers(tidy(heard)) == written


@pytest.mark.parametrize(
    "text",
    ["第二个路口", "一单元", "一年", "两三天", "万一", "三亚", "五一路", "有一点", "十几个人",
     "八一建军节", "一五一十", "二三十个", "统一", "千万别", "一个一个来"],
)  # fmt: skip
def test_small_counts_names_and_sayings_stay(text: str) -> None:
    assert written_numbers(text) == text


def test_digits_that_are_digits_already_survive() -> None:
    for text in ("电话是13900001234", "7:16", "284-1号", "25%", "1.5公里", "2016年11月"):
        assert written_numbers(tidy(text)) == text


@pytest.mark.parametrize(
    ("wrote", "tidied"),
    [
        ("您好,請問有什麼可以幫您?", "您好，请问有什么可以帮您？"),
        ("你好 我要投訴 一個問題", "你好我要投诉一个问题"),
        ("(音樂)好的，。", "好的，"),
        ("，，好的。。。", "好的。"),
        ("想听歌曲 Call Me Maybe", "想听歌曲Call Me Maybe"),
        ("ＡＢ１２", "AB12"),
        ("好\ufffd的♪", "好的"),
    ],
)
def test_simplified_and_full_width_without_stray_signs(wrote: str, tidied: str) -> None:
    assert tidy(wrote) == tidied


def test_loops_are_found_and_cut() -> None:
    loop = "请问您" + "的问题" * 9
    assert is_looping(loop, 10.0)
    assert without_loops(loop) == "请问您的问题的问题"
    assert is_looping("字" * 80, 2.0)


@pytest.mark.parametrize("said", ["满意满意", "对对对", "13911111111", "好的好的好的", "嗯"])
def test_what_people_do_repeat_is_no_loop(said: str) -> None:
    assert not is_looping(said, 3.0)
    assert without_loops(said) == said


@settings(deadline=None)
@given(st.text("零一二三四五六七八九十百千万幺点年月号路A琼。 ab12", max_size=16))
def test_any_text_is_written_once_and_for_all(text: str) -> None:
    written = written_numbers(tidy(text))
    assert "\ufffd" not in written
    assert sum(c in "ab琼路" for c in written.lower()) == sum(
        c in "ab琼路" for c in tidy(text).lower()
    )


@settings(deadline=None)
@given(st.integers(1, 28), st.integers(1, 12), st.integers(0, 23), st.integers(10, 59))
def test_dates_and_times_keep_their_value(day: int, month: int, hour: int, minute: int) -> None:
    spoken = f"{_say(month)}月{_say(day)}日{_say(hour)}点{_say(minute)}分"
    assert written_numbers(spoken) == f"{month}月{day}日{hour}点{minute}分"
    assert normalise(spoken) == normalise(written_numbers(spoken))


def _say(number: int) -> str:
    digits = "零一二三四五六七八九"
    if number < 10:
        return digits[number]
    tens = "" if number < 20 else digits[number // 10]
    return tens + "十" + (digits[number % 10] if number % 10 else "")
