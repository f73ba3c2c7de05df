"""The score of a written ticket: what it holds, how it is worded, whether its title fits.

Hotlines train and compare their agents by the tickets they write. Each deduction points at
the place of the ticket it was taken for. The facts of the call, where it is known, tell what
the ticket leaves out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nlu.numerals import QUANTITY, quantity
from nlu.types import CategoryPath, Facts, Field
from ticket_draft.duplicates import ngrams
from ticket_draft.errors import RuleError
from ticket_draft.scoring.writing_card import (
    AvoidRule,
    CategoryRule,
    ElementRule,
    FactsRule,
    FormRule,
    LengthRule,
    TextField,
    TitleFitsRule,
    WritingCard,
    WritingRule,
)

_PASSED = "合格"
_NOT_APPLICABLE = "不涉及"
_SURE_FACT = 0.8


@dataclass(frozen=True, slots=True)
class WrittenTicket:
    """A ticket as it was written; an absent element is None."""

    title: str | None
    content: str | None
    request_type: str | None = None
    category: CategoryPath = ()
    agency: str | None = None
    location: str | None = None
    occurred_at: str | None = None
    surname: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What the call itself says: its facts, plates and category, to hold the ticket against."""

    facts: Facts | None = None
    plates: tuple[Field[str], ...] = ()
    category: Field[CategoryPath] | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """`quote` stands at `field[char_start:char_end]` of the ticket."""

    field: TextField
    char_start: int
    char_end: int
    quote: str


@dataclass(frozen=True, slots=True)
class WritingFinding:
    """One rule's verdict; `missing` are things of the call that the ticket leaves out."""

    rule_id: str
    passed: bool
    deduction: float
    note: str
    places: tuple[Place, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WritingReport:
    """The card applied to a written ticket."""

    score: float
    max_score: float
    findings: tuple[WritingFinding, ...]


def score_writing(
    ticket: WrittenTicket, card: WritingCard, known: Known | None = None
) -> WritingReport:
    """Apply a card to a ticket; RuleError when a pattern of the card is wrong."""
    known = known or Known()
    findings = tuple(_judged(rule, ticket, known) for rule in card.rules)
    score = max(card.max_score - sum(finding.deduction for finding in findings), 0.0)
    return WritingReport(round(score, 2), card.max_score, findings)


def check_writing_card(card: WritingCard) -> None:
    """Raise RuleError for a card with a wrong pattern or two rules of one id."""
    score_writing(WrittenTicket("题", "文"), card)
    ids = [rule.id for rule in card.rules]
    twice = sorted({rule_id for rule_id in ids if ids.count(rule_id) > 1})
    if twice:
        raise RuleError(f"two rules have the id {twice[0]!r}")


def _judged(rule: WritingRule, ticket: WrittenTicket, known: Known) -> WritingFinding:
    if ticket.request_type in rule.unless_types:
        return WritingFinding(rule.id, True, 0.0, _NOT_APPLICABLE)
    places: tuple[Place, ...] = ()
    missing: tuple[str, ...] = ()
    times = 1
    match rule:
        case ElementRule():
            kept = _has_element(rule, ticket)
        case AvoidRule():
            places = tuple(_places(rule.field, _text(ticket, rule.field), rule.patterns))
            kept, times = not places, len(places) if rule.per_hit else 1
        case FormRule():
            text = _text(ticket, rule.field)
            kept = any(_pattern(p).search(text.strip()) for p in rule.patterns)
            places = () if kept else _whole(rule.field, text)
        case LengthRule():
            text = _text(ticket, rule.field)
            kept = rule.shortest <= len(text) <= rule.longest
            places = () if kept else _whole(rule.field, text)
        case TitleFitsRule():
            kept = _title_fits(ticket, rule.share)
            places = () if kept else _whole("title", ticket.title or "")
        case CategoryRule():
            kept = _category_fits(ticket, known, rule)
        case FactsRule():
            missing = tuple(_left_out(ticket, known))
            kept, times = not missing, len(missing) if rule.per_hit else 1
    if kept:
        return WritingFinding(rule.id, True, 0.0, _PASSED)
    deduction = rule.deduction * times
    if isinstance(rule, AvoidRule) and rule.most is not None:
        deduction = min(deduction, rule.most)
    note = f"{rule.note}：{'、'.join(missing)}" if missing else rule.note
    return WritingFinding(rule.id, False, deduction, note, places, missing)


def _has_element(rule: ElementRule, ticket: WrittenTicket) -> bool:
    content = ticket.content or ""
    if any(_pattern(p).search(content) for p in rule.patterns):
        return True
    values = {
        "surname": ticket.surname,
        "phone": ticket.phone,
        "location": ticket.location,
        "occurred_at": ticket.occurred_at,
        "matter": content.strip(),
        "agency": ticket.agency,
        "request": None,
    }
    return bool(values[rule.element])


def _title_fits(ticket: WrittenTicket, share: float) -> bool:
    title, content = ngrams(ticket.title or ""), ngrams(ticket.content or "")
    pairs = {gram for gram in title if len(gram) == 2}
    return not pairs or len(pairs & content) / len(pairs) >= share


def _category_fits(ticket: WrittenTicket, known: Known, rule: CategoryRule) -> bool:
    expected = known.category
    if expected is None or expected.value is None or expected.confidence < rule.confidence:
        return True
    paths = [expected.value, *(path for path, _ in expected.alternatives)][: rule.among]
    return ticket.category in paths


def _left_out(ticket: WrittenTicket, known: Known) -> Iterator[str]:
    text = f"{ticket.title or ''}，{ticket.content or ''}"
    for plate in known.plates:
        if plate.value and plate.confidence >= _SURE_FACT and plate.value not in text:
            yield plate.value
    if known.facts is None:
        return
    for reference in known.facts.references:
        if reference.value is not None and reference.value.number not in text:
            yield f"{reference.value.kind}{reference.value.number}"
    read = (quantity(match[0]) for match in re.finditer(QUANTITY, text))
    written = {float(value) for value in read if value is not None}
    for amount in known.facts.amounts:
        if amount.value is None or amount.confidence < _SURE_FACT:
            continue
        if amount.value not in written:
            yield f"{amount.value:g}元"


def _places(field: TextField, text: str, patterns: Sequence[str]) -> Iterator[Place]:
    taken: set[int] = set()
    for pattern in patterns:
        for match in _pattern(pattern).finditer(text):
            if not taken & set(range(*match.span())):
                taken.update(range(*match.span()))
                yield Place(field, match.start(), match.end(), match[0])


def _whole(field: TextField, text: str) -> tuple[Place, ...]:
    return (Place(field, 0, len(text), text),) if text else ()


def _text(ticket: WrittenTicket, field: TextField) -> str:
    return (ticket.title if field == "title" else ticket.content) or ""


def _pattern(source: str) -> re.Pattern[str]:
    try:
        return re.compile(source)
    except re.error as error:
        raise RuleError(f"the pattern {source!r} is wrong: {error}") from error
