from __future__ import annotations

import pytest

from nlu.signals import find_signals, standard_rules
from tests.nlu.build import passage


@pytest.mark.parametrize(
    ("text", "name", "level"),
    [
        ("再不处理我就不想活了", "轻生", "red"),
        ("楼下冒浓烟了", "火情", "red"),
        ("家里有燃气味", "燃气泄漏", "red"),
        ("老人被困电梯里", "坍塌被困", "red"),
        ("我们几十个工人要去堵路", "群体聚集", "orange"),
        ("老板拖欠我们三个月工资", "讨薪", "orange"),
        ("路上井盖不见了", "安全隐患", "orange"),
        ("我已经打了五次电话了", "多次反映", "yellow"),
    ],
)
def test_risks_are_found_with_their_level(text: str, name: str, level: str) -> None:
    signals = find_signals(passage(text))
    assert (name, level) in [(signal.name, signal.level) for signal in signals]


@pytest.mark.parametrize(
    "text",
    [
        "真是急死人了",
        "都热死了空调也不开",
        "这家炸鸡店太吵",
        "商场搞跳楼价促销",
        "没有着火，只是问一下",
        "咨询社保卡怎么办理",
        "",
    ],
)
def test_figures_of_speech_and_denials_are_left_out(text: str) -> None:
    assert not [s for s in find_signals(passage(text)) if s.level == "red"]


def test_the_gravest_comes_first_and_each_kind_once() -> None:
    signals = find_signals(passage("反复反映多次投诉，现在着火了着火了"))
    assert [signal.name for signal in signals] == ["火情", "多次反映"]


def test_evidence_is_the_risk_word() -> None:
    text = "楼下起火了"
    (signal,) = find_signals(passage(text))
    assert text[signal.evidence.char_start : signal.evidence.char_end] == "起火"


def test_every_rule_has_a_known_level() -> None:
    rules = standard_rules().rules
    assert {rule.level for rule in rules} == {"red", "orange", "yellow"}
    assert len({rule.name for rule in rules}) == len(rules)
