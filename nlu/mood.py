"""How the caller feels, and how often they say they called before: from their words alone."""

from __future__ import annotations

import re

from nlu.numerals import NUMERAL, number
from nlu.passage import Passage
from nlu.types import Field, Mood

_MOODS: tuple[tuple[Mood, re.Pattern[str]], ...] = (
    (
        "distressed",
        re.compile(
            r"不想活|活不下去|活着没意思|绝望|崩溃|走投无路|没有?活路|实在没办法了|想死|抑郁"
        ),
    ),
    (
        "angry",
        re.compile(
            r"气死|太气人|气愤|忍无可忍|受不了|太过分|欺人太甚|什么态度|凭什么|骗子|无耻|王法|他妈|混蛋|不要脸|黑心"
            r"|(?:太|非常|很|极其)(?:不满|生气|愤怒)"
        ),
    ),
    (
        "anxious",
        re.compile(r"急死|(?:很|非常|特别|比较|好)?(?:着急|焦急|担心|害怕|恐慌|紧张)|急需|等着用"),
    ),
)
_NOT = re.compile(r"(?:不|没|没有|别|不用|不要)(?:太|那么|很)?$")
_TIMES = re.compile(
    rf"第(?P<nth>{NUMERAL})[次回遍](?=[^，。]{{0,6}}(?:打|反映|投诉|来电|报修|找|说))"
    rf"|(?:打|反映|投诉|来电|报修|举报|催|找|说)(?:了|过)*(?:你们|热线|12345)?(?P<times>{NUMERAL}|好几|很多|无数|多)(?:次|回|遍|个?电话)"
    rf"|(?P<before_times>{NUMERAL}|好几|很多|无数|多)(?:次|回|遍)(?:打|反映|投诉|来电|报修|举报|拨打|催)"
    r"|(?P<once>(?:之前|以前|上次|前几天|前段时间|昨天|上周|上个月|已经)[^，。]{0,8}(?:反映|投诉|打|报修|举报)过)"
)
_SEVERAL = {"好几": 3, "很多": 5, "无数": 5, "多": 3}


def find_mood(passage: Passage) -> Field[Mood]:
    """Return the gravest mood the words show; calm words say nothing and stay empty."""
    for mood, words in _MOODS:
        for match in words.finditer(passage.text):
            if not _NOT.search(passage.text[: match.start()]):
                return Field(mood, 0.7, passage.evidence(*match.span()))
    return Field.empty("没有听出明显情绪")


def find_earlier_calls(passage: Passage) -> Field[int]:
    """Return how often the caller says they reported the matter before."""
    best: tuple[int, re.Match[str], float] | None = None
    for match in _TIMES.finditer(passage.text):
        count, confidence = _times(match)
        if count > 0 and (best is None or count > best[0]):
            best = count, match, confidence
    if best is None:
        return Field.empty("没有说到以前反映过")
    return Field(best[0], best[2], passage.evidence(*best[1].span()))


def _times(match: re.Match[str]) -> tuple[int, float]:
    if match["nth"]:
        return (number(match["nth"]) or 1) - 1, 0.9
    said = match["times"] or match["before_times"]
    if said in _SEVERAL:
        return _SEVERAL[said], 0.6
    if said:
        return number(said) or 0, 0.85
    return 1, 0.8
