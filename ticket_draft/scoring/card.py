"""The QA card: rules over conditions over operators, as a profile's `qa.yaml` has them.

The three levels follow what conversation-analysis products offer their users; each level
combines the one below by a boolean expression over ids (`scoring.expression`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Discriminator

from asr.types import Channel
from ticket_draft.rules import FORBID_UNKNOWN_KEYS

CallKind = Literal["ticket", "callback"]
Level = Literal["severe", "moderate", "minor"]


@dataclass(frozen=True, slots=True)
class CheckRange:
    """Which turns a condition looks at.

    Turns of `role` (both when absent), then those before, after or around a hit of the
    condition `anchor` (`hit` 1 = first, -1 = last), then number `first` to `last` of what
    is left, counted from 1 or, negative, from the end.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_UNKNOWN_KEYS

    role: Channel | None = None
    anchor: str | None = None
    side: Literal["before", "after", "around", "current"] = "after"
    hit: int = 1
    first: int = 1
    last: int = -1


@dataclass(frozen=True, slots=True)
class KeywordsOperator:
    """Hits where a turn has a keyword, or sounds as if (`similarity` 1.0 = same sound).

    `at_least` so many different keywords in the range; `all` = every one. A keyword of
    fewer than four syllables must sound the same. `unless` are patterns of a clause in
    which a keyword does not count.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_UNKNOWN_KEYS

    type: Literal["keywords"]
    id: str
    keywords: tuple[str, ...]
    at_least: int | Literal["all"] = 1
    similarity: float = 0.8
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RegexOperator:
    """Hits where `pattern` matches in a clause in which `unless` does not."""

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_UNKNOWN_KEYS

    type: Literal["regex"]
    id: str
    pattern: str
    unless: str | None = None


@dataclass(frozen=True, slots=True)
class SimilarOperator:
    """Hits where a clause sounds like one of the sentences as a whole."""

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_UNKNOWN_KEYS

    type: Literal["similar"]
    id: str
    sentences: tuple[str, ...]
    similarity: float = 0.75


@dataclass(frozen=True, slots=True)
class RepeatOperator:
    """Hits where one speaker says nearly the same clause at least `times` times."""

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_UNKNOWN_KEYS

    type: Literal["repeat"]
    id: str
    times: int = 3
    similarity: float = 0.85
    min_chars: int = 4
    questions_only: bool = False
    excludes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SilenceOperator:
    """Hits where nobody speaks for longer than `longer_than_ms` within the call."""

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_UNKNOWN_KEYS

    type: Literal["silence"]
    id: str
    longer_than_ms: int


@dataclass(frozen=True, slots=True)
class SpeechRateOperator:
    """Hits turns of at least `min_chars` characters spoken faster than the rate."""

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_UNKNOWN_KEYS

    type: Literal["speech_rate"]
    id: str
    chars_per_minute: int
    min_chars: int = 20


@dataclass(frozen=True, slots=True)
class InterruptionOperator:
    """Hits where the role starts to speak while the other is speaking.

    They overlap for at least `overlap_ms` and the words have at least `min_chars`
    characters besides back-channels (嗯, 对). Where the words themselves cut the other
    short (`cutting_phrases`), an overlap of `overlap_with_phrase_ms` is enough; below 0
    that allows a pause of so long.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_UNKNOWN_KEYS

    type: Literal["interruption"]
    id: str
    overlap_ms: int
    min_chars: int = 4
    back_channels: tuple[str, ...] = ()
    cutting_phrases: tuple[str, ...] = ()
    overlap_with_phrase_ms: int = 0


@dataclass(frozen=True, slots=True)
class EntityOperator:
    """Hits a name the speaker gives, a telephone number, or any run of `min_digits` digits."""

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_UNKNOWN_KEYS

    type: Literal["entity"]
    id: str
    entity: Literal["digits", "surname"]
    min_digits: int = 7


Operator = Annotated[
    KeywordsOperator
    | RegexOperator
    | SimilarOperator
    | RepeatOperator
    | SilenceOperator
    | SpeechRateOperator
    | InterruptionOperator
    | EntityOperator,
    Discriminator("type"),
]


@dataclass(frozen=True, slots=True)
class Condition:
    """Operators over the turns of a range, combined by `expression` (all of them by default)."""

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_UNKNOWN_KEYS

    id: str
    operators: tuple[Operator, ...]
    check_range: CheckRange = field(default_factory=CheckRange)
    expression: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule is broken when `fault_when` holds over the conditions.

    It is looked at only where `applies_when` holds and none of `unless_failed` (rules
    earlier on the card) was broken, so that one fault does not count twice. `deduction`
    is taken once, or for every hit when `per_hit`; an unscored rule takes nothing.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_UNKNOWN_KEYS

    id: str
    name: str
    fault_when: str
    fault_note: str
    deduction: float = 0.0
    per_hit: bool = False
    level: Level = "minor"
    kinds: tuple[CallKind, ...] = ("ticket", "callback")
    applies_when: str | None = None
    unless_failed: tuple[str, ...] = ()
    evidence_from: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QACard:
    """A hotline's card: `max_score` less the deductions of broken rules, never below 0."""

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_UNKNOWN_KEYS

    version: str
    max_score: float
    conditions: tuple[Condition, ...]
    rules: tuple[Rule, ...]
