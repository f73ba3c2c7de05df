"""Where somebody lives: house, building, unit, floor and room of an address.

Districts, streets and estates stay readable, since a ticket is of no use without them; what
leads to one door is personal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nlu.numerals import NUMERAL
from nlu.pii.types import Span

_ONE = rf"(?:{NUMERAL}|[A-Za-zＡ-Ｚ甲乙丙丁])"
_NUMBER = rf"(?:[A-Za-z]{{1,2}}{NUMERAL}|{_ONE})(?:[-—~/杠]{_ONE})*"
_BUILDING = (
    rf"{_NUMBER}(?:号楼|号院|号大院|号门牌|号商?铺|号车库|号馆|栋楼?|幢楼?|座(?!机|位|谈|椅|城|山|桥)"
    r"|单元|室(?!内|外)|房(?![子间东屋产价租贷地门管源顶])|弄)"
)
_FLOOR = rf"{_NUMBER}(?:层|楼)(?![梯下上道盘顶房板市宇主])"
_ROOM = r"(?<=[元栋幢座楼层号])[A-Za-z]?\d{3,4}(?![\d米块元个人多年平次点])"
_DOOR = rf"{_NUMBER}号(?![线文令台风出进口路公])"

_ENDS_PLACE = "路街巷道弄村里屯庄苑园城坊场区厦段线楼馆院站寓邸府居湾庭舍组队社墩桥镇乡"


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    reason: str
    pattern: re.Pattern[str]
    score: float


_RULES = (
    _Rule(
        "address_building",
        "楼栋、单元或房号",
        re.compile(rf"{_BUILDING}(?:[，, ]?(?:{_BUILDING}|{_FLOOR}|{_ROOM}|{_DOOR}))*"),
        0.9,
    ),
    _Rule(
        "address_number",
        "路、街、村后的门牌号",
        re.compile(
            rf"(?<=[{_ENDS_PLACE}])(?:附|第)?{_DOOR}(?:附{NUMERAL}号)?"
            rf"(?:[，, ]?(?:{_BUILDING}|{_FLOOR}|{_ROOM}))*"
        ),
        0.9,
    ),
    _Rule(
        "address_group",
        "村民小组",
        re.compile(
            rf"(?<=[村区寨屯庄里县镇乡河湾塘])第?(?:{NUMERAL})(?:组|队|社)(?!区|会|织|成|长)"
        ),
        0.8,
    ),
    _Rule(
        "address_short",
        "楼栋-单元-房号",
        re.compile(rf"(?<=[{_ENDS_PLACE}])[A-Za-z]?\d{{1,3}}[-—]\d{{1,4}}(?:[-—]\d{{1,4}})?(?!\d)"),
        0.7,
    ),
    _Rule(
        "address_floor",
        "建筑内的楼层、房号",
        re.compile(rf"(?<=[{_ENDS_PLACE}号]){_FLOOR}(?:{_ROOM})?"),
        0.7,
    ),
)
_COUNTED = re.compile(
    rf"(?:{NUMERAL}|几)(?:多)?[栋幢座层](?=(?:的|高)?(?:楼房|房子|别墅|居民|人家|业主|住户|大楼|桥|高楼"
    r"|学校|高层|民房|建筑|楼都|的人))"
)
_COUNTS = re.compile(r"[有共约近超这那每同整隔]$")
_FIRST = re.compile(rf"(?:附|第)?{_NUMBER}(?:号楼|号院|号|栋|幢|座)")
_FEW = re.compile(r"[一两几][栋幢座层]楼?$|[一两几]个?[房室]$")


def address_spans(text: str) -> Iterator[Span]:
    """Yield house numbers with all that follows them down to the room; they may overlap."""
    counted = [match.span() for match in _COUNTED.finditer(text)]
    for rule in _RULES:
        for match in rule.pattern.finditer(text):
            start, end = match.span()
            if any(low < end and start < high for low, high in counted):
                continue
            if _COUNTS.search(text[:start]) and not _is_chain(match[0]):
                continue
            if _FEW.fullmatch(match[0]):
                continue
            kept = _building_of(match[0], start)
            yield Span("address", start, end, rule.score, rule.name, rule.reason, kept)


def _building_of(said: str, start: int) -> frozenset[int]:
    """Return the places of the building where a unit or room follows it."""
    building = _FIRST.match(said)
    if building is None or building.end() == len(said):
        return frozenset()
    return frozenset(range(start, start + building.end()))


def _is_chain(said: str) -> bool:
    """Tell 「3栋2单元501」, which is nobody's count, from 「有3栋」."""
    return len(re.findall(NUMERAL, said)) > 1
