"""What an agent still has to ask before a ticket can be submitted."""

from __future__ import annotations

from nlu.types import Extraction
from ticket_draft.rules import CompletenessRule, Matter, RequiredField, TicketRules


def missing_fields(rules: TicketRules, extraction: Extraction, matter: Matter) -> tuple[str, ...]:
    """Return the labels of required fields that are empty, in the order of the rules."""
    labels = [
        rule.label
        for rule in rules.required
        if _applies(rule, matter) and not _filled(rule.needs, extraction)
    ]
    return tuple(dict.fromkeys(labels))


def _applies(rule: CompletenessRule, matter: Matter) -> bool:
    return rule.applies_to.covers(matter) and not (rule.unless and rule.unless.covers(matter))


def _filled(needs: RequiredField, extraction: Extraction) -> bool:
    values = {
        "demand": bool(extraction.demand),
        "request_type": extraction.request_type.value is not None,
        "location": extraction.location.value is not None,
        "occurred_at": extraction.occurred_at.value is not None,
        "surname": extraction.caller.surname.value is not None,
        "phone": extraction.caller.phone.value is not None,
        "plate": any(plate.value is not None for plate in extraction.plates),
    }
    return values[needs]
