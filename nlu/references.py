"""Numbers that name a thing: orders, tickets, meters, contracts, vehicles, bus lines."""

from __future__ import annotations

import re

from nlu.digits import DIGIT_OF, digit_runs
from nlu.numerals import NUMERAL, number
from nlu.passage import Passage
from nlu.types import Field, Reference

_KINDS = {
    "工单": "工单号", "受理": "工单号", "诉求": "工单号", "订单": "订单号",
    "快递": "快递单号", "运单": "快递单号", "单": "单号", "合同": "合同号",
    "户": "户号", "水表": "表号", "电表": "表号", "燃气表": "表号", "表": "表号",
    "案": "案号", "案件": "案号", "发票": "发票号", "车架": "车架号", "自编": "车辆编号",
    "车": "车辆编号", "车辆": "车辆编号", "座位": "座位号", "航班": "航班号",
    "车次": "车次", "准考证": "准考证号", "登记": "登记号",
}  # fmt: skip
_NAMED = re.compile(
    rf"(?P<kind>{'|'.join(sorted(_KINDS, key=len, reverse=True))})"
    r"(?:的)?(?:号码|编号|单号|号)(?:是|为|就是|[:：，, ])*"
)
_LETTERS = re.compile(r"[A-Za-z]{1,4}[-\s]?")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-]{4,24}")
_BUS = re.compile(
    rf"(?:公交车?|坐|乘坐?|等)(?P<before>{NUMERAL})路|(?P<after>{NUMERAL})路(?:公交车?|车(?!站|口|道))"
)
_FEWEST_DIGITS = 4
_HIGHEST_LINE = 999


def find_references(passage: Passage) -> tuple[Field[Reference], ...]:
    """Return the numbers in order of mention, each once."""
    text = passage.text
    found: list[tuple[int, int, Reference, float]] = []
    for match in _NAMED.finditer(text):
        read = _number_at(text, match.end())
        if read is not None:
            value, end = read
            found.append((match.end(), end, Reference(_KINDS[match["kind"]], value), 0.9))
    for match in _BUS.finditer(text):
        line = number(match["before"] or match["after"])
        if line is not None and 0 < line <= _HIGHEST_LINE:
            found.append((*match.span(), Reference("公交线路", f"{line}路"), 0.85))
    unique: dict[Reference, Field[Reference]] = {}
    for start, end, reference, confidence in sorted(found, key=lambda entry: entry[0]):
        evidence = passage.evidence(start, end)
        unique.setdefault(reference, Field(reference, confidence, evidence))
    return tuple(unique.values())


def _number_at(text: str, start: int) -> tuple[str, int] | None:
    """Return the number written or spoken at a place, with letters before it, and its end."""
    code = _CODE.match(text, start)
    if code and any(c.isdigit() for c in code[0]) and not _goes_on(text, code.end()):
        return code[0].upper(), code.end()
    letters = _LETTERS.match(text, start)
    at = letters.end() if letters else start
    run = next(iter(digit_runs(text[at : at + 60], _FEWEST_DIGITS)), None)
    if run is None or run.char_start > 1:
        return None
    prefix = letters[0].strip(" -").upper() if letters else ""
    return prefix + run.digits, at + run.char_end


def _goes_on(text: str, at: int) -> bool:
    return text[at : at + 1] in DIGIT_OF
