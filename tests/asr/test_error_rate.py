"""The figures' own measure: what counts as an error and what does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr.error_rate import ErrorCount, count_errors, edit_distance, normalise


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("您好，幺二三四五热线。", "您好 12345热线"),
        ("十二月二十五日", "12月25日"),
        ("三百零五块", "305块"),
        ("三百五十块", "350块"),
        ("一万两千", "12000"),
        ("三亿五千万", "350000000"),
        ("百分之二十五", "25%"),
        ("一五三六零八一", "1536081"),
        ("琼Ａ１２", "琼a12"),
        ("二零一六年", "2016年"),
    ],
)
def test_the_same_number_written_otherwise_is_no_error(first: str, second: str) -> None:
    assert count_errors(first, second).errors == 0


@pytest.mark.parametrize("text", ["千万别来", "百货大楼", "万一"])
def test_units_without_a_count_stay_words(text: str) -> None:
    assert normalise(text)[0] == text[0]


def test_each_wrong_digit_is_one_error() -> None:
    assert count_errors("电话是幺三九零零零零", "电话是1390001") == ErrorCount(1, 10)


def test_counts_substitutions_deletions_and_insertions() -> None:
    assert count_errors("今天天气好", "今日天气很好").errors == 2
    assert count_errors("今天", "") == ErrorCount(2, 2)
    assert count_errors("", "嗯").rate == float("inf")


def test_counts_add_up_to_a_rate() -> None:
    assert (ErrorCount(1, 10) + ErrorCount(2, 20)).rate == pytest.approx(0.1)


def slow_distance(first: str, second: str) -> int:
    table = [
        [i + j if not i or not j else 0 for j in range(len(second) + 1)]
        for i in range(len(first) + 1)
    ]
    for i, a in enumerate(first, start=1):
        for j, b in enumerate(second, start=1):
            table[i][j] = min(
                table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + (a != b)
            )
    return table[-1][-1]


@given(st.text("天地人1", max_size=12), st.text("天地人1", max_size=12))
def test_edit_distance_is_levenshtein(first: str, second: str) -> None:
    assert edit_distance(first, second) == slow_distance(first, second)
