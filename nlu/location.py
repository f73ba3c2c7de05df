"""Where it happens: the place as said, resolved to district, street and community.

Every place named is evidence for the divisions it lies in; the stretch of speech that names
most of them is the place's text. What is named elsewhere in the call counts less.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from nlu.address_words import find_address, with_tail
from nlu.elsewhere import place_elsewhere
from nlu.gazetteer import Gazetteer, Mention
from nlu.passage import Passage
from nlu.place_clusters import places_of_the_matter
from nlu.types import Field, Location

_TRUST = {
    "city": 0.25, "region_city": 0.95, "district": 0.95, "street": 0.95, "community": 0.9,
    "near": 0.8, "road": 0.85, "estate": 0.88, "school": 0.88, "site": 0.85,
}  # fmt: skip
_REPAIRED_TRUST = 0.85
_ASIDE = 0.5
_LEAST_SURE = 0.6
_LEAST_SURE_STREET = 0.25
_STRONG_HUNCH = 0.75
_HUNCH_POWER = 0.7
_HUNCH_WEIGHT = 2.0
_WEIGHT = {
    "city": 0.5, "region_city": 1.0, "district": 1.5, "street": 2.0, "community": 2.5,
    "near": 1.5, "road": 2.0, "estate": 2.5, "school": 2.0, "site": 1.8,
}  # fmt: skip
_OFFICE = re.compile(
    r"^(?:城管|交警|公安|政府|住建|环保|工商|物价|水务|教育|民政|人社|卫生|街道办来电)"
)


@dataclass(frozen=True, slots=True)
class Hunch:
    """What the trained model makes of a text's place: probabilities by name.

    `streets` are keyed `district/street`.
    """

    districts: Mapping[str, float]
    streets: Mapping[str, float]


NO_HUNCH = Hunch({}, {})


@dataclass(frozen=True, slots=True)
class Resolution:
    """The place for the ticket, and the probability of each district for dispatch.

    `cities` has those of each city, where the hotline answers for several.
    """

    field: Field[Location]
    districts: dict[str, float]
    street: str | None = None
    cities: Mapping[str, float] = dataclasses.field(default_factory=dict)


def resolve_location(
    passage: Passage,
    gazetteer: Gazetteer,
    hunch: Hunch = NO_HUNCH,
    found: Sequence[Mention] | None = None,
) -> Resolution:
    """Find the place of the matter in a passage of the citizen's words.

    The hunch counts beside the names that were said and never makes a place of nothing.
    `found` are the gazetteer's mentions, where they are known already.
    """
    if found is None:
        found = gazetteer.find(passage.text)
    mentions = [mention for mention in found if not _is_office(passage.text, mention)]
    if not mentions:
        districts = _weighed({}, hunch, gazetteer.districts)
        cities = _city_odds(districts, gazetteer)
        elsewhere = place_elsewhere(passage, gazetteer)
        if elsewhere is not None:
            return Resolution(elsewhere, districts, cities=cities)
        return Resolution(_unknown_place(passage, districts, gazetteer), districts, cities=cities)
    clusters = places_of_the_matter(passage.text, mentions)
    mentions = [mention for cluster in clusters for mention in cluster]
    cluster = max(clusters, key=_worth)
    named = _district_odds(mentions, cluster, gazetteer.districts)
    districts = _weighed(named, hunch, gazetteer.districts)
    district, sure = _best(districts, _LEAST_SURE)
    street, community = _street(mentions, district, hunch), None
    if street:
        community = _community(mentions, district, street)
    cities = _city_odds(districts, gazetteer)
    city = gazetteer.city_of(district) if district else _city(cities, gazetteer)
    start, end = cluster[0].start, with_tail(passage.text, cluster[-1].end)
    name = passage.text[start:end]
    certain = [m for m in cluster if m.places[0].kind != "city"]
    location = Location(
        text=name,
        province=gazetteer.province,
        city=city,
        district=district,
        street=street,
        community=community,
        code=gazetteer.cities.get(city or "", gazetteer.city_code)
        if district is None
        else gazetteer.code(district, street, community),
    )
    repaired = all(m.repaired for m in certain) if certain else False
    confidence = (sure if district else 0.3) * (0.8 if repaired else 1.0)
    field = Field(
        value=location,
        confidence=round(confidence, 4),
        evidence=passage.evidence(start, end),
        alternatives=_others(location, districts, gazetteer),
        reason=None if district else _question(name, certain, gazetteer),
    )
    return Resolution(field, districts, street, cities)


def _question(name: str, named: Sequence[Mention], gazetteer: Gazetteer) -> str:
    """Return what to ask where the names that were said do not settle the district."""
    possible = {place.district for mention in named for place in mention.places if place.district}
    shown = "、".join(d for d in gazetteer.districts if not possible or d in possible)
    return f"「{name}」不足以确定所在区，请问清是哪个区：{shown}"


def _is_office(text: str, mention: Mention) -> bool:
    """Tell 「龙华区城管」: a district's office is no place."""
    if mention.places[0].kind not in ("city", "region_city", "district"):
        return False
    return _OFFICE.match(text[mention.end : mention.end + 5]) is not None


