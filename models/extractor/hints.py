"""Takes out of a ticket's text what its author added after the call.

Agents end a ticket with the unit they have in mind (「请……局核实处理」) and paste dated replies
below. Both give the answer away, and neither is there when a caller speaks.
"""

from __future__ import annotations

import re

_UNITS = (
    "局", "办", "委", "中心", "单位", "部门", "公司", "政府", "支队", "大队",
    "交警", "街道", "集团", "物业",
)  # fmt: skip
_PLEASE = r"[（(]?请{but}[^。！!，,；;]{{0,40}}(?:{units})[^。！!；;）)]*[。！!）)]?"
_HINT = re.compile(_PLEASE.format(but="", units="|".join(_UNITS)))
_HINT_NO_QUESTION = re.compile(_PLEASE.format(but="(?!问|教)", units="|".join(_UNITS)))
_REPLY = re.compile(r"(?:办结|回复|答复)[:：]")
_SPACE = re.compile(r"\s+")
_LEAD = re.compile(
    r"^(?:市民|网友|来电人|群众)?(?:来电|微信|公众号|网站|通过[^:：]{0,8}|12345)?"
    r"(?:反映|咨询|投诉|建议|反馈|求助|举报|要求|表示)?[:：]"
)
_TITLE = re.compile(r"^关于(?P<matter>.+?)(?:的问题|的工单|的情况)?$")


def strip_hint(text: str, *, keep_questions: bool = False) -> str:
    """Return a ticket's content without white space, pasted replies and hints at the agency.

    The published figures strip every 「请…局/办/…」, and with it questions like 「请问…怎么办」;
    `keep_questions` spares those.
    """
    hint = _HINT_NO_QUESTION if keep_questions else _HINT
    return hint.sub("", _REPLY.split(_SPACE.sub("", text), maxsplit=1)[0])


def strip_lead(text: str) -> str:
    """Return the content without the clerk's opening (「市民来电反映：」)."""
    return _LEAD.sub("", text, count=1)


def matter_of_title(title: str) -> str:
    """Return what a title is about: 「关于……的问题」 without its frame."""
    found = _TITLE.match(title.strip())
    return found["matter"] if found else title.strip()
