"""Labels that tickets do not carry but their texts and agencies give away.

The function of an agency (its districts' counterparts share one), and the district and street
a text speaks of. Both come from the profile's agencies.yaml and places.yaml.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from models.errors import TrainingDataError
from models.extractor.dataset import Ticket


@dataclass(frozen=True, slots=True)
class AgencyPlace:
    """What an agency does and where: `function` is its own name where it has no counterparts."""

    function: str
    district: str | None
    street: str | None


@dataclass(frozen=True, slots=True)
class WeakLabels:
    """Reads functions and places off tickets."""

    agencies: dict[str, AgencyPlace]
    districts: re.Pattern[str]
    streets: re.Pattern[str]
    street_of_form: dict[str, tuple[str, str]]

    def function(self, ticket: Ticket) -> str | None:
        """Return the function of the ticket's agency."""
        agency = self.agencies.get(ticket.agency or "")
        return agency.function if agency else None

    def district(self, ticket: Ticket) -> str | None:
        """Return the district the ticket speaks of, by label, by text, or by agency."""
        if named_by_label := ticket.labels.get("district"):
            return named_by_label
        text = f"{ticket.title} {ticket.content}"
        named = {match[0] for match in self.districts.finditer(text)}
        if len(named) == 1:
            return named.pop()
        streets = self._streets_in(text)
        if not named and len(streets) == 1:
            return streets.pop()[0]
        agency = self.agencies.get(ticket.agency or "")
        return agency.district if agency and not named else None

    def street(self, ticket: Ticket) -> str | None:
        """Return `district/street` the ticket speaks of."""
        if given := ticket.labels.get("street"):
            return given
        streets = self._streets_in(f"{ticket.title} {ticket.content}")
        if len(streets) == 1:
            return "/".join(streets.pop())
        agency = self.agencies.get(ticket.agency or "")
        if agency and agency.district and agency.street and not streets:
            return f"{agency.district}/{agency.street}"
        return None

    def without_divisions(self, text: str) -> str:
        """Return the text without the names of districts and streets."""
        return self.streets.sub("", self.districts.sub("", text))

    def _streets_in(self, text: str) -> set[tuple[str, str]]:
        return {self.street_of_form[match[0]] for match in self.streets.finditer(text)}


def read_weak_labels(folder: Path) -> WeakLabels:
    """Read a profile's agencies.yaml and places.yaml."""
    agencies = _load(folder / "agencies.yaml")["agencies"]
    districts = _load(folder / "places.yaml")["districts"]
    street_of_form = {
        form: (district["name"], street["name"])
        for district in districts
        for street in district["streets"]
        for form in (street["name"], *street.get("aliases", ()))
    }
    return WeakLabels(
        agencies=dict(_agency_places(agencies)),
        districts=_any_of([district["name"] for district in districts]),
        streets=_any_of(list(street_of_form)),
        street_of_form=street_of_form,
    )


def _agency_places(agencies: list[dict[str, Any]]) -> Iterator[tuple[str, AgencyPlace]]:
    for agency in agencies:
        if agency["level"] in ("district", "town"):
            district, _, street = str(agency["jurisdiction"]).partition("/")
            function = f"{agency['level']}:{agency['function']}"
            yield agency["name"], AgencyPlace(function, district, street or None)
        else:
            yield agency["name"], AgencyPlace(agency["name"], None, None)


def _any_of(names: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)))


def _load(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise TrainingDataError(f"{path} cannot be read ({error}); give --profiles") from error
