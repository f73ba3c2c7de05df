"""The language of tickets: third person, nothing of the spoken form."""

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


def third_person(text: str) -> str:
    """Return text as agents write it: 我 → 其, 我们小区 → 其小区, particles left out."""
    for pattern, replacement in _THIRD_PERSON:
        text = pattern.sub(replacement, text)
    return _PARTICLES.sub("", _DOUBLED.sub("其", text))


def without_speaker(text: str) -> str:
    """Drop a leading 「来电人表示」, which the opening words of the content already say."""
    return _SPEAKING.sub("", text)
