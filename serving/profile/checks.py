"""What must hold between the files of a profile, beyond each file by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from models.errors import ModelsError
from nlu.errors import NluError
from serving.profile.directory import Documents, check_directory
from serving.profile.document import Document
from serving.profile.model import Profile
from serving.profile.problems import Problem
from serving.profile.sharing import Origin, Origins
from serving.profile.ticket_rules import check_ticket_rules
from ticket_draft.deadlines import Season
from ticket_draft.errors import RuleError
from ticket_draft.rules import Matter
from ticket_draft.scoring.qa import check_card
from ticket_draft.scoring.writing import check_writing_card


def cross_check(profile: Profile, documents: Documents, origins: Origins) -> Iterator[Problem]:
    """Yield every contradiction between the files of a profile."""
    yield from _check_name(profile, documents["profile"])
    yield from _check_cities(profile, documents["places"])
    yield from _check_agencies(profile, origins.agencies)
    yield from check_directory(profile, documents, origins.duties)
    yield from _check_request_types(profile, documents["tickets"])
    yield from _check_deadlines(profile, documents["taxonomy"], documents["deadlines"])
    yield from check_ticket_rules(profile, documents)
    yield from _check_qa(profile, documents["qa"])
    yield from _check_writing(profile, documents)


def check_trained_labels(profile: Profile, head: Document) -> Iterator[Problem]:
    """Yield where the profile and the weights of its extractor do not know the same labels."""
    from nlu.extractor import Extractor

    try:
        Extractor(profile.nlu)
    except (NluError, ModelsError) as error:
        yield head.problem(("extractor",), str(error))


def _check_name(profile: Profile, head: Document) -> Iterator[Problem]:
    if profile.name != profile.folder.resolve().name:
        yield head.problem(
            ("name",),
            f"`name` is {profile.name!r} but the folder is called "
            f"{profile.folder.resolve().name!r}; make them the same",
        )


def _check_cities(profile: Profile, document: Document) -> Iterator[Problem]:
    """Where a hotline answers for several cities, every district lies in one of them."""
    cities = profile.nlu.places.cities
    for index, district in enumerate(profile.nlu.places.districts):
        if district.city is None and cities:
            yield document.problem(
                ("districts", index), f"{district.name} lies in no city; give its `city`"
            )
        elif district.city is not None and district.city not in cities:
            yield document.problem(
                ("districts", index, "city"),
                f"the city {district.city!r} of {district.name} does not stand under `cities`",
            )


def _check_agencies(profile: Profile, origins: Sequence[Origin]) -> Iterator[Problem]:
    places = profile.nlu.places
    jurisdictions = {places.city, places.province, *places.cities}
    for district in places.districts:
        jurisdictions.add(district.name)
        jurisdictions.update(f"{district.name}/{street.name}" for street in district.streets)
    seen: set[str] = set()
    for agency, origin in zip(profile.nlu.agencies.agencies, origins, strict=True):
        if agency.name in seen:
            yield origin.problem(("name",), f"the agency {agency.name} stands here twice")
        seen.add(agency.name)
        if agency.jurisdiction not in jurisdictions:
            yield origin.problem(
                ("jurisdiction",),
                f"the jurisdiction {agency.jurisdiction!r} of {agency.name} is none of those in "
                "places.yaml: province, city, district, or `district/street`",
            )


def _check_request_types(profile: Profile, tickets: Document) -> Iterator[Problem]:
    ours, theirs = profile.nlu.taxonomy.request_types, profile.tickets.request_types
    for name in sorted(set(ours) - set(theirs)):
        yield tickets.problem(
            ("request_types",), f"the request type {name} of taxonomy.yaml is missing here"
        )
    for index, name in enumerate(theirs):
        if name not in ours:
            yield tickets.problem(
                ("request_types", index), f"the request type {name} is not in taxonomy.yaml"
            )


def _check_deadlines(
    profile: Profile, taxonomy: Document, deadlines: Document
) -> Iterator[Problem]:
    """Each category must have a deadline, whatever the request type, the urgency and the season."""
    for index, rule in enumerate(profile.deadlines.rules):
        for bound in ("first_day", "last_day") if rule.season else ():
            try:
                _ = date.min in Season(getattr(rule.season, bound), "12-31")
            except RuleError as error:
                yield deadlines.problem(("rules", index, "season", bound), str(error))
    all_year = [rule for rule in profile.deadlines.rules if rule.season is None]
    for path in profile.nlu.taxonomy.paths():
        for request_type in profile.nlu.taxonomy.request_types:
            for urgency in profile.tickets.urgency.levels:
                matter = Matter(request_type, urgency, path, agency=None)
                if not any(rule.applies_to.covers(matter) for rule in all_year):
                    yield taxonomy.problem(
                        ("categories", *path[:2]),
                        f"the category {' / '.join(path)} has no deadline for {request_type}, "
                        f"{urgency}; add a rule to {deadlines.path.name} that covers it",
                    )
                    return  # one rule is missing, not a thousand categories


def _check_writing(profile: Profile, documents: Documents) -> Iterator[Problem]:
    if "writing" in documents:
        try:
            check_writing_card(profile.writing)
        except RuleError as error:
            yield documents["writing"].problem(("rules",), str(error))


def _check_qa(profile: Profile, document: Document) -> Iterator[Problem]:
    try:
        check_card(profile.qa)
    except RuleError as error:
        yield document.problem(("rules",), str(error))
