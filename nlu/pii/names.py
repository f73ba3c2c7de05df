"""People's names: introduced by what stands around them (我叫…, …先生), or read by a tagger."""

from __future__ import annotations

import re
from collections.abc import Iterator

from models.names.tagger import load_tagger
from nlu.pii.types import Span
from nlu.surname import COMPOUND_SURNAMES, SPELLED_SURNAMES, SURNAMES

_HAN = r"[\u4e00-\u9fff]"
_SURNAME = rf"(?:{'|'.join(COMPOUND_SURNAMES)}|[{''.join(SURNAMES)}])"
_GIVEN = rf"(?!先生|女士|小姐|同志|老师|师傅|经理){_HAN}{{1,2}}"
_STOP = r"(?=[，。、；：！？,.;:!?\s（）()]|$|的|电话|手机|身份|先生|女士|小姐|同志)"

_INTRODUCED = re.compile(
    rf"(?:我叫|名叫|名字叫做?|名字是|姓名[是为：:]|叫做|他叫|她叫|人叫|板叫|人是|我是|本人|联系人[是：:]?|户主[是：:]?"
    rf"|法人[是：:]?|负责人[是：:]?|经办人[是：:]?|当事人[是：:]?|业主[是：:]?)[，, ]?(?P<name>{_SURNAME}{_GIVEN}){_STOP}"
)
_TITLED = re.compile(
    rf"(?P<name>{_SURNAME}{_HAN}{{0,2}}?)(?:先生|女士|小姐|同志|师傅|阿姨|大爷|大妈|律师|书记|队长|警官|老板(?!娘)|经理|主任|医生|老师)"
)
_BY_ROLE = re.compile(
    r"(?:老板|经理|队长|村长|支书|书记|邻居|老公|丈夫|妻子|老婆|儿子|女儿|司机|房东|医生|老师|主任|包工头|工头|中介|业主|户主|村民)"
    rf"(?P<name>{_SURNAME}{_GIVEN})(?=[，。、；！？,.!?\s（]|$|发|给|说|欠|不|没|在|把|被|让|要|跟|和|的|打|家|他|她|就|也|还)"
)
_SAID_SURNAME = re.compile(
    r"(?:免贵姓|(?<!您贵)(?<!贵)(?<!老百)(?<!百)姓)(?:是|呃|嗯)?[，, ]?(?P<name>"
    rf"{_SURNAME})(?=[，。,.！!、\s]|$|的|先|女|叫|名|电|我|手|联)"
)
_SPELLED = re.compile(rf"(?P<name>(?:{'|'.join(SPELLED_SURNAMES)})(?:的)?{_HAN}?)(?=[，。,.\s]|$)")
_LETTERS = re.compile(r"[^\u4e00-\u9fff·]")
_PLACE_FOLLOWS = re.compile(
    r"^(?:路|街|区|苑|镇|村|楼|大道|大桥|湾|城|市|县|广场|公司|小区|花园|学校|医院|酒店|大厦|公园|站|港|河|江|山|岛|牌|乡|社)"
)
_NO_NAMES = frozenset(
    "谢谢 欣赏 王子 白云 高速 安全 常常 时候 平时 明明 向东 向西 向南 向北 路段 金额 方便 方面 马上 马路 高层 高峰 "
    "黄金 温度 包括 成功 成立 时间 计划 许多 任何 文明 和谐 应该 应当 相关 单位 车主 车位 程序 严重 强烈 华为 水泥 "
    "黄牛 白天 别人 党员 万元 万多 石油 雷电 公安 关于 于是 经常 江边 安装 安排 施工 毛坯 古董 花园 钱款 连续 项目".split()
)
_MIN_MARGIN = 12.0
_SURE_MARGIN = 45.0


def name_spans(text: str) -> Iterator[Span]:
    """Yield people's names; they may overlap. The surname is what stays of a name in part."""
    for pattern, rule, score, reason in (
        (_INTRODUCED, "name_introduced", 0.95, "前面的话在介绍姓名"),
        (_BY_ROLE, "name_by_role", 0.92, "前面是身份或关系"),
        (_TITLED, "name_titled", 0.85, "后面有称呼"),
        (_SAID_SURNAME, "name_surname", 0.9, "说出姓氏"),
        (_SPELLED, "name_spelled", 0.9, "拆字说明姓氏"),
    ):
        for match in pattern.finditer(text):
            start, end = match.span("name")
            if text[start:end] not in _NO_NAMES:
                yield _named(text, start, end, score, rule, reason)
    for start, end, margin in load_tagger().names(text):
        if margin >= _MIN_MARGIN and _could_be(text, start, end):
            score = round(min(0.9, 0.5 + 0.4 * margin / _SURE_MARGIN), 2)
            yield _named(text, start, end, score, "name_tagger", "序列标注模型判断为姓名")


def _could_be(text: str, start: int, end: int) -> bool:
    name = text[start:end]
    return (
        2 <= len(name) <= 12
        and not _LETTERS.search(name)
        and name not in _NO_NAMES
        and not _PLACE_FOLLOWS.match(text[end:])
    )


def _named(text: str, start: int, end: int, score: float, rule: str, reason: str) -> Span:
    name = text[start:end]
    kept = 2 if name[:2] in COMPOUND_SURNAMES and len(name) > 2 else 1
    if rule == "name_spelled":
        kept = len(name)
    return Span("name", start, end, score, rule, reason, frozenset(range(start, start + kept)))
