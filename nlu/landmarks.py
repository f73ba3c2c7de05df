"""Learns which roads, estates, schools and sites a city's tickets speak of.

A landmark is kept when at least three tickets name it behind a clean boundary; the divisions
named beside it, and those of the ticket, vote on where it is.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

MIN_TICKETS = 3
MIN_SHARE = 0.7
_LONGEST_NAME = 10
_SHORTEST_NAME = 3


@dataclass(frozen=True, slots=True)
class NameShape:
    """How names of places begin and end, and what is none; read from landmark_words.yaml."""

    kind_of_ending: dict[str, str]
    never_inside: re.Pattern[str]
    too_common: frozenset[str]
    boundaries: re.Pattern[str]

    def kind(self, name: str) -> str | None:
        """Return what a name's ending says it is."""
        for length in range(min(4, len(name) - 1), 0, -1):
            kind = self.kind_of_ending.get(name[-length:])
            if kind:
                return kind
        return None

    def is_name(self, name: str) -> bool:
        """Tell whether a stretch may be a name."""
        return (
            all("\u4e00" <= character <= "\u9fff" for character in name)
            and self.kind(name) is not None
            and name not in self.too_common
            and not self.never_inside.search(name)
        )


@lru_cache(maxsize=1)
def name_shape() -> NameShape:
    """Return the shape that landmark_words.yaml describes."""
    text = files("nlu").joinpath("landmark_words.yaml").read_text(encoding="utf-8")
    words = yaml.safe_load(text)
    return NameShape(
        {ending: kind for kind, endings in words["endings"].items() for ending in endings},
        re.compile(words["never_inside"]),
        frozenset(words["too_common"]),
        re.compile(words["boundaries"]),
    )


def learn_landmarks(rows: Iterable[dict[str, Any]], districts: list[dict[str, Any]]) -> list[str]:
    """Return `name kind district street` rows for the names that tickets share."""
    rows = list(rows)
    known = {d["name"] for d in districts}
    known |= {form for d in districts for s in d["streets"] for form in (s["name"], *s["aliases"])}
    texts = [row["content"] for row in rows]
    names = _frequent(texts, frozenset())
    # A second round: a name just found is a boundary for the next (海德路|金山阁小区).
    names = _frequent(texts, frozenset(names)) | names
    names = {name for name in names if not _compound(name, names | known)} - known
    votes = _votes(rows, names, districts)
    shape = name_shape()
    return [
        f"{name} {shape.kind(name)} {' '.join(_where(votes[name]))}"
        for name in sorted(names, key=lambda name: (shape.kind(name) or "", name))
    ]


def _frequent(texts: Sequence[str], found: frozenset[str]) -> set[str]:
    tickets: Counter[str] = Counter()
    for text in texts:
        tickets.update(set(candidate_names(text, found)))
    names = {name for name, count in tickets.items() if count >= MIN_TICKETS}
    return {name for name in names if not _fragment(name, tickets)}


def candidate_names(text: str, found: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield every stretch that begins behind a boundary or a found name and ends like a place."""
    shape = name_shape()
    for start in range(len(text)):
        if not _begins(text, start, shape, found):
            continue
        for end in range(start + _SHORTEST_NAME, min(start + _LONGEST_NAME, len(text)) + 1):
            if shape.is_name(text[start:end]):
                yield text[start:end]


def _begins(text: str, start: int, shape: NameShape, found: frozenset[str]) -> bool:
    if start == 0 or any(shape.boundaries.fullmatch(text[start - n : start]) for n in (1, 2, 3)):
        return True
    return any(text[start - n : start] in found for n in range(_SHORTEST_NAME, 6) if n <= start)


def _fragment(name: str, tickets: Counter[str]) -> bool:
    """Tell a fragment: nearly every ticket that has it has one longer name around it."""
    return any(
        other != name and other.startswith(name) and tickets[other] >= 0.9 * tickets[name]
        for other in tickets
        if other.startswith(name)
    )


def _compound(name: str, names: set[str]) -> bool:
    """Tell two names in a row (玉沙路京华城): both stand in the list by themselves."""
    return any(
        name[:cut] in names and (name[cut:] in names or len(name) - cut <= 2)
        for cut in range(2, len(name))
    )


def _votes(
    rows: Iterable[dict[str, Any]], names: set[str], districts: list[dict[str, Any]]
) -> dict[str, tuple[Counter[str], Counter[str]]]:
    form_street = {
        form: (district["name"], street["name"])
        for district in districts
        for street in district["streets"]
        for form in (street["name"], *street["aliases"])
    }
    district_names = [district["name"] for district in districts]
    votes: dict[str, tuple[Counter[str], Counter[str]]] = defaultdict(
        lambda: (Counter(), Counter())
    )
    lengths = sorted({len(name) for name in names})
    for row in rows:
        text = row["content"]
        in_text = [d for d in district_names if d in text]
        streets = {form_street[form] for form in form_street if form in text}
        for name, start in _occurrences(text, names, lengths):
            by_district, by_street = votes[name]
            before = text[max(0, start - 12) : start]
            for district in district_names:
                by_district[district] += 4 * (district in before)
            if len(in_text) == 1:
                by_district[in_text[0]] += 1
            if row.get("district"):
                by_district[row["district"]] += 1
                by_street[f"{row['district']}/{row['street']}"] += 1
            for district in district_names:
                by_district[district] += district in row.get("agency", "")
            for district, street in streets if len(streets) == 1 else ():
                by_street[f"{district}/{street}"] += 2
            stem = next((s for f, s in form_street.items() if f in row.get("agency", "")), None)
            if stem:
                by_street["/".join(stem)] += 2
    return votes


def _occurrences(text: str, names: set[str], lengths: list[int]) -> Iterator[tuple[str, int]]:
    seen = set()
    for start in range(len(text)):
        for length in lengths:
            name = text[start : start + length]
            if name in names and name not in seen:
                seen.add(name)
                yield name, start


def _where(votes: tuple[Counter[str], Counter[str]]) -> tuple[str, str]:
    by_district, by_street = votes
    district = _majority(by_district, 3, MIN_SHARE)
    street = _majority(by_street, 3, MIN_SHARE)
    if street is None or street.partition("/")[0] != district:
        return district or "-", "-"
    return str(district), street.partition("/")[2]


def _majority(votes: Counter[str], least: int, share: float) -> str | None:
    total = sum(votes.values())
    if not total:
        return None
    best, count = votes.most_common(1)[0]
    return best if count >= least and count >= share * total else None
