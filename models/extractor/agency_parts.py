"""What an agency's name tells: its function and its district.

「上海市青浦区教育局」 is 教育局 of 青浦区; a town's government or a street's office is known by
that form alone, since its own name is a place.
"""

from __future__ import annotations

import re

_NAME = re.compile(
    r"^(?:中共)?(?P<city>[\u4e00-\u9fff]{2,4}市(?!场))?"
    r"(?P<district>[\u4e00-\u9fff]{1,5}?(?:新区|(?<!工业)(?<!湾)(?<!园)区|县))?(?P<unit>.+)$"
)
_TOWN = re.compile(
    r"^(?:人民政府)?[\u4e00-\u9fff]{1,6}?"
    r"(?P<form>街道办事处|街道|镇人民政府|乡人民政府|镇政府|乡政府|镇|乡)$"
)


def function_and_district(agency: str) -> tuple[str, str | None]:
    """Return what an agency does, and the district in its name."""
    found = _NAME.match(agency)
    if found is None:
        return agency, None
    unit, district = found["unit"], found["district"]
    if town := _TOWN.match(unit):
        return f"town:{town['form']}", district
    return (f"district:{unit}" if district else unit), district