def _worth(cluster: Sequence[Mention]) -> float:
    """Return how much a stretch of speech says about a place."""
    return sum({m.places[0].name: _WEIGHT[m.places[0].kind] for m in cluster}.values())


def _district_odds(
    mentions: Sequence[Mention], cluster: Sequence[Mention], districts: Sequence[str]
) -> dict[str, float]:
    """Combine the mentions as independent witnesses; returns probabilities."""
    odds = dict.fromkeys(districts, 1.0)
    seen: set[str] = set()
    for mention in mentions:
        name = mention.places[0].name
        if name in seen:
            continue
        seen.add(name)
        named = {place.district for place in mention.places if place.district}
        if not named or len(named) == len(districts):
            continue
        trust = _TRUST[mention.places[0].kind] * (_REPAIRED_TRUST if mention.repaired else 1.0)
        if mention not in cluster:
            trust = trust * _ASIDE + (1 - _ASIDE) * len(named) / len(districts)
        for district in districts:
            inside = trust / len(named)
            outside = (1 - trust) / max(len(districts) - len(named), 1)
            odds[district] *= inside if district in named else outside
    total = sum(odds.values())
    if total <= 0 or len({round(value, 12) for value in odds.values()}) == 1:
        return {}
    return {district: value / total for district, value in odds.items()}


def _weighed(named: dict[str, float], hunch: Hunch, districts: Sequence[str]) -> dict[str, float]:
    """Weigh the hunch into what was named."""
    if not hunch.districts:
        return named
    odds = {
        district: named.get(district, 1.0) * hunch.districts.get(district, 0.0) ** _HUNCH_POWER
        for district in districts
    }
    total = sum(odds.values())
    return {district: value / total for district, value in odds.items()} if total else named


def _city_odds(districts: Mapping[str, float], gazetteer: Gazetteer) -> dict[str, float]:
    """Add up the districts of each city, where the hotline answers for several."""
    odds = dict.fromkeys(gazetteer.cities, 0.0) if districts else {}
    for district, share in districts.items():
        city = gazetteer.city_of(district)
        if city in odds:
            odds[city] += share
    return odds


def _city(odds: dict[str, float], gazetteer: Gazetteer) -> str | None:
    """Return the city where no district is known; None where it may be one of several."""
    return _best(odds, _LEAST_SURE)[0] if gazetteer.cities else gazetteer.city


def _best(odds: dict[str, float], least: float) -> tuple[str | None, float]:
    if not odds:
        return None, 0.0
    best = max(odds, key=lambda name: odds[name])
    return (best, odds[best]) if odds[best] >= least else (None, odds[best])


def _street(mentions: Sequence[Mention], district: str | None, hunch: Hunch) -> str | None:
    """Return the street most mentions lie in; the hunch decides where none says."""
    if district is None:
        return None
    votes: dict[str, float] = {}
    for mention in mentions:
        for place in mention.places:
            if place.street and place.district == district:
                weight = _WEIGHT[place.kind] * (2.0 if place.kind == "street" else 1.0)
                votes[place.street] = votes.get(place.street, 0.0) + weight / len(mention.places)
    for name, share in hunch.streets.items():
        inside, _, street = name.partition("/")
        if inside == district and (street in votes or share >= _LEAST_SURE_STREET):
            votes[street] = votes.get(street, 0.0) + _HUNCH_WEIGHT * share
    return max(votes, key=lambda name: votes[name]) if votes else None


def _community(mentions: Sequence[Mention], district: str | None, street: str) -> str | None:
    for mention in mentions:
        for place in mention.places:
            if place.kind == "community" and (place.district, place.street) == (district, street):
                return place.name
    return None


def _others(
    location: Location, districts: dict[str, float], gazetteer: Gazetteer
) -> tuple[tuple[Location, float], ...]:
    ranked = sorted(districts.items(), key=lambda item: -item[1])
    return tuple(
        (
            Location(
                location.text,
                gazetteer.province,
                gazetteer.city_of(name),
                name,
                code=gazetteer.code(name, None, None),
            ),
            round(odds, 4),
        )
        for name, odds in ranked
        if name != location.district and odds >= 0.05
    )[:3]


def _unknown_place(
    passage: Passage, districts: dict[str, float], gazetteer: Gazetteer
) -> Field[Location]:
    """Return the words that look like an address, with the district if the hunch is strong."""
    span = find_address(passage.text)
    if span is None:
        return Field.empty("没有说到具体地点")
    district, sure = _best(districts, _STRONG_HUNCH)
    location = Location(text=passage.text[span[0] : span[1]])
    if district:
        location = replace(
            location,
            province=gazetteer.province,
            city=gazetteer.city_of(district),
            district=district,
            code=gazetteer.code(district, None, None),
        )
    return Field(
        value=location,
        confidence=round(sure * 0.8, 4) if district else 0.3,
        evidence=passage.evidence(*span),
        reason="地名不在地名库中，请核对所在区和街道",
    )
