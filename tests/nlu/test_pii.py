"""Personal data in calls: found with an explanation, masked by role, nothing else touched."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.digits import DIGIT_OF
from nlu.errors import UnknownRoleError
from nlu.pii.checksums import identity_check_character, is_identity_number, passes_luhn
from nlu.pii.detect import find_pii, find_spans
from nlu.pii.masking import Masker
from nlu.pii.policy import standard_policy
from tests.nlu.build import call, quotes
from tests.nlu.spoken_numbers import in_groups, mobile_numbers, spoken

EXPORT = standard_policy().role("export")
QA = standard_policy().role("qa")


def found(text: str) -> list[tuple[str, str]]:
    return [(span.kind, text[span.start : span.end]) for span in find_spans(text)]


def identity(seed: int) -> str:
    chance = random.Random(seed)
    first = f"4601{chance.choice(('05', '06', '07'))}{chance.randint(1950, 2005)}"
    first += f"{chance.randint(1, 12):02}{chance.randint(1, 28):02}{chance.randint(0, 999):03}"
    return first + identity_check_character(first)


@given(st.integers(0, 10_000))
def test_an_identity_number_is_found_however_it_is_said(seed: int) -> None:
    number = identity(seed)
    said = spoken(number[:17], seed) + (number[17] if seed % 2 else spoken(number[17], seed))
    said = said.replace("X", ("x", "叉", "X")[seed % 3])
    kinds = [(span.kind, span.rule) for span in find_spans(f"是{said}。")]
    assert kinds == [("id_card", "id_card_gb11643")]


@given(st.integers(0, 10_000), st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_breaks_the_check(seed: int, place: int, shift: int) -> None:
    number = identity(seed)
    wrong = str((int(number[place]) + shift) % 10)
    assert not is_identity_number(number[:place] + wrong + number[place + 1 :])


@given(mobile_numbers(), st.integers(0, 10_000))
def test_a_number_is_found_over_several_utterances(number: str, seed: int) -> None:
    turns = [("citizen", part) for part in in_groups(number, seed)]
    said = call(("agent", "请问您的电话是多少？"), *turns)
    (finding,) = find_pii(said)
    assert finding.kind == "phone"
    assert len(finding.evidence) == len(turns)
    hidden = Masker.of_call(said, EXPORT).transcript(said)
    assert not any(set(u.text) & set(DIGIT_OF) for u in hidden.utterances[1:])


def test_a_bank_card_needs_its_check_digit_or_the_word() -> None:
    assert passes_luhn("6222020200112230")
    assert found("卡号是6222 0202 0011 2230")[0][0] == "bank_card"
    assert found("6222020200112230")[0][0] == "bank_card"
    assert found("6222020200112231") == []
    assert found("银行卡六二二二零二零二零零一一二二三一")[0][0] == "bank_card"


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("我住在龙昆南路88号", "address", "88号"),
        ("金山花园3栋2单元501室漏水", "address", "3栋2单元501室"),
        ("沙洲村三组的水渠堵了", "address", "三组"),
        ("白沙门小区十二号楼停水", "address", "十二号楼"),
        ("我叫林小明，", "name", "林小明"),
        ("老板王建国欠我工资", "name", "王建国"),
        ("免贵姓欧阳，", "name", "欧阳"),
        ("车牌琼A12345挡住了", "plate", "琼A12345"),
        ("新能源车琼AD12345占了车位", "plate", "琼AD12345"),
        ("座机是零八九八六六七八一二三四", "phone", "零八九八六六七八一二三四"),
        ("电话是幺三九零零零零幺二三四", "phone", "幺三九零零零零幺二三四"),
        ("微信号13900001234", "phone", "13900001234"),
    ],
)
def test_what_is_personal(text: str, kind: str, words: str) -> None:
    assert (kind, words) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "请拨打12345或者110，自来水公司是95598",
        "客服电话4008123123",
        "工号1023为您服务",
        "工单编号20240101123456",
        "这里共3栋楼房，有20户居民，一楼到六楼都停水",
        "12月25日晚上8点30分，罚款2500元",
        "龙昆南路与海秀路交叉口红绿灯坏了",
        "老百姓的事情，人家马上就来了，谢谢",
        "3号线地铁站附近修路",
    ],
)
def test_what_is_not_personal(text: str) -> None:
    assert found(text) == []


def test_each_finding_says_why() -> None:
    said = call(("citizen", "我叫林小明，电话13900001234。"))
    findings = find_pii(said)
    assert [(f.kind, f.rule) for f in findings] == [
        ("name", "name_introduced"),
        ("phone", "phone_mobile"),
    ]
    assert all(f.reason and 0.5 <= f.score <= 1 for f in findings)
    assert quotes(said, findings[0].evidence) == ["林小明"]


def test_overlapping_findings_become_one() -> None:
    spans = find_spans("身份证460105198703150022，电话13900001234，13800138000")
    assert [s.kind for s in spans] == ["id_card", "phone", "phone"]
    assert all(a.end <= b.start for a, b in itertools.pairwise(spans))


def test_a_name_is_masked_wherever_it_stands_again() -> None:
    said = call(("citizen", "我叫林小明。"), ("agent", "好的，林小明对吧，已登记。"))
    masker = Masker.of_call(said, QA)
    assert masker.transcript(said).utterances[1].text == "好的，林**对吧，已登记。"
    assert masker.text("林小明反映路灯不亮") == "林**反映路灯不亮"


def test_in_part_the_surname_the_ends_and_the_building_stay() -> None:
    said = call(("citizen", "我叫林小明，电话13900001234，住金山花园3栋2单元501室。"))
    hidden = Masker.of_call(said, QA).transcript(said)
    assert hidden.utterances[0].text == "我叫林**，电话139****1234，住金山花园3栋*******。"


def test_a_confidential_call_is_hidden_further() -> None:
    said = call(("citizen", "我叫林小明，电话13900001234。"))
    unit = standard_policy().role("unit")
    assert Masker.of_call(said, unit).value("phone", "13900001234") == "13900001234"
    confidential = Masker.of_call(said, unit, is_confidential=True)
    assert confidential.value("phone", "13900001234") == "*" * 11


@given(st.text(alphabet="我叫王小明电话幺三九0123456789零，。路号楼室X琼A ", max_size=60))
def test_masking_keeps_the_length_and_is_stable(text: str) -> None:
    said = call(("citizen", text))
    hidden = Masker.of_call(said, EXPORT).transcript(said)
    assert len(hidden.utterances[0].text) == len(text)
    assert all(a in (b, "*") for a, b in zip(hidden.utterances[0].text, text, strict=True))


def test_roles() -> None:
    assert standard_policy().role("agent").sees_all()
    assert not standard_policy().role("inspection").decides
    with pytest.raises(UnknownRoleError, match="inspection"):
        standard_policy().role("nobody")
