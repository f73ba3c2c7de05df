"""How much the dispatch directory speaks for each agency, given a text and its place."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from nlu.directory import DispatchDirectory, DutyMatch
from nlu.directory_search import DirectorySearch
from nlu.location import Resolution
from nlu.profile import Agency, NluProfile

GENERAL_FUNCTION = "综合"
"""The function of a district's unit that takes what no other unit of it does."""

_ALIKE = 0.2
"""What a point of likeness counts beside a point of words that were said."""
_CANDIDATES = 8
_SPREAD = 2.0
"""So many points of strength make a matter e times as likely."""
_ASSISTING = 0.3
_BEHIND_OWNER = 0.9
_NAMED = 0.7
_GENERAL = 0.2
_PLACE_FLOOR = 0.02
_LEAST_ALIKE = 1.0
_SURE_STRENGTH = 2.0
"""Below this strength of the best matter, Haikou's training tickets find shares too sure."""
_MOST_SURE = 0.9


@dataclass(frozen=True, slots=True)
class DirectoryEvidence:
    """What the directory says: shares by agency, and the matters they come from, best first."""

    shares: Mapping[str, float]
    matches: tuple[DutyMatch, ...]

    def probabilities(self) -> dict[str, float]:
        """Return each agency's probability, where there is nothing but the directory.

        The rest to 1 is what the directory does not know; empty where it knows next to nothing.
        """
        total = sum(self.shares.values())
        strength = self.matches[0].strength if self.matches else _SURE_STRENGTH
        if not total or strength < _LEAST_ALIKE:
            return {}
        sure = _MOST_SURE * min(1.0, strength / _SURE_STRENGTH)
        return {name: sure * share / total for name, share in self.shares.items()}


class DirectoryReader:
    """Reads texts by the directory of one hotline; immutable after construction."""

    def __init__(self, profile: NluProfile, directory: DispatchDirectory) -> None:
        self._directory = directory
        self._duties = profile.directory.duties
        self._search = DirectorySearch(self._duties)
        self._number = {id(duty): number for number, duty in enumerate(self._duties)}
        self._general = tuple(
            agency
            for agency in profile.agencies.agencies
            if agency.level == "district" and GENERAL_FUNCTION in agency.functions
        )

    def read(self, text: str, place: Resolution) -> DirectoryEvidence:
        """Return what the directory alone makes of a text: by its words and by likeness.

        This is how a hotline without any training data dispatches; the shares do not sum to 1.
        """
        matches = self._ranked(text)
        shares: dict[str, float] = defaultdict(float)
        for match, likely in zip(matches, _softmax(matches), strict=True):
            for name, share in self._owner_shares(match, place):
                shares[name] += likely * share
        for agency in self._directory.named(text):
            shares[agency.name] += _NAMED
        if place.districts and shares:
            for name, fit in _by_fit(self._general, place):
                shares[name] += _GENERAL * fit
        return DirectoryEvidence(shares, tuple(matches))

    def _ranked(self, text: str) -> list[DutyMatch]:
        """Return the likeliest matters: by the words said, and by likeness where none was."""
        said = {self._number[id(m.duty)]: m for m in self._directory.matches(text)}
        alike = self._search.scores(text)
        found = []
        for number in sorted(alike.keys() | said.keys()):
            duty, match = self._duties[number], said.get(number)
            if match is None and any(word in text for word in duty.exclusions):
                continue
            strength = _ALIKE * alike.get(number, 0.0) + (match.strength if match else 0.0)
            found.append(DutyMatch(duty, match.words if match else (), strength))
        return sorted(found, key=lambda match: -match.strength)[:_CANDIDATES]

    def _owner_shares(self, match: DutyMatch, place: Resolution) -> Iterable[tuple[str, float]]:
        owners = list(self._directory.owners(match.duty))
        if len(owners) > 1 and not place.districts:
            # Nobody said where: the city's unit knows its counterparts.
            of_city = self._directory.city_counterparts(match.duty)
            owners = of_city if len(of_city) == 1 else owners
        owned = list(_by_fit(owners, place))
        yield from owned
        # Nor does a unit that assists come first because it has no counterparts to share with.
        most = 1.0 if place.districts else max((share for _, share in owned), default=1.0)
        for name, fit in _by_fit(list(self._directory.assisting(match.duty)), place):
            yield name, min(_ASSISTING * fit, _BEHIND_OWNER * most)


def place_fit(agency: Agency, place: Resolution) -> float:
    """Return how well an agency's jurisdiction fits the place: 1 where nothing speaks against."""
    if agency.jurisdiction in place.cities:
        return max(place.cities[agency.jurisdiction], _PLACE_FLOOR)
    district, _, town = agency.jurisdiction.partition("/")
    if district not in place.districts:
        return 1.0
    fit = max(place.districts[district], _PLACE_FLOOR)
    if town and place.street:
        fit *= 4.0 if town == place.street else 0.3
    return fit


def _by_fit(agencies: Sequence[Agency], place: Resolution) -> Iterable[tuple[str, float]]:
    """Share a matter between counterparts by how well the place fits each."""
    fits = [place_fit(agency, place) for agency in agencies]
    total = sum(fits) if len(agencies) > 1 else 1.0
    for agency, fit in zip(agencies, fits, strict=True):
        yield agency.name, fit / total if total else 0.0


def _softmax(matches: Sequence[DutyMatch]) -> list[float]:
    if not matches:
        return []
    odds = [math.exp((match.strength - matches[0].strength) / _SPREAD) for match in matches]
    total = sum(odds)
    return [value / total for value in odds]
