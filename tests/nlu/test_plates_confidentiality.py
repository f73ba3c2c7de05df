from __future__ import annotations

import pytest

from nlu.confidentiality import find_confidentiality
from nlu.plates import find_plates
from tests.nlu.build import call, passage


@pytest.mark.parametrize(
    ("text", "plate"),
    [
        ("琼A47144出租车不打表", "琼A47144"),
        ("车牌号琼a776v8堵住了", "琼A776V8"),
        ("车牌是琼A幺二三四五", "琼A12345"),
        ("穷A12345挡住门口", "琼A12345"),
        ("新能源车粤BD12345", "粤BD12345"),
    ],
)
def test_plates_written_and_spoken(text: str, plate: str) -> None:
    assert [field.value for field in find_plates(passage(text))] == [plate]


@pytest.mark.parametrize("text", ["94路公交车", "幺三八零零幺三八零零零", "新A区的停车场", ""])
def test_other_words_are_no_plates(text: str) -> None:
    assert find_plates(passage(text)) == ()


def test_a_repaired_plate_is_less_sure() -> None:
    (heard,) = find_plates(passage("穷A12345"))
    (written,) = find_plates(passage("琼A12345"))
    assert heard.confidence < written.confidence


@pytest.mark.parametrize(
    ("turns", "wish"),
    [
        ([("citizen", "请帮我保密")], True),
        ([("citizen", "我要匿名举报")], True),
        ([("citizen", "不要透露我的信息")], True),
        ([("agent", "您的信息需要保密吗"), ("citizen", "需要")], True),
        ([("agent", "您的信息需要保密吗"), ("citizen", "不用保密")], False),
        ([("agent", "我们会为您保密")], False),
        ([("citizen", "路灯不亮")], False),
    ],
)
def test_the_wish_for_confidentiality(turns: list[tuple[str, str]], wish: bool) -> None:
    assert (find_confidentiality(call(*turns)).value is True) is wish
