"""Chinese words of the screens for the values of the contract."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from serving.clock import CHINA_TIME
from serving.store.tables import CallState

STATES = {
    "live": "通话中",
    "queued": "排队中",
    "processing": "处理中",
    "done": "已完成",
    "failed": "失败",
}
SOURCES = {"upload": "录音", "live": "来电", "demo": "演示", "batch": "批量"}
KINDS = {"ticket": "受理", "callback": "回访"}
FILTERS: list[tuple[str, str, tuple[CallState, ...]]] = [
    ("", "全部", ()),
    ("live", "通话中", ("live",)),
    ("open", "处理中", ("queued", "processing")),
    ("done", "已完成", ("done",)),
    ("failed", "失败", ("failed",)),
]
"""Tabs of the list: name in the address, label, states."""

Editor = Literal["line", "text", "choice", "suggest", "path", "place", "moment", "phone"]


@dataclass(frozen=True, slots=True)
class DraftField:
    """A row of the draft: its name in the contract, its label, and how a person edits it."""

    name: str
    label: str
    editor: Editor
    is_wide: bool = False


DRAFT_FIELDS = [
    DraftField("title", "标题", "line", is_wide=True),
    DraftField("request_type", "诉求类型", "choice"),
    DraftField("urgency", "紧急程度", "choice"),
    DraftField("category", "事项分类", "path", is_wide=True),
    DraftField("agency", "承办单位", "suggest", is_wide=True),
    DraftField("location", "事发地点", "place", is_wide=True),
    DraftField("occurred_at", "发生时间", "moment"),
    DraftField("caller.surname", "来电人", "line"),
    DraftField("caller.phone", "联系电话", "phone"),
    DraftField("summary", "摘要", "text", is_wide=True),
    DraftField("content", "诉求内容", "text", is_wide=True),
]
CALLBACK_FIELDS = {
    "contacted": ("承办单位是否联系", {"yes": "已联系", "no": "未联系", "unknown": "未表态"}),
    "resolved": (
        "问题是否解决",
        {"yes": "已解决", "partly": "部分解决", "no": "未解决", "unknown": "未表态"},
    ),
    "satisfaction": (
        "对办理结果",
        {
            "satisfied": "满意",
            "neutral": "一般",
            "dissatisfied": "不满意",
            "refused": "拒绝评价",
            "unknown": "未表态",
        },
    ),
}


def clock(milliseconds: int | None) -> str:
    """Return a length as minutes and seconds."""
    if milliseconds is None:
        return "–"
    seconds = round(milliseconds / 1000)
    if seconds >= 3600:
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{seconds // 60}:{seconds % 60:02}"


def day_and_time(moment: datetime) -> str:
    """Return a moment in China time, to the minute."""
    return f"{moment.astimezone(CHINA_TIME):%Y-%m-%d %H:%M}"
