"""Words that raise a ticket's urgency: danger to life, crowds, threats, despair.

Levels follow the hotlines' practice: red for self-harm, revenge, fire and explosion, orange
for crowds and public pressure, yellow for repetition and agitation. Figures of speech
(急死人了, 气炸了) are left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from nlu.passage import Passage
from nlu.types import Signal

Level = Literal["red", "orange", "yellow"]


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    level: Level
    words: re.Pattern[str]


def _rule(name: str, level: Level, words: str) -> _Rule:
    return _Rule(name, level, re.compile(words))


_RULES = (
    _rule("轻生", "red", r"不想活|活不下去|跳楼|跳河|跳桥|跳海|割腕|喝农药|喝药|自杀|轻生|寻短见|一死了之"),
    _rule("扬言报复", "red", r"同归于尽|砍(?:死|人|他|她|你)|杀(?:人|他|她|了他|全家)|捅(?:死|人|他)|报复(?:社会|他|你们)|炸(?:了|掉|死)(?:他|它|你|政府|楼|那)|放火|纵火"),
    _rule("火情", "red", r"着火|起火|失火|火灾|冒(?:黑|浓|白)?烟|烧起来"),
    _rule("爆炸", "red", r"爆炸"),
    _rule("燃气泄漏", "red", r"燃气味|煤气味|天然气味|漏(?:煤|燃|天然)?气|(?:燃气|煤气|天然气)(?:泄漏|泄露|味)"),
    _rule("生命危险", "red", r"昏迷|没(?:有)?呼吸|生命危险|快(?:要)?死了|晕倒|大出血|溺水|触电|中毒"),
    _rule("坍塌被困", "red", r"(?:倒塌|坍塌|塌(?:了|下来|方|陷))|被困|困在(?:电梯|里面|水里)|掉(?:进|下)(?:井|坑|水)"),
    _rule("持械斗殴", "red", r"(?:拿着?|持)刀|打群架|斗殴"),
    _rule("群体聚集", "orange", r"集体(?:上访|堵路|抗议|维权)|聚众(?:闹事|围堵|上访)|拉横幅|堵(?:路|门|政府)(?!.{0,2}车)|(?:几十|上百|几百|好几十|一百多|二十多|三十多|四十多|五十多)(?:个|名|号)?(?:人|工人|业主|村民|农民工)[^，。]{0,10}(?:聚集|围|堵|上访|讨薪|要工资|讨要)|静坐"),
    _rule("讨薪", "orange", r"(?:拖欠|欠|讨要?|不发|没发)[^，。]{0,12}(?:工资|薪|血汗钱)"),
    _rule("媒体曝光", "orange", r"(?:找|联系|叫)(?:媒体|记者|电视台)|(?:发到|曝光|上)(?:网上|抖音|微博|媒体|热搜)|曝光"),
    _rule("上访", "orange", r"上访|去北京告|进京"),
    _rule("安全隐患", "orange", r"安全隐患|井盖(?:丢失|破损|破裂|没了|不见)|(?:电线|线路|高压线)(?:掉落|脱落|裸露|断)|漏电"),
    _rule("多次反映", "yellow", r"(?:多次|反复|好几次|[三四五六七八九十\d]+次|无数次)(?:反映|投诉|打电话|拨打|来电|报修|举报)|(?:打|反映|投诉)了?(?:好几|很多|无数|[三四五六七八九十\d]+)(?:次|遍|个电话)|一直(?:没有?|未)(?:人)?(?:处理|解决|得到)"),
    _rule("情绪激动", "yellow", r"气死|忍无可忍|受不了了|太过分了|还有没有王法|你们都是(?:骗子|废物)|他妈|混蛋"),
)  # fmt: skip
_FIGURES_OF_SPEECH = re.compile(
    r"急死|累死|热死|吵死|烦死|笑死|臭死|气炸|炸鸡|炸串|爆炸(?:性|式|声音|头)|火爆|信息爆炸|大爆炸"
    r"|跳楼价|跳楼大甩卖|堵死|打死也不|死机|冒烟(?:的)?嗓子|嗓子(?:都)?冒烟|七窍冒烟|(?:车|堵)得?要死"
)
_DENIED = re.compile(r"(?:没有|没|不是|不会|无|未)[^，。]{0,2}$")


def find_signals(passage: Passage) -> tuple[Signal, ...]:
    """Return the risk words of the caller's speech, the gravest first, each kind once."""
    text = passage.text
    figures = [match.span() for match in _FIGURES_OF_SPEECH.finditer(text)]
    signals = []
    for rule in _RULES:
        for match in rule.words.finditer(text):
            start, end = match.span()
            if any(low < end and start < high for low, high in figures):
                continue
            if _DENIED.search(text[max(0, start - 5) : start]):
                continue
            signals.append(Signal(rule.name, rule.level, passage.evidence(start, end)[0]))
            break
    rank = {"red": 0, "orange": 1, "yellow": 2}
    return tuple(sorted(signals, key=lambda signal: rank[signal.level]))
