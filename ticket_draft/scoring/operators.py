"""What the operators of a QA card find in the turns they are given: words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from nlu.types import Evidence
from ticket_draft.errors import RuleError
from ticket_draft.phonetic import find_sound, similarity, syllables
from ticket_draft.scoring.card import (
    EntityOperator,
    KeywordsOperator,
    RegexOperator,
    RepeatOperator,
    SimilarOperator,
)
from ticket_draft.scoring.dialogue import Turn

_CLAUSE = re.compile(r"[^，。！？；：,.!?;:\s]+")
_QUESTION_END = re.compile(r"[?？]|[吗呢]$|多少|什么|哪|贵姓|怎么")
_DIGIT = re.compile(r"[0-9零〇一二三四五六七八九幺两]")
_BETWEEN_DIGITS = re.compile(r"[\s，,、\-.。]")
_HOTLINE_NUMBER = re.compile(
    r"(?<![0-9零一二三四五六七八九幺])(?:12345|[一幺]二三四五)(?![0-9零一二三四五六七八九幺])"
)
_SURNAME = re.compile(r"(?:我姓|免贵姓?|我叫|我是姓|姓)[一-鿿]")
_DIGIT_SOUNDS = frozenset(syllables("0123456789要"))
EXACT_BELOW_SYLLABLES = 4
"""Shorter keywords must sound the same: of two syllables one half would be too little."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One place where an operator found what it looks for."""

    turn_index: int
    evidence: tuple[Evidence, ...]


IndexedTurns = Sequence[tuple[int, Turn]]
"""Turns in the check range, each with its index in the call."""


def keyword_hits(operator: KeywordsOperator, turns: IndexedTurns) -> tuple[Hit, ...]:
    """Return a hit for each turn and keyword; none when too few different keywords occur."""
    hits: list[Hit] = []
    found: set[str] = set()
    for index, turn in turns:
        for keyword in operator.keywords:
            span = _keyword_span(operator, turn.text, keyword)
            if span is not None:
                found.add(keyword)
                hits.append(Hit(index, turn.evidence(*span)))
    wanted = len(operator.keywords) if operator.at_least == "all" else operator.at_least
    return tuple(hits) if len(found) >= wanted else ()


def regex_hits(operator: RegexOperator, turns: IndexedTurns) -> tuple[Hit, ...]:
    """Return a hit for each match whose clause does not match `unless`."""
    pattern = compiled(operator.pattern)
    unless = compiled(operator.unless) if operator.unless else None
    hits: list[Hit] = []
    for index, turn in turns:
        for match in pattern.finditer(turn.text):
            if unless is not None and unless.search(_clause_at(turn.text, match.start())):
                continue
            hits.append(Hit(index, turn.evidence(*match.span())))
    return tuple(hits)


def similar_hits(operator: SimilarOperator, turns: IndexedTurns) -> tuple[Hit, ...]:
    """Return a hit for each clause that sounds like one of the sentences."""
    hits: list[Hit] = []
    for index, turn in turns:
        for match in _CLAUSE.finditer(turn.text):
            if any(similarity(match[0], s) >= operator.similarity for s in operator.sentences):
                hits.append(Hit(index, turn.evidence(*match.span())))
    return tuple(hits)


def repeat_hits(operator: RepeatOperator, turns: IndexedTurns) -> tuple[Hit, ...]:
    """Return the clauses of the first group of `times` alike clauses of one speaker."""
    excludes = [compiled(pattern) for pattern in operator.excludes]
    clauses = [
        (index, turn, match)
        for index, turn in turns
        for match in _CLAUSE.finditer(turn.text)
        if len(match[0]) >= operator.min_chars
        and (not operator.questions_only or _is_question(turn.text, match))
        and not any(e.search(match[0]) for e in excludes)
    ]
    for _, turn, match in clauses:
        alike = [
            (other_index, other_turn, other)
            for other_index, other_turn, other in clauses
            if other_turn.channel == turn.channel
            and similarity(match[0], other[0]) >= operator.similarity
        ]
        if len(alike) >= operator.times:
            return tuple(Hit(i, t.evidence(*m.span())) for i, t, m in alike)
    return ()


def entity_hits(operator: EntityOperator, turns: IndexedTurns) -> tuple[Hit, ...]:
    """Return a hit for each entity: a run of digits, or a surname the speaker gives."""
    hits: list[Hit] = []
    for index, turn in turns:
        if operator.entity == "surname":
            spans = [match.span() for match in _SURNAME.finditer(turn.text)]
        else:
            spans = list(_digit_runs(turn.text, operator.min_digits))
        hits.extend(Hit(index, turn.evidence(*span)) for span in spans)
    return tuple(hits)


@lru_cache(maxsize=512)
def compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern of a profile; RuleError when it is not a regular expression."""
    try:
        return re.compile(pattern)
    except re.error as error:
        raise RuleError(f"pattern {pattern!r} is not a regular expression: {error}") from error


def _keyword_span(operator: KeywordsOperator, text: str, keyword: str) -> tuple[int, int] | None:
    exact_only = len(keyword) < EXACT_BELOW_SYLLABLES
    match = find_sound(text, keyword, 1.0 if exact_only else operator.similarity)
    if match is None or (exact_only and match.end - match.start > len(keyword)):
        return None
    clause = _clause_at(text, match.start)
    if any(compiled(pattern).search(clause) for pattern in operator.unless):
        return None
    return match.start, match.end


def _clause_at(text: str, position: int) -> str:
    for match in _CLAUSE.finditer(text):
        if match.start() <= position < match.end():
            return match[0]
    return ""


def _is_question(text: str, clause: re.Match[str]) -> bool:
    return _QUESTION_END.search(text[clause.start() : clause.end() + 1]) is not None


def _digit_runs(text: str, min_digits: int) -> Iterator[tuple[int, int]]:
    """Yield runs of digits, written or merely sounding like them (要 for 幺), most of them real.

    One other character may stand between two digits; the hotline's own number is no run.
    """
    masked = _HOTLINE_NUMBER.sub("#####", text)
    runs: list[list[int]] = [[]]
    for position in (n for n, c in enumerate(masked) if _sounds_like_digit(c)):
        if runs[-1] and len(_BETWEEN_DIGITS.sub("", masked[runs[-1][-1] + 1 : position])) > 1:
            runs.append([])
        runs[-1].append(position)
    for run in runs:
        real = [n for n in run if _DIGIT.match(masked[n])]
        if len(run) >= min_digits and len(real) * 2 > len(run):
            yield real[0], real[-1] + 1


def _sounds_like_digit(character: str) -> bool:
    return character.isalnum() and any(s in _DIGIT_SOUNDS for s in syllables(character))
