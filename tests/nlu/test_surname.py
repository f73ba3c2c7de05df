from __future__ import annotations

import pytest

from nlu.surname import find_surname
from tests.nlu.build import call, quotes

ASK = ("agent", "请问您贵姓？")


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("我姓周，电话是幺七二五", "周"),
        ("免贵姓林", "林"),
        ("姓欧阳", "欧阳"),
        ("我姓双木林", "林"),
        ("我姓弓长张", "张"),
        ("我姓张的张", "张"),
    ],
)
def test_reads_the_surname(said: str, name: str) -> None:
    transcript = call(ASK, ("citizen", said))
    field = find_surname(transcript)
    assert field.value == name
    assert quotes(transcript, field.evidence)[0] in said


def test_a_misheard_surname_is_repaired_and_less_sure() -> None:
    field = find_surname(call(ASK, ("citizen", "我姓州")))
    assert field.value == "周"
    assert field.confidence < find_surname(call(ASK, ("citizen", "我姓周"))).confidence


def test_the_agents_address_counts() -> None:
    field = find_surname(call(ASK, ("citizen", "我姓许"), ("agent", "徐先生，跟您核对一下")))
    assert field.value == "徐"
    assert "许" in [name for name, _ in field.alternatives]


@pytest.mark.parametrize("said", ["我不想说", "没有姓", "姓什么不重要"])
def test_no_surname_gives_a_reason(said: str) -> None:
    field = find_surname(call(ASK, ("citizen", said)))
    assert field.value is None
    assert field.reason == "来电人没有说姓什么"
