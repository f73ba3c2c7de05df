from __future__ import annotations

import pytest

from nlu.demand import find_demand
from tests.nlu.build import call, quotes


def test_greetings_and_contact_talk_are_left_out() -> None:
    transcript = call(
        ("agent", "您好，请问有什么可以帮您？"),
        ("citizen", "你好，我要投诉一个问题。龙昆南路的红绿灯坏了，左转很危险，"),
        ("agent", "请问您贵姓，联系电话是多少？"),
        ("citizen", "我姓马，电话是幺八五六六七零三三八四。"),
        ("agent", "您的电话是幺八五六六七零三三八四，对吗？"),
        ("citizen", "对的。"),
        ("agent", "请问还有其他需要帮您的吗？"),
        ("citizen", "没有了，谢谢。"),
    )
    assert quotes(transcript, find_demand(transcript)) == ["龙昆南路的红绿灯坏了，左转很危险"]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("你好我要投诉94路公交车到站不停", "94路公交车到站不停"),
        ("喂你好那个我想问一下社保卡怎么办理", "社保卡怎么办理"),
        ("请问房产证什么时候能办下来？", "房产证什么时候能办下来？"),
    ],
)
def test_the_opening_is_cut_without_punctuation_too(said: str, kept: str) -> None:
    transcript = call(("citizen", said))
    assert quotes(transcript, find_demand(transcript)) == [kept]


def test_the_agents_words_are_no_demand() -> None:
    assert find_demand(call(("agent", "我这边登记一下，龙昆南路的红绿灯坏了"))) == ()


@pytest.mark.parametrize("said", ["", "。", "好的，谢谢，再见。", "幺三八零零幺三八零零零"])
def test_nothing_said_is_no_demand(said: str) -> None:
    assert find_demand(call(("citizen", said))) == ()


def test_a_talk_about_the_hotline_is_no_demand() -> None:
    transcript = call(("citizen", "你们不是政府热线吗，怎么能这样。"))
    assert find_demand(transcript) == ()
