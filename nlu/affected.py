"""Who is affected and how many: 我们三十多户业主, 二十几个工人, 整栋楼."""

from __future__ import annotations

import re

from nlu.numerals import QUANTITY, quantity
from nlu.passage import Passage
from nlu.types import Affected, Field

_PEOPLE = (
    "业主|居民|住户|村民|工人|农民工|民工|学生|家长|商户|乘客|旅客|车主|租户|邻居|同事|群众|家庭|老人|老百姓|患者|员工|职工|"
    "购房者|客户|消费者|会员|人家"
)
_COUNTED = re.compile(
    rf"(?P<ours>(?:我们|咱们)(?:整个|全)?(?:村|小区|这栋楼?|这里|单元|楼|班|厂|公司)?|涉及|影响到?|受影响的?|一共|总共|共|全村|小区|楼里)?(?:里|这里|这边|大概|大约|差不多|有|约|近|将近)*"
    rf"(?P<number>好?几十|好?几百|上百|上千|几|{QUANTITY})(?P<about>多|几|来|余)?"
    rf"(?P<unit>[个名位户家]?)(?P<who>{_PEOPLE}|人(?![民行工们员家物均]))?"
)
_WHOLE = re.compile(
    r"(?:整个?|全|全体|所有|这)(?P<who>小区|村|栋楼|单元|楼|街|社区|镇|学校|班)(?:的)?(?:人|居民|业主|村民|住户|学生)?"
    r"(?=[^，。]{0,4}(?:都|全|停|没|受))"
)
_VAGUE = {"几": 3, "几十": 30, "好几十": 50, "几百": 300, "好几百": 500, "上百": 100, "上千": 1000}
_FEWEST = 2


def find_affected(passage: Passage) -> Field[Affected]:
    """Return who is affected; of several the largest number."""
    found: list[tuple[int, Field[Affected]]] = []
    for match in _COUNTED.finditer(passage.text):
        said = _counted(match)
        if said is not None and said.count is not None:
            exact = match["about"] is None and match["number"] not in _VAGUE
            start = match.start("ours") if match["ours"] else match.start("number")
            evidence = passage.evidence(start, match.end())
            found.append((said.count, Field(said, 0.9 if exact else 0.7, evidence)))
    if found:
        return max(found, key=lambda entry: entry[0])[1]
    whole = _WHOLE.search(passage.text)
    if whole:
        said = Affected(None, whole["who"], whole[0])
        return Field(said, 0.6, passage.evidence(*whole.span()))
    return Field.empty("没有说到涉及多少人")


def _counted(match: re.Match[str]) -> Affected | None:
    who, unit = match["who"], match["unit"]
    named = who is not None and who != "人"
    # 三个人打我 counts those who hit; 我们三个人 and 二十户 count those concerned.
    if not named and not (match["ours"] and who) and unit != "户":
        return None
    if match["number"].isdigit() and not (unit or match["about"] or match["ours"]):
        return None  # 305业主 lives in room 305
    count = _VAGUE.get(match["number"])
    if count is None:
        value = quantity(match["number"])
        if value is None or value != int(value):
            return None
        count = int(value)
    if count < _FEWEST:
        return None
    counted = "户" if unit == "户" or who in ("家庭", "人家") else "人"
    return Affected(count, counted, match[0][match.start("number") - match.start() :])
