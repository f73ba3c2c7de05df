"""What a ticket says beside the caller's own clauses: plates and numbers, and flags of facts."""

from __future__ import annotations

from collections.abc import Iterator

from nlu.types import Extraction, Facts, Field

_MANY = 10
"""From so many people on, a matter is one of a group (ours; profiles may flag other words)."""


def numbers_apart(extraction: Extraction, content: str) -> Iterator[tuple[str, Field[str]]]:
    """Yield plates and reference numbers that the content does not hold in this form already."""
    for plate in extraction.plates:
        if plate.value and plate.value not in content:
            yield "车牌号", plate
    for field in extraction.facts.references if extraction.facts else ():
        if field.value is not None and field.value.number not in content:
            value = field.value.number
            yield field.value.kind, Field(value, field.confidence, field.evidence)


def fact_flags(facts: Facts) -> Iterator[str]:
    """Yield what of the facts a person should see first."""
    affected = facts.affected.value
    if affected and affected.count and affected.count >= _MANY:
        yield f"涉及{affected.text}"
    if facts.party.value == "enterprise":
        yield "企业诉求"
    if facts.mood.value == "distressed":
        yield "来电人情绪低落，请注意安抚"
    elif facts.mood.value == "angry":
        yield "来电人情绪激动，请注意安抚"
    earlier = facts.earlier_calls
    if earlier.value:
        exact = earlier.value > 1 and earlier.confidence >= 0.8
        yield f"来电人称已反映过{earlier.value}次" if exact else "来电人称以前反映过"
