"""One profile of its own files and those of its base: what is shared, spelt out.

Each agency and each duty keeps its origin, so that an error can name file and line whichever
file it came from.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

from nlu.profile import Agencies, Agency, Directory, Duty, Hotwords, Places, Taxonomy
from serving.profile.document import Document, Location
from serving.profile.files import (
    AgenciesFile,
    Counterpart,
    DirectoryFile,
    HotwordsFile,
    TaxonomyFile,
)
from serving.profile.problems import Problem

_OFFICES = ("街道办事处", "街道", "自治县", "新区", "地区", "镇", "乡", "县", "区", "市")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something stands."""

    document: Document
    location: Location

    def problem(self, below: Location, message: str) -> Problem:
        """Describe a problem with what stands `below` it."""
        return self.document.problem((*self.location, *below), message)


@dataclass(frozen=True, slots=True)
class Origins:
    """The origins of a profile's agencies and duties, in their order."""

    agencies: tuple[Origin, ...]
    duties: tuple[Origin, ...]


def all_agencies(
    file: AgenciesFile, places: Places, document: Document
) -> tuple[Agencies, tuple[Origin, ...]]:
    """Spell out the units that repeat from division to division."""
    found = [
        (agency, Origin(document, ("agencies", index)))
        for index, agency in enumerate(file.agencies)
    ]
    for index, counterpart in enumerate(file.each_district):
        origin = Origin(document, ("each_district", index))
        found.extend((agency, origin) for agency in _in_districts(counterpart, places))
    for index, counterpart in enumerate(file.each_town):
        origin = Origin(document, ("each_town", index))
        found.extend((agency, origin) for agency in _in_towns(counterpart, places))
    return Agencies(tuple(a for a, _ in found)), tuple(origin for _, origin in found)


def _in_districts(counterpart: Counterpart, places: Places) -> Iterator[Agency]:
    for district in places.districts:
        if counterpart.covers(district.name):
            words = {"place": district.name, "stem": _stem(district.name)}
            yield _agency(counterpart, words, district.name, "district")


def _in_towns(counterpart: Counterpart, places: Places) -> Iterator[Agency]:
    for district in places.districts:
        for street in district.streets:
            if counterpart.covers(street.name, within=district.name):
                words = {
                    "district": district.name, "place": street.name, "stem": _stem(street.name),
                }  # fmt: skip
                yield _agency(counterpart, words, f"{district.name}/{street.name}", "town")


def _agency(
    counterpart: Counterpart, words: Mapping[str, str], jurisdiction: str, level: str
) -> Agency:
    named = counterpart.named.get(jurisdiction) or counterpart.named.get(words["place"])
    return Agency(
        name=named or _filled(counterpart.name, words),
        level=counterpart.level or level,  # type: ignore[arg-type]
        function=counterpart.function,
        jurisdiction=jurisdiction,
        aliases=tuple(_filled(alias, words) for alias in counterpart.aliases),
        also=counterpart.also,
    )


def _filled(pattern: str, words: Mapping[str, str]) -> str:
    for word, said in words.items():
        pattern = pattern.replace(f"{{{word}}}", said)
    return pattern


def _stem(name: str) -> str:
    for office in _OFFICES:
        if name.endswith(office) and len(name) > len(office) + 1:
            return name.removesuffix(office)
    return name


def whole_directory(
    file: DirectoryFile,
    document: Document,
    base: DirectoryFile | None,
    base_document: Document | None,
    agencies: Agencies,
) -> tuple[Directory, tuple[Origin, ...]]:
    """Add the base's matters to those of the file.

    Of the functions that assist with a matter of the base those remain that this hotline has.
    """
    found = [(duty, Origin(document, ("duties", n))) for n, duty in enumerate(file.duties)]
    if base is not None and base_document is not None:
        functions = {f for agency in agencies.agencies for f in agency.functions}
        own = {duty.matter for duty in file.duties} | set(file.without)
        found.extend(
            (_localised(duty, file, functions), Origin(base_document, ("duties", n)))
            for n, duty in enumerate(base.duties)
            if duty.matter not in own
        )
    return Directory(file.valid_from, tuple(d for d, _ in found)), tuple(o for _, o in found)


def _localised(duty: Duty, file: DirectoryFile, functions: Set[str]) -> Duty:
    return dataclasses.replace(
        duty,
        level=file.levels.get(duty.function or "", duty.level),
        assisting=tuple(function for function in duty.assisting if function in functions),
    )


def whole_taxonomy(file: TaxonomyFile, base: TaxonomyFile | None, directory: Directory) -> Taxonomy:
    """Add the base's categories that the directory files matters under, and its request types."""
    categories = {
        first: {second: list(thirds) for second, thirds in seconds.items()}
        for first, seconds in file.categories.items()
    }
    used = {duty.category for duty in directory.duties}
    for first, seconds in (base.categories if base else {}).items():
        for second, thirds in seconds.items():
            for third in thirds:
                if (first, second, third) in used:
                    names = categories.setdefault(first, {}).setdefault(second, [])
                    names.extend([third] if third not in names else [])
    return Taxonomy(
        request_types=file.request_types or (base.request_types if base else ()),
        categories={
            first: {second: tuple(thirds) for second, thirds in seconds.items()}
            for first, seconds in categories.items()
        },
        request_cues=file.request_cues or (base.request_cues if base else {}),
        usual_request_type=file.usual_request_type or (base.usual_request_type if base else None),
    )


def whole_hotwords(file: HotwordsFile, base: HotwordsFile | None) -> Hotwords:
    """Add the base's words behind those of the file."""
    return Hotwords(tuple(dict.fromkeys((*file.hotwords, *(base.hotwords if base else ())))))


def whole_tickets(own: Mapping[str, Any], base: Any) -> dict[str, Any]:
    """Add to the data of a tickets.yaml the keys that only the base's has.

    Flags and lines of both hold, those of the file first.
    """
    shared = base if isinstance(base, dict) else {}
    whole = {**shared, **own}
    for key in ("flags", "lines"):
        if isinstance(own.get(key, []), list):
            whole[key] = [*own.get(key, []), *shared.get(key, [])]
    del whole["extends_base"]
    return whole


def check_counterparts(file: AgenciesFile, places: Places, document: Document) -> Iterator[Problem]:
    """Yield the divisions that counterparts name and places.yaml does not have."""
    districts = {district.name for district in places.districts}
    towns = {
        name
        for district in places.districts
        for street in district.streets
        for name in (street.name, f"{district.name}/{street.name}")
    }
    for key, counterparts, known in (
        ("each_district", file.each_district, districts),
        ("each_town", file.each_town, districts | towns),
    ):
        for index, counterpart in enumerate(counterparts):
            for inner, names in (("named", counterpart.named), ("without", counterpart.without)):
                for name in sorted(set(names) - known):
                    yield document.problem(
                        (key, index, inner), f"{name!r} is no division of places.yaml"
                    )


def check_sharing(
    file: DirectoryFile, document: Document, base: DirectoryFile | None
) -> Iterator[Problem]:
    """Yield what a directory says of its base and the base does not have."""
    matters = {duty.matter for duty in base.duties} if base else set()
    functions = {duty.function for duty in base.duties} if base else set()
    for index, matter in enumerate(file.without):
        if matter not in matters:
            yield document.problem(("without", index), f"the base has no matter {matter!r}")
    for function in file.levels:
        if function not in functions:
            yield document.problem(
                ("levels", function), f"no matter of the base is for the function {function!r}"
            )
