"""The places of a city by name: found in a text as written, and as they sound.

Names are looked up in hash tables by length, so that finding takes time by the length of the
text and not by the number of names.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from nlu.errors import GazetteerError
from nlu.profile import District, Places, Street
from nlu.sounds import folded_syllables

PlaceKind = Literal[
    "city", "region_city", "district", "street", "community", "near", "road", "estate", "school",
    "site"
]  # fmt: skip
"""What a place is; `near` is one that bears a community's name: 坡博东路 beside 坡博东社区."""

_NAMESAKES = ("路", "东路", "西路", "南路", "北路", "村", "新村", "小区", "公园")
_WHOLE_STEM = 3
"""A community's name of so many characters stands for its neighbourhood by itself."""
_LANDMARK_KINDS = ("road", "estate", "school", "site")
_MIN_SOUND = 3
"""Shorter names sound like too many other words."""
_BEFORE_A_PLACE = re.compile(r"(?:^|[在到往从至与和区镇市岛路街道：:，,。、（(]|街道|位于|是)$")


@dataclass(frozen=True, slots=True)
class Place:
    """A named place and the divisions it lies in, as far as known; `code` is its own."""

    name: str
    kind: PlaceKind
    district: str | None = None
    street: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Mention:
    """`text[start:end]` names one of `places`; `repaired` when only the sound fits."""

    start: int
    end: int
    places: tuple[Place, ...]
    repaired: bool = False


class Gazetteer:
    """Finds place names; immutable after construction."""

    def __init__(self, places: Places) -> None:
        self.province, self.city, self.city_code = places.province, places.city, places.city_code
        self.districts = tuple(district.name for district in places.districts)
        self.cities = places.cities
        self._city_of = {d.name: d.city for d in places.districts if d.city}
        self._codes: dict[tuple[str, ...], str] = {}
        self._written: dict[str, list[Place]] = defaultdict(list)
        self._add(places.city, Place(places.city, "city", code=places.city_code))
        for district in places.districts:
            self._add_district(district)
        for city in places.cities:
            self._add_region_city(city)
        for row in places.landmarks:
            self._add_landmark(row)
        self._add_namesakes()
        self._heads: dict[str, tuple[int, ...]] = _lengths_by_head(self._written)
        self._sounded: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for name in self._written:
            if len(name) >= _MIN_SOUND:
                self._sounded[folded_syllables(name)].append(name)
        self._sound_heads = _lengths_by_head(self._sounded)

    def code(self, district: str | None, street: str | None, community: str | None) -> str | None:
        """Return the code of the deepest division given."""
        named = [name for name in (district, street, community) if name]
        for depth in range(len(named), 0, -1):
            code = self._codes.get(tuple(named[:depth]))
            if code:
                return code
        return None if district else self.city_code

    def city_of(self, district: str) -> str:
        """Return the city a district lies in; most hotlines answer for one only."""
        return self._city_of.get(district, self.city)

    def find(self, text: str) -> list[Mention]:
        """Return the places named in a text in order, longest first where they overlap."""
        written = list(self._matches(text))
        taken = bytearray(len(text))
        for mention in written:
            taken[mention.start : mention.end] = b"\1" * (mention.end - mention.start)
        sounded = [m for m in self._sounds(text) if not any(taken[m.start : m.end])]
        return sorted([*written, *sounded], key=lambda mention: mention.start)

    def _matches(self, text: str) -> Iterator[Mention]:
        position = 0
        while position < len(text):
            for length in self._heads.get(text[position], ()):
                name = text[position : position + length]
                if len(name) == length and name in self._written:
                    yield Mention(position, position + length, tuple(self._written[name]))
                    position += length
                    break
            else:
                position += 1

    def _sounds(self, text: str) -> Iterator[Mention]:
        syllables = folded_syllables(text)
        position = 0
        while position < len(text):
            for length in self._sound_heads.get(syllables[position], ()):
                heard = syllables[position : position + length]
                names = self._sounded.get(heard) if len(heard) == length else None
                if names and _plausible(
                    text[position : position + length], text[max(0, position - 3) : position], names
                ):
                    places = tuple(place for name in names for place in self._written[name])
                    yield Mention(position, position + length, places, repaired=True)
                    position += length
                    break
            else:
                position += 1

    def _add(self, name: str, place: Place) -> None:
        if place not in self._written[name]:
            self._written[name].append(place)

    def _add_region_city(self, city: str) -> None:
        """A city of the region stands for all the districts it has."""
        for district in (name for name, owner in self._city_of.items() if owner == city):
            place = Place(city, "region_city", district, code=self.cities[city])
            for name in (city, city.removesuffix("市")):
                self._add(name, place)

    def _add_district(self, district: District) -> None:
        self._codes[(district.name,)] = district.code
        place = Place(district.name, "district", district.name, code=district.code)
        for name in (district.name, *district.aliases):
            self._add(name, place)
        for street in district.streets:
            self._add_street(district, street)

    def _add_street(self, district: District, street: Street) -> None:
        self._codes[(district.name, street.name)] = street.code
        place = Place(street.name, "street", district.name, street.name, street.code)
        for name in (street.name, *street.aliases):
            self._add(name, place)
        for row in street.communities:
            code, _, name = row.partition(" ")
            if not code.isdigit() or not name:
                raise GazetteerError(
                    f"community {row!r} of {street.name} is not `code name`; write it so"
                )
            self._codes[(district.name, street.name, name)] = code
            community = Place(name, "community", district.name, street.name, code)
            for form in _community_forms(name):
                self._add(form, community)

    def _add_namesakes(self) -> None:
        """What bears a community's name lies near it, unless it is known by itself."""
        near: dict[str, list[Place]] = defaultdict(list)
        for places in list(self._written.values()):
            for place in places:
                stem = _stem(place.name) if place.kind == "community" else ""
                if len(stem) < 2:
                    continue
                forms = [stem + ending for ending in _NAMESAKES]
                for form in (*forms, *([stem] if len(stem) >= _WHOLE_STEM else [])):
                    if form not in self._written:
                        beside = Place(form, "near", place.district, place.street, place.code)
                        near[form] += [beside] if beside not in near[form] else []
        self._written.update(near)

    def _add_landmark(self, row: str) -> None:
        parts = row.split()
        if len(parts) not in (3, 4) or parts[1] not in _LANDMARK_KINDS:
            raise GazetteerError(
                f"landmark {row!r} is not `name kind district [street]` with a kind of "
                f"{', '.join(_LANDMARK_KINDS)}; write it so"
            )
        district = None if parts[2] == "-" else parts[2]
        if district and (district,) not in self._codes:
            raise GazetteerError(f"landmark {row!r} names a district that places.yaml lacks")
        street = parts[3] if len(parts) == 4 and parts[3] != "-" else None
        if street and (district, street) not in self._codes:
            raise GazetteerError(f"landmark {row!r} names a street that {district} lacks")
        kind: PlaceKind = parts[1]  # type: ignore[assignment]
        self._add(parts[0], Place(parts[0], kind, district, street))


