"""Number plates as written and as spoken: 琼A12345, 琼诶幺二三四五."""

from __future__ import annotations

import re

from nlu.digits import DIGIT_OF
from nlu.passage import Passage
from nlu.types import Field

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_LETTERS = {"诶": "A", "比": "B", "西": "C", "滴": "D", "迪": "D", "一": "E"}
_SPOKEN = "零〇幺一二两三四五六七拐八九勾洞"
_PLATE = re.compile(
    rf"(?P<province>[{_PROVINCES}穷琼群])(?P<city>[A-Za-zＡ-Ｚ诶比西滴迪])[·•\s]?"
    rf"(?P<rest>[A-Za-z0-9{_SPOKEN}][A-Za-z0-9{_SPOKEN}\s，,]{{3,8}}[A-Za-z0-9{_SPOKEN}])"
)
_HOME = {"穷": "琼", "群": "琼"}


def find_plates(passage: Passage) -> tuple[Field[str], ...]:
    """Return the plates in order of mention, each once."""
    found: dict[str, Field[str]] = {}
    for match in _PLATE.finditer(passage.text):
        rest = "".join(DIGIT_OF.get(c, c.upper()) for c in match["rest"] if c not in " ，,\t")
        if len(rest) not in (5, 6) or not any(c.isdigit() for c in rest):
            continue
        city = _LETTERS.get(match["city"], match["city"].upper())
        province = _HOME.get(match["province"], match["province"])
        repaired = province != match["province"] or match["city"] in _LETTERS
        found.setdefault(
            f"{province}{city}{rest}",
            Field(
                value=f"{province}{city}{rest}",
                confidence=0.7 if repaired else 0.95,
                evidence=passage.evidence(match.start(), match.end()),
            ),
        )
    return tuple(found.values())
