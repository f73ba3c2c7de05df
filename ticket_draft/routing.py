"""How urgent a ticket is, its grade, who handles it and who signs the reply."""

from __future__ import annotations

from nlu.types import Evidence, Extraction, Field
from ticket_draft.errors import RuleError
from ticket_draft.rules import DispatchReview, Matter, TicketRules, UrgencyRules

_BY_SIGNAL_CONFIDENCE = 0.9
_BY_DEFAULT_CONFIDENCE = 0.6
_SHOWN_TO_REVIEW = 2


def urgency_of(rules: UrgencyRules, extraction: Extraction) -> Field[str]:
    """Return the highest level that the request type or any signal asks for.

    Evidence are the words that asked for it; the machine never goes below a level once
    something asked for it. Raises RuleError for a level that `levels` does not have.
    """
    request_type = extraction.request_type
    by_type = rules.by_request_type.get(request_type.value or "", rules.default)
    claims: list[tuple[str, float, tuple[Evidence, ...]]] = [
        (by_type, request_type.confidence or _BY_DEFAULT_CONFIDENCE, request_type.evidence)
    ]
    for signal in extraction.signals:
        level = rules.by_signal.get(signal.level)
        if level is not None:
            claims.append((level, _BY_SIGNAL_CONFIDENCE, (signal.evidence,)))
    rank = {level: n for n, level in enumerate(rules.levels)}
    unknown = {level for level, _, _ in claims} - rank.keys()
    if unknown:
        raise RuleError(f"urgency levels {sorted(unknown)} are not among {list(rules.levels)}")
    highest = max(claims, key=lambda claim: rank[claim[0]])[0]
    asked = [claim for claim in claims if claim[0] == highest]
    evidence = dict.fromkeys(e for _, _, pieces in asked for e in pieces)
    return Field(highest, max(confidence for _, confidence, _ in asked), tuple(evidence))


def handling_of(rules: TicketRules, matter: Matter, *, answered: bool) -> str | None:
    """Return 直办 or 转办 by the first rule for this ticket; None when none covers it."""
    for rule in rules.handling:
        if rule.applies_to.covers(matter) and rule.answered in (None, answered):
            return rule.handling
    return None


def grade_of(rules: TicketRules, matter: Matter, *, answered: bool) -> str | None:
    """Return the grade by the first rule for this ticket; None where tickets are not graded."""
    for rule in rules.grades:
        if rule.applies_to.covers(matter) and rule.answered in (None, answered):
            return rule.grade
    return None


def review_flags(
    review: DispatchReview | None, matter: Matter, agency: Field[str]
) -> tuple[str, ...]:
    """Return what the reviewer of the dispatch proposal is to check; empty where there is none."""
    if review is None or not review.applies_to.covers(matter):
        return ()
    others = "、".join(name for name, _ in agency.alternatives[:_SHOWN_TO_REVIEW])
    proposed = f"拟主办：{agency.value}" if agency.value else "主办单位待定"
    compared = f"，其他候选：{others}" if others else ""
    return (f"派单提议由{review.reviewed_by}复核后派出（{proposed}{compared}）",)


def sign_off_of(rules: TicketRules, matter: Matter) -> str | None:
    """Return who signs the reply by the first rule for this ticket; None when none covers it."""
    return next((r.sign_off for r in rules.sign_off if r.applies_to.covers(matter)), None)
