"""What must hold between the ticket rules and deadlines of a profile and the rest of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from nlu.signals import standard_rules
from serving.profile.document import Document, Location
from serving.profile.model import Profile
from serving.profile.problems import Problem
from ticket_draft.rules import GradeRule, HandlingRule, Scope, SeatRule, SignOffRule


def check_ticket_rules(profile: Profile, documents: Mapping[str, Document]) -> Iterator[Problem]:
    """Yield rules that would silently never apply, and patterns that are none."""
    yield from _check_scopes(profile, documents)
    yield from _check_patterns(profile, documents)
    yield from _check_signals(profile, documents["tickets"])


def _check_scopes(profile: Profile, documents: Mapping[str, Document]) -> Iterator[Problem]:
    """A scope that names what the profile does not have would silently never apply."""
    taxonomy = profile.nlu.taxonomy
    known = {
        "request_types": set(taxonomy.request_types),
        "urgencies": set(profile.tickets.urgency.levels),
        "categories": {name for path in taxonomy.paths() for name in path},
        "agencies": {agency.name for agency in profile.nlu.agencies.agencies},
        "grades": {rule.grade for rule in profile.tickets.grades},
    }
    for file, key, index, scope_key, scope in _scopes(profile):
        for kind, names in known.items():
            for number, name in enumerate(getattr(scope, kind)):
                if name not in names:
                    yield documents[file].problem(
                        (key, index, scope_key, kind, number),
                        f"{name!r} is none of the profile's {kind.replace('_', ' ')}",
                    )
    for index, rule in enumerate(profile.tickets.grades):
        if rule.applies_to.grades:
            yield documents["tickets"].problem(
                ("grades", index, "applies_to", "grades"),
                "a grade cannot depend on the grade; remove `grades` here",
            )


def _scopes(profile: Profile) -> Iterator[tuple[str, str, int, str, Scope]]:
    tickets = profile.tickets
    for index, limit in enumerate(profile.deadlines.rules):
        yield "deadlines", "rules", index, "applies_to", limit.applies_to
    for index, need in enumerate(tickets.required):
        yield "tickets", "required", index, "applies_to", need.applies_to
        if need.unless is not None:
            yield "tickets", "required", index, "unless", need.unless
    scoped: dict[str, Sequence[HandlingRule | SignOffRule | GradeRule | SeatRule]] = {
        "handling": tickets.handling,
        "sign_off": tickets.sign_off,
        "grades": tickets.grades,
        "seats": tickets.seats,
    }
    if tickets.review is not None:
        yield "tickets", "review", 0, "applies_to", tickets.review.applies_to
    for key, rules in scoped.items():
        for index, rule in enumerate(rules):
            yield "tickets", key, index, "applies_to", rule.applies_to


def _check_patterns(profile: Profile, documents: Mapping[str, Document]) -> Iterator[Problem]:
    for file, location, pattern in _patterns(profile):
        try:
            re.compile(pattern)
        except re.error as error:
            yield documents[file].problem(
                location, f"{pattern!r} is no regular expression: {error}"
            )


def _patterns(profile: Profile) -> Iterator[tuple[str, Location, str]]:
    """Yield every regular expression of tickets.yaml and taxonomy.yaml with where it stands."""
    tickets = profile.tickets
    lists: list[tuple[Location, tuple[str, ...]]] = [
        *((("flags", n, "patterns"), rule.patterns) for n, rule in enumerate(tickets.flags)),
        *((("seats", n, "patterns"), rule.patterns) for n, rule in enumerate(tickets.seats)),
        *((("lines", n, "patterns"), rule.patterns) for n, rule in enumerate(tickets.lines)),
        *((("lines", n, "unless"), rule.unless) for n, rule in enumerate(tickets.lines)),
    ]
    if tickets.supervision:
        lists.append((("supervision", "called_as"), tickets.supervision.called_as))
    for location, patterns in lists:
        for number, pattern in enumerate(patterns):
            yield "tickets", (*location, number), pattern
    for request_type, cues in profile.nlu.taxonomy.request_cues.items():
        for number, cue in enumerate(cues):
            yield "taxonomy", ("request_cues", request_type, number), cue


def _check_signals(profile: Profile, document: Document) -> Iterator[Problem]:
    names = {rule.name for rule in standard_rules().rules}
    for index, line in enumerate(profile.tickets.lines):
        for number, signal in enumerate(line.signals):
            if signal not in names:
                yield document.problem(
                    ("lines", index, "signals", number),
                    f"{signal!r} is no risk that is listened for; there are: "
                    + "、".join(sorted(names)),
                )