def without_names(text: str, mentions: Iterable[Mention]) -> str:
    """Return a text with a comma in the place of each name."""
    parts, end = [], 0
    for mention in mentions:
        parts.append(text[end : mention.start])
        end = mention.end
    return "，".join([*parts, text[end:]])


def _stem(name: str) -> str:
    """Return a community's own name: 坡博东 of 坡博东社区居委会."""
    for office in ("居委会", "村委会"):
        name = name.removesuffix(office)
    return name.removesuffix("社区").removesuffix("村")


def _community_forms(name: str) -> Iterator[str]:
    yield name
    for office in ("居委会", "村委会"):
        if name.endswith(office):
            stem = name.removesuffix(office).removesuffix("社区").removesuffix("村")
            if len(stem) >= 2:
                yield f"{stem}社区" if office == "居委会" else f"{stem}村"


def _lengths_by_head(
    names: Iterable[str] | Iterable[tuple[str, ...]],
) -> dict[str, tuple[int, ...]]:
    lengths: dict[str, set[int]] = defaultdict(set)
    for name in names:
        lengths[name[0]].add(len(name))
    return {head: tuple(sorted(found, reverse=True)) for head, found in lengths.items()}


def _plausible(heard: str, before: str, names: Iterable[str]) -> bool:
    """Tell a misheard name from other words by what was kept of it, or by what stands before.

    Sound alone would make 永金街 of 佣金结; behind 在 or 龙华区 it may well be one.
    """
    at_a_place = _BEFORE_A_PLACE.search(before) is not None
    for name in names:
        kept = sum(a == b for a, b in zip(heard, name, strict=True))
        if len(name) > _MIN_SOUND and (kept * 3 >= len(name) or at_a_place):
            return True
        if len(name) == _MIN_SOUND and kept and (at_a_place or heard[-1] == name[-1]):
            return True
    return False
