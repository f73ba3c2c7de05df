from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.phone import find_phone
from tests.nlu import spoken_numbers
from tests.nlu.build import call, quotes

ASK = ("agent", "请问您贵姓，联系电话是多少？")
SPOKEN = "零幺二三四五六七八九"


def spoken(number: str) -> str:
    return "".join(SPOKEN[int(digit)] for digit in number)


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("我姓周，电话是幺七二五幺五六六九四五。", "17251566945"),
        ("13800138000", "13800138000"),
        ("幺三八，零零幺三，八零零零", "13800138000"),
        ("138 0013 8000", "13800138000"),
        ("一三八零零一三八零零零", "13800138000"),
        ("幺三八三个零一二三四五", "13800012345"),
        ("要三八零零幺三八零零零", "13800138000"),
        ("零八九八六六二三四五六七", "089866234567"),
        ("我的座机是六六二三四五六七", "66234567"),
        ("八六幺三八零零幺三八零零零", "13800138000"),
    ],
)
def test_reads_numbers_as_spoken_and_written(said: str, number: str) -> None:
    field = find_phone(call(ASK, ("citizen", said)))
    assert field.value == number
    assert field.evidence


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_any_mobile_number_survives_being_spoken(number: str) -> None:
    field = find_phone(call(ASK, ("citizen", f"我的电话是{spoken(number)}。")))
    assert field.value == number


def test_evidence_points_at_the_digits() -> None:
    transcript = call(ASK, ("citizen", "我姓周，电话是幺七二五幺五六六九四五。"))
    assert quotes(transcript, find_phone(transcript).evidence) == ["幺七二五幺五六六九四五"]


def test_the_read_back_mends_a_misheard_digit() -> None:
    field = find_phone(
        call(
            ASK,
            ("citizen", "电话是幺七二五幺五六六九四。"),
            ("agent", "您的电话是幺七二五幺五六六九四五，对吗？"),
            ("citizen", "对的。"),
        )
    )
    assert field.value == "17251566945"


def test_readings_vote_where_the_best_one_is_wrong() -> None:
    field = find_phone(
        call(
            ASK,
            ("citizen", "幺七二五幺五六六九四六", "幺七二五幺五六六九四五"),
            ("agent", "幺七二五幺五六六九四五，对吗", "幺七二五幺五六六九四五"),
        )
    )
    assert field.value == "17251566945"
    assert field.confidence < 0.99


def test_a_correction_replaces_the_number() -> None:
    field = find_phone(
        call(
            ASK,
            ("citizen", "幺三八零零幺三八零零零"),
            ("agent", "您的电话是幺三八零零幺三八零零零，对吗"),
            ("citizen", "不对，是幺三九零零幺三八零零零"),
            ("agent", "幺三九零零幺三八零零零，对吗"),
            ("citizen", "对"),
        )
    )
    assert field.value == "13900138000"


def test_a_correction_of_the_tail_mends_the_tail() -> None:
    field = find_phone(
        call(
            ASK,
            ("citizen", "幺三八零零幺三八零零零"),
            ("agent", "幺三八零零幺三八零零零，对吗"),
            ("citizen", "不对，后面四位是五六七八"),
        )
    )
    assert field.value == "13800135678"


def test_the_callers_own_number_wins_over_another_partys() -> None:
    field = find_phone(
        call(
            ("citizen", "那个司机的电话是幺三五一一一一二二二二"),
            ASK,
            ("citizen", "我的电话是幺三八零零幺三八零零零"),
        )
    )
    assert field.value == "13800138000"


def test_order_numbers_are_no_telephone_numbers() -> None:
    field = find_phone(call(("citizen", "我的工单号是20180101119192")))
    assert field.value is None


def test_too_few_digits_are_said_to_be_too_few() -> None:
    field = find_phone(call(ASK, ("citizen", "幺三八零零幺三八零")))
    assert field.value is None
    assert field.reason is not None
    assert "9位" in field.reason


def test_silence_gives_a_reason() -> None:
    field = find_phone(call(ASK, ("citizen", "不方便说")))
    assert field.value is None
    assert field.reason


@pytest.mark.parametrize(
    ("said", "read_back", "number"),
    [
        ("1380138000", "138000138000", "13800138000"),
        ("15512347890", "155123478901", "15512347890"),
        ("1551237890", "15512347890", "15512347890"),
    ],
)
def test_dropped_and_doubled_digits_meet_in_the_middle(
    said: str, read_back: str, number: str
) -> None:
    field = find_phone(
        call(
            ASK,
            ("citizen", f"我的电话是{said}。"),
            ("agent", f"您的电话是{read_back}，对吗？"),
            ("citizen", "对的。"),
        )
    )
    assert field.value == number


@given(spoken_numbers.mobile_numbers(), st.integers(0, 10_000))
def test_a_number_is_read_however_it_is_spoken(number: str, seed: int) -> None:
    said = call(
        ("agent", "请问您的联系电话？"), ("citizen", f"是{spoken_numbers.spoken(number, seed)}。")
    )
    assert find_phone(said).value == number


@given(spoken_numbers.mobile_numbers(), st.integers(0, 10_000))
def test_a_number_said_in_pieces_is_read_whole(number: str, seed: int) -> None:
    turns: list[tuple[str, ...]] = [("agent", "请问您的联系电话？")]
    for piece in spoken_numbers.in_groups(number, seed):
        turns += [("citizen", piece), ("agent", "嗯。")]
    said = call(*turns)
    field = find_phone(said)
    assert field.value == number
    assert len(field.evidence) == len(spoken_numbers.in_groups(number, seed))


@given(spoken_numbers.mobile_numbers(), spoken_numbers.mobile_numbers(), st.integers(0, 10_000))
def test_a_corrected_number_wins(wrong: str, right: str, seed: int) -> None:
    said = call(
        ("agent", "请问您的联系电话？"),
        ("citizen", spoken_numbers.spoken(wrong, seed)),
        ("agent", f"好的，{wrong}。"),
        ("citizen", f"不对，是{spoken_numbers.spoken(right, seed)}。"),
        ("agent", f"{right}，对吗？"),
        ("citizen", "对。"),
    )
    assert find_phone(said).value == right
