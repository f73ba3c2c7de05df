"""The language of tickets: third person, Arabic digits, nothing of the spoken form."""

from __future__ import annotations

import re

_THIRD_PERSON = (
    (re.compile(r"(?:我们|咱们|俺们)(?=家|村|小区|单位|公司|学校|这栋|这幢|楼|厂|店|院)"), "其"),
    (re.compile(r"(?:我们|咱们|俺们)的?"), "其"),
    (re.compile(r"(?<![自忘])(?:我|俺|咱)的?(?![国市省县院])"), "其"),
    (re.compile(r"本人的?|来电人"), "其"),
)
_DOUBLED = re.compile(r"其(?:其)+")
_SPEAKING = re.compile(r"^(?:来电人|其|我)(?:表示|说|认为|觉得|反映|发现)(?=.)")
_PARTICLES = re.compile(r"(?:呢|啊|呀|嘛|吧|哦|哈|啦|呗|喽)(?=[，。！？；,.!?;]|$)")
_SPOKEN_DIGITS = re.compile(r"[零〇一二三四五六七八九幺]{3,}")
_DIGIT_OF = str.maketrans("零〇一二三四五六七八九幺", "001234567891")
_NUMBER_WITH_UNIT = re.compile(
    r"(?<![一二三四五六七八九十百千万第])([一二两三四五六七八九]?十?[一二三四五六七八九]?)"
    r"(?=号楼|号院|号|栋|幢|单元|楼|层|室|米|公里|元|块钱|岁|天|个月|月|点|分钟|小时|路公交|年)"
)
_UNITS = {c: n for n, c in enumerate("一二三四五六七八九", start=1)} | {"两": 2}


def third_person(text: str) -> str:
    """Return text as agents write it: 我 → 其, 我们小区 → 其小区, particles left out."""
    for pattern, replacement in _THIRD_PERSON:
        text = pattern.sub(replacement, text)
    return _PARTICLES.sub("", _DOUBLED.sub("其", text))


def without_speaker(text: str) -> str:
    """Drop a leading 「来电人表示」, which the opening words of the content already say."""
    return _SPEAKING.sub("", text)


def arabic_digits(text: str) -> str:
    """Write spelt-out numbers in digits: house and floor numbers, amounts, telephone numbers.

    Recognised speech comes with digits already; transcripts typed by people may not.
    """
    text = _SPOKEN_DIGITS.sub(lambda m: m[0].translate(_DIGIT_OF), text)
    return _NUMBER_WITH_UNIT.sub(_as_digits, text)


def _as_digits(match: re.Match[str]) -> str:
    spelt = match[1]
    if not spelt:
        return spelt
    if "十" not in spelt:
        # 「一二」 without a ten is no number of this form; 「二楼」 is.
        return str(_UNITS[spelt]) if len(spelt) == 1 else spelt
    tens, _, ones = spelt.partition("十")
    return str(10 * _UNITS.get(tens, 1) + _UNITS.get(ones, 0))
