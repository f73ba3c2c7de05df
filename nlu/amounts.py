"""Sums of money as people say them: 三万八, 两千五百元, 三块五, 2.5万元."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from nlu.numerals import QUANTITY, quantity
from nlu.passage import Passage
from nlu.types import Field

_THINGS = "地牌砖儿板玻石空田区瓷木招广巨大小路钢电屏肉布表去来走吃玩"
_SUM = re.compile(
    rf"(?<![几数上])(?P<number>{QUANTITY})(?P<about>多|来|余|几)?(?P<large>[万亿])?(?P<about2>多|来|余)?"
    rf"(?:(?P<yuan>元(?![旦宵])|圆|块钱|块(?![{_THINGS}])|人民币)"
    r"(?P<small>[一二两三四五六七八九1-9半](?=毛|角|[，。！？,.\s]|$))?(?:毛|角)?"
    r"|(?P<jiao>毛钱?|角钱?)(?![笔线落色]))"
)
_SAID_BEFORE = re.compile(
    r"(?:欠|交了?|罚款?|赔偿?|退款?|退还?|花了?|收了?|收费|付了?|扣了?|转了?|骗了?|押金|工资|费用|定金|订金|首付|价格|总价|卖|"
    r"一共|总共|合计|金额|借了?|贷款?|损失)(?:我|他|她|我们|的是|是|为|大概|约|将近|差不多|要)*$"
)
_BARE = re.compile(
    rf"(?P<number>{QUANTITY}[万千百][一二三四五六七八九1-9]?)(?![个名位户年月天斤米吨公平号次套栋辆])"
)
_ROUGH = re.compile(r"(?:大概|大约|约|将近|差不多|左右|上下)")
_RANGE = re.compile(r"[一二两三四五六七八九]{2}[十百千万]")
_SURE, _ABOUT, _NO_UNIT = 0.95, 0.8, 0.6


@dataclass(frozen=True, slots=True)
class _Sum:
    yuan: Decimal
    start: int
    end: int
    confidence: float


def find_amounts(passage: Passage) -> tuple[Field[float], ...]:
    """Return the sums in yuan in order of mention, each once."""
    found: dict[float, Field[float]] = {}
    for said in sums(passage.text):
        yuan = float(said.yuan)
        evidence = passage.evidence(said.start, said.end)
        found.setdefault(yuan, Field(yuan, said.confidence, evidence))
    return tuple(found.values())


def sums(text: str) -> Iterator[_Sum]:
    """Yield the sums of a text: with their unit, or behind a word that speaks of money."""
    end = 0
    for match in sorted([*_SUM.finditer(text), *_bare(text)], key=lambda m: m.start()):
        if match.start() < end:
            continue
        said = _with_unit(match) if match.re is _SUM else _without_unit(match)
        if said is not None:
            yield said
            end = said.end


def _bare(text: str) -> Iterator[re.Match[str]]:
    for match in _BARE.finditer(text):
        if _SAID_BEFORE.search(text[max(0, match.start() - 12) : match.start()]):
            yield match


def _with_unit(match: re.Match[str]) -> _Sum | None:
    value = quantity(match["number"] + (match["large"] or ""))
    if value is None:
        return None
    if match["jiao"]:
        value /= 10
    if match["small"]:
        value += Decimal(5 if match["small"] == "半" else int(quantity(match["small"]) or 0)) / 10
    rough = (
        _RANGE.search(match["number"])
        or match["about"]
        or match["about2"]
        or _ROUGH.search(_around(match))
    )
    return _Sum(value, match.start(), match.end(), _ABOUT if rough else _SURE)


def _without_unit(match: re.Match[str]) -> _Sum | None:
    value = quantity(match["number"])
    return None if value is None else _Sum(value, match.start(), match.end(), _NO_UNIT)


def _around(match: re.Match[str]) -> str:
    return match.string[max(0, match.start() - 4) : match.end() + 2]
