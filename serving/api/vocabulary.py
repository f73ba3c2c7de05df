"""A hotline's words for the page: names of its rules, types, categories and agencies."""

from __future__ import annotations

from typing import Any

from serving.profile import Profile


def vocabulary_of(profile: Profile) -> dict[str, Any]:
    """Return what the page needs to name findings and to offer values for the draft's fields."""
    return {
        "title": profile.title,
        "rules": {
            rule.id: {"name": rule.name, "deduction": rule.deduction, "level": rule.level}
            for rule in profile.qa.rules
        },
        "request_types": list(profile.tickets.request_types),
        "urgencies": list(profile.tickets.urgency.levels),
        "categories": [list(path) for path in profile.nlu.taxonomy.paths()],
        "agencies": [agency.name for agency in profile.nlu.agencies.agencies],
    }
