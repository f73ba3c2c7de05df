"""Number plates as written and as spoken: 琼A12345, 琼诶幺二三四五, 琼A·D一二三四五."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nlu.digits import DIGIT_OF
from nlu.passage import Passage
from nlu.types import Field

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_LETTERS = {"诶": "A", "比": "B", "西": "C", "滴": "D", "迪": "D", "一": "E", "艾": "A", "埃": "A"}
_SPOKEN = "零〇幺一二两三四五六七拐八九勾洞"
_ENERGY = "DFdf"
_PLATE = re.compile(
    rf"(?P<province>[{_PROVINCES}穷琼群])(?P<city>[A-Za-zＡ-Ｚ诶比西滴迪艾埃])[·•.\s，,]?"
    rf"(?P<rest>[A-Za-z0-9滴迪{_SPOKEN}][A-Za-z0-9{_SPOKEN}\s，,]{{3,8}}[A-Za-z0-9{_SPOKEN}])"
)
_HOME = {"穷": "琼", "群": "琼"}
_USUAL, _NEW_ENERGY = 5, 6


@dataclass(frozen=True, slots=True)
class PlateSpan:
    """A plate at `text[start:end]`; `is_certain` unless a misheard character was put right."""

    value: str
    start: int
    end: int
    is_certain: bool


def plate_spans(text: str) -> Iterator[PlateSpan]:
    """Yield the plates of a text (GA 36: five places, six with D or F for new energy)."""
    for match in _PLATE.finditer(text):
        read = [
            (DIGIT_OF.get(c, _LETTERS.get(c, c.upper())), at)
            for at, c in enumerate(match["rest"])
            if c not in " ，,\t"
        ]
        signs = "".join(sign for sign, _ in read)
        if len(signs) > _USUAL and not (len(signs) == _NEW_ENERGY and _is_new_energy(signs)):
            signs = signs[:_USUAL]
        if len(signs) < _USUAL or not any(c.isdigit() for c in signs):
            continue
        city = _LETTERS.get(match["city"], match["city"].upper())
        province = _HOME.get(match["province"], match["province"])
        yield PlateSpan(
            value=f"{province}{city}{signs}",
            start=match.start(),
            end=match.start("rest") + read[len(signs) - 1][1] + 1,
            is_certain=province == match["province"] and match["city"] not in _LETTERS,
        )


def find_plates(passage: Passage) -> tuple[Field[str], ...]:
    """Return the plates in order of mention, each once."""
    found: dict[str, Field[str]] = {}
    for plate in plate_spans(passage.text):
        found.setdefault(
            plate.value,
            Field(
                value=plate.value,
                confidence=0.95 if plate.is_certain else 0.7,
                evidence=passage.evidence(plate.start, plate.end),
            ),
        )
    return tuple(found.values())


def _is_new_energy(signs: str) -> bool:
    return signs[0] in _ENERGY or signs[-1] in _ENERGY
