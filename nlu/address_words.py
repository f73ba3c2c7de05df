"""Words around a place name that belong to an address, and words that only look like one."""

from __future__ import annotations

import re

_LEAST_LENGTH = 3
_TAIL = re.compile(
    r"(?:[一二三四五六七八九十\d\-－A-Za-z]+(?:号|栋|幢|楼|层|单元|室|房|弄|期|巷|米|区|座|公里处?)|[、与和及至到往]"
    r"|(?:的)?(?:附近|旁边|旁|对面|门口|路口|交叉口|交汇处|交界处|路段|里面|内|外|处|正门|后门|东侧|西侧|南侧|北侧|方向)"
    r"|[\u4e00-\u9fff]{1,8}?(?:小区|花园|酒店|广场|大厦|公寓|超市|市场|商场|工地|公园|学校|医院|路口|村|店|站))+"
)
_ADDRESS = re.compile(
    r"[\u4e00-\u9fff\d]{1,10}?(?:大道|路|街|巷|小区|花园|公寓|大厦|广场|市场|村|学校|小学|中学|医院|公园)"
    r"(?:[一二三四五六七八九十\d\-]+(?:号|栋|楼|单元))*"
)
_LEAD = re.compile(
    r"^(?:我|其|他|是|在|于|住|家|的|这|那|有|位于|请问|关于|市民|来电|反映|到|从|去|向|往|因为)+"
)


def with_tail(text: str, end: int) -> int:
    """Return where a place that was named up to `end` really ends: 18号楼门口 belongs to it."""
    tail = _TAIL.match(text, end)
    return tail.end() if tail else end


def find_address(text: str) -> tuple[int, int] | None:
    """Return the first stretch that looks like an address, whether or not its name is known."""
    found = _ADDRESS.search(text)
    if found is None:
        return None
    lead = _LEAD.match(found[0])
    start = found.start() + (lead.end() if lead else 0)
    return (start, found.end()) if found.end() - start >= _LEAST_LENGTH else None
