"""Places beyond the hotline's own divisions: callers from, and matters in, the whole country."""

from __future__ import annotations

from collections.abc import Sequence

from nlu.address_words import with_tail
from nlu.gazetteer import Gazetteer
from nlu.national import LEVELS, NationalDivisions, ResolvedDivision, national_divisions
from nlu.passage import Passage
from nlu.types import Field, Location

_COUNTY, _TOWN = 6, 9
_SURE, _REPAIRED = 0.85, 0.7
_LEAST_NAME = 3
_SHOWN_RIVALS = 4
_TOWN_ENDINGS = ("镇", "乡", "街道", "街道办事处", "苏木")


def place_elsewhere(passage: Passage, gazetteer: Gazetteer) -> Field[Location] | None:
    """Return the place of a text that names none of the hotline's own; None where it is unclear.

    A county's name that several cities have is asked for: no value, with the alternatives.
    """
    divisions = national_divisions()
    found = divisions.resolve(passage.text)
    if found is None or found.code.startswith(gazetteer.city_code):
        return None
    start, end = found.mentions[0].start, found.mentions[-1].end
    said = passage.text[start:end]
    if not _is_clear(found, [passage.text[m.start : m.end] for m in found.mentions]):
        return None
    end = with_tail(passage.text, end)
    text = passage.text[start:end]
    if found.rivals:
        return _ask(said, text, found, divisions)
    repaired = any(mention.repaired for mention in found.mentions)
    return Field(
        _location(text, found.code, divisions),
        _REPAIRED if repaired else _SURE,
        passage.evidence(start, end),
        reason=f"听到「{said}」，按读音更正，请核对" if repaired else None,
    )


def _is_clear(found: ResolvedDivision, said: Sequence[str]) -> bool:
    """Tell a place from everyday words that happen to be some division's name (郊区, 开发区)."""
    if len(found.mentions) > 1:
        return True
    if len(found.code) == _COUNTY:
        return len(said[0]) >= _LEAST_NAME
    return len(found.code) >= _TOWN and not found.rivals and said[0].endswith(_TOWN_ENDINGS)


def _ask(
    said: str, text: str, found: ResolvedDivision, divisions: NationalDivisions
) -> Field[Location]:
    codes = (found.code, *found.rivals)[:_SHOWN_RIVALS]
    shown = "、".join("".join(divisions.names(code)) for code in codes)
    share = round(1 / (1 + len(found.rivals)), 4)
    return Field(
        None,
        alternatives=tuple((_location(text, code, divisions), share) for code in codes),
        reason=f"「{said}」不止一处，请问清是哪里：{shown}",
    )


def _location(text: str, code: str, divisions: NationalDivisions) -> Location:
    """Return a division with those it lies in, each at its level."""
    names = [divisions.name(code[:digits]) if digits <= len(code) else None for digits in LEVELS]
    province, city, district, street, community = names
    return Location(text, province, city, district, street, community, code)
