"""The language of tickets: third person, nothing of the spoken form."""

from __future__ import annotations

import re

_THIRD_PERSON = (
    (re.compile(r"(?:我们|咱们|俺们)(?=家|村|小区|单位|公司|学校|这栋|这幢|楼|厂|店|院)"), "其"),
    (re.compile(r"(?:我们|咱们|俺们)的?"), "其"),
    (re.compile(r"(?<![自忘])(?:我|俺|咱)的?(?![国市省县院])"), "其"),
    (re.compile(r"本人的?|来电人"), "其"),
    # The hotline is asked, a unit acts.
    (
        re.compile(
            r"(?<=希望)[你您]们?|(?<=要求)[你您]们?|(?<=请)[你您]们?(?!稍)|[你您]们(?=[尽赶快派来管处查解])"
        ),
        "相关部门",
    ),
    (re.compile(r"赶紧|赶快|抓紧(?!时间)"), "尽快"),
)
_HESITATION = re.compile(
    r"(?<![金余数面总差限名全高巨税定小大款份])额(?![度外头定])|[嗯呃唔]+|(?<=[，。])(?:那个|就是说|然后呢)(?=[，。])"
    r"|(?<=[\u4e00-\u9fff])那个(?=想|要|就是)"
)
_DOUBLED = re.compile(r"其(?:其)+")
_SPEAKING = re.compile(r"^(?:来电人|其|我)(?:表示|说|认为|觉得|反映|发现)(?=.)")
_PARTICLES = re.compile(r"(?:呢|啊|呀|嘛|吧|哦|哈|啦|呗|喽)(?=[，。！？；,.!?;]|$)")


def third_person(text: str) -> str:
    """Return text as agents write it: 我 → 其, 希望你们 → 希望相关部门, fillers left out."""
    text = _HESITATION.sub("", text)
    for pattern, replacement in _THIRD_PERSON:
        text = pattern.sub(replacement, text)
    return _PARTICLES.sub("", _DOUBLED.sub("其", text))


def without_speaker(text: str) -> str:
    """Drop a leading 「来电人表示」, which the opening words of the content already say."""
    return _SPEAKING.sub("", text)
