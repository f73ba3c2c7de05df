"""Conditions of a QA card: which turns they look at, and whether they hold there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ticket_draft.errors import RuleError
from ticket_draft.scoring import operators as words
from ticket_draft.scoring import timing
from ticket_draft.scoring.card import (
    CheckRange,
    Condition,
    EntityOperator,
    InterruptionOperator,
    KeywordsOperator,
    Operator,
    RegexOperator,
    RepeatOperator,
    SilenceOperator,
    SimilarOperator,
)
from ticket_draft.scoring.dialogue import Dialogue, Turn
from ticket_draft.scoring.expression import parse_expression
from ticket_draft.scoring.operators import Hit, IndexedTurns


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether a condition held, where, and the turns it looked at."""

    holds: bool
    hits: tuple[Hit, ...]
    looked_at: IndexedTurns


def evaluate_conditions(
    conditions: tuple[Condition, ...], dialogue: Dialogue
) -> Mapping[str, Outcome]:
    """Evaluate all conditions of a card; an anchor must stand before what it anchors.

    Raises RuleError for a doubled id, an unknown anchor or a malformed expression.
    """
    outcomes: dict[str, Outcome] = {}
    for condition in conditions:
        if condition.id in outcomes:
            raise RuleError(f"two conditions have the id {condition.id!r}")
        outcomes[condition.id] = _evaluate(condition, dialogue, outcomes)
    return outcomes


def turns_in_range(
    check_range: CheckRange, dialogue: Dialogue, outcomes: Mapping[str, Outcome]
) -> IndexedTurns:
    """Return the turns of a check range, each with its index in the call."""
    turns = list(enumerate(dialogue.turns))
    if check_range.anchor is not None:
        turns = _by_anchor(check_range, turns, outcomes)
    if check_range.role is not None:
        turns = [(i, t) for i, t in turns if t.channel == check_range.role]
    first = _position(check_range.first, len(turns))
    last = _position(check_range.last, len(turns))
    return turns[max(first, 0) : max(last + 1, 0)]


def _evaluate(condition: Condition, dialogue: Dialogue, outcomes: Mapping[str, Outcome]) -> Outcome:
    turns = turns_in_range(condition.check_range, dialogue, outcomes)
    by_operator = {o.id: _operator_hits(o, turns, dialogue) for o in condition.operators}
    if len(by_operator) < len(condition.operators):
        raise RuleError(f"condition {condition.id!r}: two operators have the same id")
    source = condition.expression or "&&".join(by_operator)
    expression = parse_expression(source, by_operator.keys() | set())
    holds = expression.holds({key: bool(hits) for key, hits in by_operator.items()})
    hits = tuple(hit for key in expression.positive_ids for hit in by_operator[key])
    return Outcome(holds, hits, turns)


def _operator_hits(operator: Operator, turns: IndexedTurns, dialogue: Dialogue) -> tuple[Hit, ...]:
    if isinstance(operator, KeywordsOperator):
        return words.keyword_hits(operator, turns)
    if isinstance(operator, RegexOperator):
        return words.regex_hits(operator, turns)
    if isinstance(operator, SimilarOperator):
        return words.similar_hits(operator, turns)
    if isinstance(operator, RepeatOperator):
        return words.repeat_hits(operator, turns)
    if isinstance(operator, EntityOperator):
        return words.entity_hits(operator, turns)
    if isinstance(operator, SilenceOperator):
        return timing.silence_hits(operator, turns, dialogue)
    if isinstance(operator, InterruptionOperator):
        return timing.interruption_hits(operator, turns, dialogue)
    return timing.speech_rate_hits(operator, turns)


def _by_anchor(
    check_range: CheckRange, turns: IndexedTurns, outcomes: Mapping[str, Outcome]
) -> list[tuple[int, Turn]]:
    anchor = outcomes.get(check_range.anchor or "")
    if anchor is None:
        raise RuleError(
            f"anchor {check_range.anchor!r} is not a condition standing earlier on the card"
        )
    if check_range.hit == 0:
        raise RuleError("a check range's `hit` counts from 1, or from the end with -1")
    if not anchor.hits:
        return []
    position = _position(check_range.hit, len(anchor.hits))
    if not 0 <= position < len(anchor.hits):
        return []
    at = anchor.hits[position].turn_index
    keep = {
        "before": range(at),
        "after": range(at + 1, len(turns)),
        "around": [i for i, _ in turns if i != at],
        "current": [at],
    }[check_range.side]
    return [(i, t) for i, t in turns if i in keep]


def _position(number: int, length: int) -> int:
    return number - 1 if number > 0 else length + number
