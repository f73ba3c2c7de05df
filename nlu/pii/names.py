"""People's names: introduced by what stands around them (我叫…, …先生), or read by a tagger."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files

import yaml

from models.names.tagger import load_tagger
from nlu.pii.types import Span
from nlu.surname import COMPOUND_SURNAMES, SPELLED_SURNAMES, SURNAMES

_HAN = r"[\u4e00-\u9fff]"
_SURNAME = rf"(?:{'|'.join(COMPOUND_SURNAMES)}|[{''.join(SURNAMES)}])"
_GIVEN = rf"(?!先生|女士|小姐|同志|老师|师傅|经理){_HAN}{{1,2}}"
_STOP = r"(?=[，。、；：！？,.;:!?\s（）()]|$|的|电话|手机|身份|先生|女士|小姐|同志)"

_WORDS: dict[str, list[str]] = yaml.safe_load(
    files("nlu.pii").joinpath("names.yaml").read_text(encoding="utf-8")
)


def _any_of(name: str) -> str:
    return f"(?:{'|'.join(_WORDS[name])})"


_INTRODUCED = re.compile(rf"{_any_of('introduced_by')}[，, ]?(?P<name>{_SURNAME}{_GIVEN}){_STOP}")
_TITLED = re.compile(rf"(?P<name>{_SURNAME}{_HAN}{{0,2}}?){_any_of('titles')}")
_BY_ROLE = re.compile(
    rf"{_any_of('roles')}(?P<name>{_SURNAME}{_GIVEN})(?=[，。、；！？,.!?\s（]|$|{_any_of('goes_on')})"
)
_SAID_SURNAME = re.compile(
    r"(?:免贵姓|(?<!贵)(?<!百)姓)(?:是|呃|嗯)?[，, ]?"
    rf"(?P<name>{_SURNAME})(?=[，。,.！!、\s]|$|的|先|女|叫|名|电|我|手|联)"
)
_SPELLED = re.compile(rf"(?P<name>(?:{'|'.join(SPELLED_SURNAMES)})(?:的)?{_HAN}?)(?=[，。,.\s]|$)")
_LETTERS = re.compile(r"[^\u4e00-\u9fff·]")
_NOT_IN_NAMES = re.compile(r"[路街桥镇村区店晨厅局的了是]")
_PLACE_FOLLOWS = re.compile(_any_of("place_follows"))
_NO_NAMES = frozenset(_WORDS["not_names"])
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
        and not _NOT_IN_NAMES.search(name)
        and name not in _NO_NAMES
        and not _PLACE_FOLLOWS.match(text[end:])
    )


def _named(text: str, start: int, end: int, score: float, rule: str, reason: str) -> Span:
    name = text[start:end]
    kept = 2 if name[:2] in COMPOUND_SURNAMES and len(name) > 2 else 1
    if rule == "name_spelled":
        kept = len(name)
    return Span("name", start, end, score, rule, reason, frozenset(range(start, start + kept)))
