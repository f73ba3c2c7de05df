"""The standard card over wordings that agents use: polite ones pass, the others do not."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from ticket_draft.scoring.card import QACard
from ticket_draft.scoring.qa import score_qa

from .conftest import call_of
from .test_qa import ASK, GOOD

SCORED = {
    "greeting",
    "closing",
    "forbidden_phrase",
    "dead_air",
    "contact_check",
    "interruption",
}
AT = GOOD.index(ASK)


def broken(card: QACard, *lines: str) -> set[str]:
    return {f.rule_id for f in score_qa(call_of(*lines), card).findings if not f.passed} & SCORED


@pytest.mark.parametrize(
    "opening",
    [
        "您好，海口12345热线，很高兴为您服务。",
        "您好，这里是12345，请讲。",
        "您好，政务服务热线，请问您有什么诉求？",
        "您好，市民热线6787号为您服务，请问有什么可以帮到您？",
        "早上好，12345政府热线，请问您需要什么帮助？",
        "您好，请问有什么可以帮您？",
        "12345政务服务便民热线，请问有什么可以帮您？",
        "您号，一二三四五正务服务便民日线，请问有什么可以邦您。",
    ],
)
def test_openings_that_pass(opening: str, card: QACard) -> None:
    assert not broken(card, f"a: {opening}", *GOOD[1:])


@pytest.mark.parametrize(
    "opening",
    [
        "喂，说。",
        "喂？",
        "喂，什么事？",
        "讲。",
        "干嘛？",
        "喂，哪位？",
        "说吧，什么情况。",
        "威胁。",
    ],
)
def test_openings_that_do_not(opening: str, card: QACard) -> None:
    assert broken(card, f"a: {opening}", *GOOD[1:]) == {"greeting"}


@pytest.mark.parametrize(
    "ending",
    [
        "感谢您的来电，再见。",
        "祝您生活愉快，再见。",
        "好的，那先这样，再见。",
        "稍后请您对本次服务作出评价，谢谢。",
        "不用谢，拜拜。",
        "赶谢您的来店，在见。",
    ],
)
def test_endings_that_pass(ending: str, card: QACard) -> None:
    assert not broken(card, *GOOD[:-1], f"a: {ending}")


@pytest.mark.parametrize(
    "ending",
    ["好了，挂了。", "行，就这样。", "嗯，知道了。", "好，那就这样，挂了啊。", "好了 乖了"],
)
def test_endings_that_do_not(ending: str, card: QACard) -> None:
    assert broken(card, *GOOD[:-3], f"a: {ending}") == {"closing"}


@pytest.mark.parametrize(
    "lines",
    [
        (
            "a: 请问您怎么称呼？",
            "c: 我姓李。",
            "a: 您的联系方式是？",
            "c: 13812345678。",
            "a: 我跟您重复一遍，13812345678，对吗？",
        ),
        (
            "a: 先生您贵姓？",
            "c: 免贵姓王。",
            "a: 您现在打进来的这个号码可以联系到您吗？",
            "c: 可以。",
            "a: 好的，王先生，就是您来电的这个号码是吧？",
        ),
        ("a: 留一下您的姓名和电话好吗？", "c: 李明，13812345678。", "a: 138，1234，5678，没错吧？"),
        ("c: 我姓赵，电话13812345678。", "a: 您姓赵，电话是13812345678是吗？"),
        (
            "a: 请问您贵信联系电话是多少？",
            "c: 我进学电话只要寄五八四要寄八六六",
            "a: 跟您合对一下您的电话,是要机5、8、4、7、8、6摇对吗?",
        ),
    ],
)
def test_contact_checks_that_pass(lines: tuple[str, ...], card: QACard) -> None:
    assert not broken(card, *GOOD[:AT], *lines, *GOOD[AT + 4 :])


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("a: 请问您贵姓？", "c: 姓王。"),
        ("a: 请问您贵姓，联系电话是多少？", "c: 我姓黄，13812345678。", "a: 好的，知道了。"),
        ("a: 电话多少？", "c: 13812345678。", "a: 13812345678，对吗？"),
    ],
)
def test_contact_checks_that_do_not(lines: tuple[str, ...], card: QACard) -> None:
    assert broken(card, *GOOD[:AT], *lines, *GOOD[AT + 4 :]) == {"contact_check"}


@pytest.mark.parametrize(
    "line",
    [
        "这事不归我们管，你找别的部门去。",
        "你问我我也不知道。",
        "这个我管不了。",
        "你爱找谁找谁去。",
        "你有意见去投诉好了。",
        "都跟你说了不行，怎么还问。",
        "你到底要干什么？",
        "我没空跟你啰嗦。",
        "这是你自己的问题，跟我们没关系。",
        "别烦我了。",
        "我就这态度，你投诉我啊。",
        "这个不知道，你自己上网查。",
        "没办法，只能这样。",
        "你急也没用。",
        "我们也管不了人家。",
        "自己去想办法吧。",
        "你吼什么吼。",
        "随便你。",
        "不行就是不行，没有为什么。",
        "你以为你是谁啊。",
        "没看到我在忙吗。",
        "你有完没完。",
        "这个不规我们管。",
    ],
)
def test_words_an_agent_never_says(line: str, card: QACard) -> None:
    assert broken(card, *GOOD[:-3], f"a: {line}", *GOOD[-3:]) == {"forbidden_phrase"}


@pytest.mark.parametrize(
    "line",
    [
        "请您不要着急，慢慢说。",
        "这个问题属于供电局的职责，我帮您转交过去。",
        "您可以到就近的派出所咨询办理。",
        "如果对处理结果不满意您可以再次来电。",
        "这个情况我不太清楚，我帮您查一下好吗？",
        "您说的是物业不让您进小区是吗？",
        "请您自己保管好相关的票据。",
        "这边没有办法直接为您办理，需要您本人到窗口。",
        "单位那边说没办法，是这样对吧？",
        "您反映的问题不属于我们热线受理范围，建议您向法院咨询。",
        "您这边有自己去问过物业吗？",
        "好的，我知道了，您说他们不归他们管。",
        "您是想投诉这家公司对吗？",
        "我们没有权限查询个人信息。",
        "请问您说的是哪个部门推诿呢？",
        "对方说你们自己想办法，是吗？",
    ],
)
def test_words_that_only_sound_like_it(line: str, card: QACard) -> None:
    assert not broken(card, *GOOD[:-3], f"a: {line}", *GOOD[-3:])


def test_official_replies_break_no_rule(shared_data: Path, card: QACard) -> None:
    """Long, formal texts that agents read out are full of near misses."""
    replies: list[str] = []
    with gzip.open(shared_data / "taidi_replies.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            replies += [v for v in row.values() if isinstance(v, str) and 40 < len(v) < 300]
            if len(replies) >= 150:
                break
    assert replies
    wrong = [text for text in replies if broken(card, *GOOD[:-3], f"a: {text}", *GOOD[-3:])]
    assert not wrong
