"""Inverse text normalisation as hotline tickets write numbers.

Telephone numbers, years, dates, times of day, plates, percentages and amounts of ten and
more become Arabic digits; small counts stay as people write them (一个, 第二家, 一年). The
general Chinese grammars of text-normalisation libraries were tried and write dates,
money and lengths as no ticket does (12/25, ¥10000, 15km).
"""

from __future__ import annotations

import re
from collections.abc import Callable

_DIGITS = {c: str(i) for i, c in enumerate("零一二三四五六七八九")} | {
    "〇": "0",
    "幺": "1",
    "两": "2",
}
_UNITS = {"十": 10, "百": 100, "千": 1_000}
_LARGE_UNITS = {"万": 10_000, "亿": 100_000_000}

_D = "[零〇幺一二三四五六七八九]"
_N = "[零〇一二两三四五六七八九十百千]"
_SPELLED = re.compile(rf"(?:{_D}|\d){{3,}}(?![十百千])")
_PLATE = re.compile(
    rf"(?<=[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼])([A-Za-z])((?:{_D}|[A-Za-z\d]){{5,6}})"
)
_YEAR = re.compile(rf"({_D}{{2}}|{_D}{{4}})(?=年)")
_PERCENT = re.compile(rf"百分之((?:{_N}|\d)+(?:点(?:{_D}|\d)+)?)")
_DECIMAL = re.compile(rf"((?:{_N})+)点({_D}+)(?=[元块米度吨万亿倍%公里斤岁]|$)")
_TEN_THOUSANDS = re.compile(rf"({_N}+)万({_N}*[十百千]{_N}*)(?![万亿])")
_CLOCK = re.compile(
    r"(?<=[点时])(半|零[一二三四五六七八九]|[一二三四五六七八九十]{1,3})(?=分|左右|[，。？！]|$)"
)
_MEASURED = re.compile(
    rf"({_N}{{1,9}})(?=[月日号](?!线|楼|院)|[点时](?!候|间|常|不|儿|都|也|了|没)|分钟|公里|号|栋|幢|楼|层|室|单元|路(?!口)|座|米|平|元|块|吨|度|岁|斤|[万亿](?![零一二两三四五六七八九])|多|余|户|人|天|个|年|次|台|辆|条|张)"
)
_LONG = re.compile(rf"(?<![第几数点]){_N}{{3,9}}(?![万亿几]|{_N})")
_TEN_AND_MORE = 10
_ALWAYS = re.compile(r"[月日号点时公栋幢室座]")


def written_numbers(text: str) -> str:
    """Return the text with numbers as tickets write them; what is unclear stays as it is."""
    steps: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
        (_PLATE, lambda m: m[1].upper() + _spelled(m[2]).upper()),
        (_PERCENT, lambda m: _decimal(m[1]) + "%"),
        (_YEAR, lambda m: _spelled(m[1])),
        (_SPELLED, lambda m: _spelled(m[0])),
        (_DECIMAL, lambda m: f"{_value(m[1])}.{_spelled(m[2])}"),
        (_TEN_THOUSANDS, _ten_thousands),
        (_CLOCK, _minutes),
        (_MEASURED, _measured),
        (_LONG, _long),
    )
    for pattern, replace in steps:
        text = pattern.sub(replace, text)
    return text


def _measured(match: re.Match[str]) -> str:
    """Small counts keep their characters unless a date, a time or an address follows."""
    value = _value(match[1])
    # A bare unit counts nothing: 千万别, 百货.
    if value is None or match[1][0] in "百千":
        return match[0]
    following = match.string[match.end() : match.end() + 1]
    before = match.string[max(match.start() - 1, 0) : match.start()]
    if before in {"第", "几", "数", "好"} or (
        value < _TEN_AND_MORE and not _ALWAYS.match(following)
    ):
        return match[0]
    if before.isdigit() or (following == "点" and match[1] == "一" and not _at_minutes(match)):
        return match[0]
    return str(value)


def _at_minutes(match: re.Match[str]) -> bool:
    """Tell 一点10分 from 好一点."""
    return match.string[match.end() + 1 : match.end() + 2].isdigit()


def _ten_thousands(match: re.Match[str]) -> str:
    high, low = _value(match[1]), _value(match[2].removeprefix("零"))
    return match[0] if high is None or low is None else str(high * 10_000 + low)


def _minutes(match: re.Match[str]) -> str:
    if match[1] == "半":
        return match[1]
    return _spelled(match[1]) if match[1].startswith("零") else str(_value(match[1]))


def _long(match: re.Match[str]) -> str:
    """A number in words from 100 on, or a two-digit one spelt out (二十五), is no small count."""
    value = _value(match[0]) if any(c in _UNITS for c in match[0]) else None
    return match[0] if value is None else str(value)


def _spelled(run: str) -> str:
    return "".join(_DIGITS.get(c, c) for c in run)


def _decimal(run: str) -> str:
    whole, _, part = run.partition("点")
    value = _value(whole)
    number = whole if value is None else str(value)
    return f"{number}.{_spelled(part)}" if part else number


def _value(run: str) -> int | None:
    """Return the value of a number in words (三百零五, 一二三), None when it is not one."""
    if run.isdigit() and run.isascii():
        return int(run)
    if not any(c in _UNITS for c in run):
        return int(_spelled(run)) if all(c in _DIGITS for c in run) and len(run) != 2 else None
    total, digit, last_unit = 0, 0, 0
    for place, c in enumerate(run):
        if c in _DIGITS:
            if digit and place and run[place - 1] in _DIGITS and run[place - 1] not in "零〇":
                return None
            digit = int(_DIGITS[c])
            continue
        unit = _UNITS[c]
        if last_unit and unit >= last_unit:
            return None
        total += (digit or 1) * unit
        digit, last_unit = 0, unit
    # 三百五 is 350, 三百零五 is 305.
    if digit and last_unit > _UNITS["十"] and run[-2] in _UNITS:
        return total + digit * last_unit // 10
    return total + digit
