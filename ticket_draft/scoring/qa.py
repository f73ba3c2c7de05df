"""The QA report of a call: each rule of the card, with the words that prove its verdict."""

from __future__ import annotations

from collections.abc import Mapping

from asr.types import Transcript
from nlu.types import Evidence
from ticket_draft.errors import RuleError
from ticket_draft.scoring.card import CallKind, QACard, Rule
from ticket_draft.scoring.conditions import Outcome, evaluate_conditions
from ticket_draft.scoring.dialogue import dialogue_of
from ticket_draft.scoring.expression import Expression, parse_expression
from ticket_draft.types import Finding, QAReport

_NOT_APPLICABLE = "不涉及"
_PASSED = "合格"
_NO_SPEECH = "录音中没有可评的通话"


def score_qa(transcript: Transcript, card: QACard, *, kind: CallKind = "ticket") -> QAReport:
    """Apply a card to a call.

    A call without an agent's or a citizen's words is not scored: every rule passes as not
    applicable, and the note says so, since nothing was heard that could break one.

    Raises RuleError when the card is wrong.
    """
    dialogue = dialogue_of(transcript)
    rules = [rule for rule in card.rules if kind in rule.kinds]
    outcomes = evaluate_conditions(card.conditions, dialogue)
    if len({turn.channel for turn in dialogue.turns}) < 2:
        silent = tuple(Finding(r.id, True, 0.0, (), _NO_SPEECH) for r in rules)
        return QAReport(card.max_score, card.max_score, silent)
    findings: dict[str, Finding] = {}
    for rule in rules:
        if rule.id in findings:
            raise RuleError(f"two rules have the id {rule.id!r}")
        findings[rule.id] = _judge(rule, outcomes, findings)
    score = max(card.max_score - sum(f.deduction for f in findings.values()), 0.0)
    return QAReport(score, card.max_score, tuple(findings.values()))


def check_card(card: QACard) -> None:
    """Evaluate every part of a card on an empty call; RuleError says what is wrong with it."""
    evaluate_conditions(card.conditions, dialogue_of(Transcript((), 0)))
    known = {c.id for c in card.conditions}
    earlier: set[str] = set()
    for rule in card.rules:
        for source in filter(None, (rule.fault_when, rule.applies_when)):
            parse_expression(source, known)
        unknown = (set(rule.unless_failed) - earlier) | (set(rule.evidence_from) - known)
        if unknown:
            raise RuleError(f"rule {rule.id!r} names {sorted(unknown)}, not found before it")
        if rule.id in earlier:
            raise RuleError(f"two rules have the id {rule.id!r}")
        earlier.add(rule.id)


def _judge(rule: Rule, outcomes: Mapping[str, Outcome], earlier: Mapping[str, Finding]) -> Finding:
    known = set(outcomes)
    values = {key: outcome.holds for key, outcome in outcomes.items()}
    covered = any(key in earlier and not earlier[key].passed for key in rule.unless_failed)
    applies = rule.applies_when is None or parse_expression(rule.applies_when, known).holds(values)
    if covered or not applies:
        return Finding(rule.id, True, 0.0, (), _NOT_APPLICABLE)
    fault = parse_expression(rule.fault_when, known)
    if not fault.holds(values):
        return Finding(rule.id, True, 0.0, (), _PASSED)
    evidence = _evidence(rule, fault, outcomes)
    times = max(_hit_count(fault, outcomes), 1) if rule.per_hit else 1
    return Finding(rule.id, False, rule.deduction * times, evidence, rule.fault_note)


def _evidence(
    rule: Rule, fault: Expression, outcomes: Mapping[str, Outcome]
) -> tuple[Evidence, ...]:
    """Where the fault was heard; for something that was not said, where it should have been."""
    sources = rule.evidence_from or fault.positive_ids
    heard = [
        e for key in sources if outcomes[key].holds for h in outcomes[key].hits for e in h.evidence
    ]
    if heard:
        return tuple(dict.fromkeys(heard))
    for key in (*rule.evidence_from, *fault.ids):
        turns = outcomes[key].looked_at
        if turns:
            ends = (turns[0][1].whole()[:1], turns[-1][1].whole()[-1:])
            return tuple(dict.fromkeys(e for end in ends for e in end))
    return ()


def _hit_count(fault: Expression, outcomes: Mapping[str, Outcome]) -> int:
    return sum(len(outcomes[key].hits) for key in fault.positive_ids if outcomes[key].holds)
