"""A ticket as people wrote it, judged by the hotline's card of ticket writing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from nlu.types import CategoryPath, Facts, Field, Reference
from serving.contract import (
    FactsModel,
    FieldModel,
    TicketModel,
    WritingFindingModel,
    WritingModel,
    WrittenPlace,
)
from ticket_draft.scoring.writing import Known, WrittenTicket, score_writing
from ticket_draft.scoring.writing_card import WritingCard

T = TypeVar("T")
_NOT_HELD_AGAINST = "不与通话比较"


def writing_model(
    values: Mapping[str, Any], card: WritingCard, drafted: TicketModel | None
) -> WritingModel:
    """Judge a ticket given as plain values, as it was submitted or stands now.

    `drafted` is what the machine heard in the call; without it the ticket is judged alone.
    """
    report = score_writing(written_of(values), card, known_of(drafted) if drafted else None)
    names = {rule.id: rule.name for rule in card.rules}
    return WritingModel(
        score=report.score,
        max_score=report.max_score,
        findings=[
            WritingFindingModel(
                rule_id=finding.rule_id,
                name=names[finding.rule_id],
                passed=finding.passed,
                deduction=finding.deduction,
                evidence=[
                    WrittenPlace(
                        field=place.field,
                        quote=place.quote,
                        char_start=place.char_start,
                        char_end=place.char_end,
                    )
                    for place in finding.places
                ],
                missing=list(finding.missing),
                note=finding.note,
            )
            for finding in report.findings
        ],
    )


def written_of(values: Mapping[str, Any]) -> WrittenTicket:
    """Return a written ticket from plain values; a field of the contract counts by its value."""
    plain = {name: _plain(value) for name, value in values.items()}
    caller = {name: _plain(value) for name, value in (plain.get("caller") or {}).items()}
    place = plain.get("location")
    return WrittenTicket(
        title=plain.get("title"),
        content=plain.get("content"),
        request_type=plain.get("request_type"),
        category=tuple(plain.get("category") or ()),
        agency=plain.get("agency"),
        location=place.get("text") if isinstance(place, dict) else place,
        occurred_at=plain.get("occurred_at"),
        surname=caller.get("surname"),
        phone=caller.get("phone"),
    )


def known_of(drafted: TicketModel) -> Known:
    """Return what a draft says of its call."""
    category: Field[CategoryPath] = Field(
        tuple(drafted.category.value) if drafted.category.value else None,
        drafted.category.confidence,
        alternatives=tuple(
            (tuple(other.value), other.confidence) for other in drafted.category.alternatives
        ),
    )
    facts = drafted.facts
    if facts is None:
        return Known(category=category)
    return Known(_facts(facts), tuple(_field(plate) for plate in facts.plates), category)


def _facts(facts: FactsModel) -> Facts:
    nothing = _NOT_HELD_AGAINST
    return Facts(
        amounts=tuple(_field(amount) for amount in facts.amounts),
        affected=Field.empty(nothing),
        party=Field.empty(nothing),
        references=tuple(
            Field(Reference(number.value.kind, number.value.number), number.confidence)
            for number in facts.references
            if number.value is not None
        ),
        mood=Field.empty(nothing),
        earlier_calls=Field.empty(nothing),
        confidential=Field.empty(nothing),
    )


def _field(model: FieldModel[T]) -> Field[T]:
    return Field(model.value, model.confidence)


def _plain(value: Any) -> Any:
    if isinstance(value, dict) and "value" in value and "confidence" in value:
        return value["value"]
    return value
