"""The rules by which a hotline turns what was understood into a ticket.

Plain data: a profile's `tickets.yaml` is validated straight into `TicketRules`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from nlu.types import Party

RequiredField = Literal[
    "demand", "request_type", "location", "occurred_at", "surname", "phone", "plate"
]
"""What a rule can ask to be filled before a ticket is complete."""

FORBID_UNKNOWN_KEYS: dict[str, Any] = {"extra": "forbid"}
"""Read by pydantic at the edge: a mistyped key in a profile is an error, not silence."""


@dataclass(frozen=True, slots=True)
class Matter:
    """What the rules look at to decide about one ticket."""

    request_type: str | None
    urgency: str | None
    category: tuple[str, ...]
    agency: str | None
    grade: str | None = None
    party: str | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """The tickets a rule is for. An empty list means any; `categories` match at any level."""

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_UNKNOWN_KEYS

    request_types: tuple[str, ...] = ()
    urgencies: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    agencies: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    parties: tuple[Party, ...] = ()

    def covers(self, matter: Matter) -> bool:
        """Tell whether the rule is for this ticket."""
        return (
            (not self.request_types or matter.request_type in self.request_types)
            and (not self.urgencies or matter.urgency in self.urgencies)
            and (not self.categories or any(c in self.categories for c in matter.category))
            and (not self.agencies or matter.agency in self.agencies)
            and (not self.grades or matter.grade in self.grades)
            and (not self.parties or matter.party in self.parties)
        )


ANY_TICKET = Scope()


@dataclass(frozen=True, slots=True)
class UrgencyRules:
    """How urgent a ticket is: the highest of what its type and its signals ask for.

    `levels` runs from least to most urgent. The machine only ever raises: a person lowers.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_UNKNOWN_KEYS

    levels: tuple[str, ...]
    default: str
    by_request_type: dict[str, str]
    by_signal: dict[Literal["red", "orange", "yellow"], str]


@dataclass(frozen=True, slots=True)
class CompletenessRule:
    """What tickets of this scope must have; `label` is what the agent is shown."""

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_UNKNOWN_KEYS

    needs: RequiredField
    label: str
    applies_to: Scope = ANY_TICKET
    unless: Scope | None = None


@dataclass(frozen=True, slots=True)
class HandlingRule:
    """直办 or 转办 for tickets of this scope.

    `answered` limits the rule to calls in which the agent did (or did not) answer.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_UNKNOWN_KEYS

    handling: Literal["直办", "转办"]
    applies_to: Scope = ANY_TICKET
    answered: bool | None = None


@dataclass(frozen=True, slots=True)
class SignOffRule:
    """Who signs the reply to tickets of this scope (定级审签)."""

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_UNKNOWN_KEYS

    sign_off: str
    applies_to: Scope = ANY_TICKET


@dataclass(frozen=True, slots=True)
class GradeRule:
    """The grade of tickets of this scope (定级), which deadlines and signatures may ask for.

    `answered` limits the rule to calls in which the agent did (or did not) answer. A scope
    of grades makes no sense here: the grade is what comes of it.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_UNKNOWN_KEYS

    grade: str
    applies_to: Scope = ANY_TICKET
    answered: bool | None = None


@dataclass(frozen=True, slots=True)
class SeatRule:
    """A seat for calls of one kind: the business seat, an expert's seat (专席).

    A call is the seat's when the ticket is in scope and, where there are patterns, the
    caller said one of them. `key` is what a caller presses to get there.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_UNKNOWN_KEYS

    seat: str
    key: str | None = None
    applies_to: Scope = ANY_TICKET
    patterns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TransferLine:
    """Another line whose matters begin where the hotline's end: 110, 120, 12368, 12309 …

    A call is the line's when the caller said one of the patterns, none of `unless`, or one
    of the `signals` (names of risks) was heard. `three_way` says that the agent stays.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_UNKNOWN_KEYS

    line: str
    name: str
    boundary: str
    """What the line is for, shown to the agent."""
    patterns: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()
    three_way: bool = False


@dataclass(frozen=True, slots=True)
class SupervisionRule:
    """When a business's request goes to supervision (转督办), and where.

    Each limit is left out where the hotline has none. `called_as` are patterns by which an
    agent speaks to a business in a callback (贵公司 …).
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_UNKNOWN_KEYS

    supervised_by: str
    raised_times: int | None = None
    """Raised so many times or more for the same matter, by the caller's own words."""
    dissatisfied: bool = False
    """Being dissatisfied once, in the callback, is enough."""
    open_days: int | None = None
    called_as: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PhraseFlag:
    """A flag raised when the caller (or the agent) says something like one of the patterns."""

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_UNKNOWN_KEYS

    flag: str
    patterns: tuple[str, ...]
    channel: Literal["agent", "citizen"] = "citizen"


@dataclass(frozen=True, slots=True)
class RepeatRules:
    """When an earlier request is proposed to be merged with.

    Similarities run from 0 to 1; for the same caller less is needed, and less still where the
    category is the same.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_UNKNOWN_KEYS

    within_days: int = 30
    same_caller_similarity: float = 0.3
    same_matter_similarity: float = 0.5
    most_shown: int = 3


@dataclass(frozen=True, slots=True)
class DispatchReview:
    """The step between the first dispatch proposal and its sending: somebody checks the unit.

    The reviewer is shown the proposed unit and those that came next, since a ticket sent to
    the wrong one goes round for weeks.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_UNKNOWN_KEYS

    reviewed_by: str
    applies_to: Scope = ANY_TICKET


@dataclass(frozen=True, slots=True)
class TicketRules:
    """All of a hotline's ticket rules. In each list the first rule that covers a ticket decides."""

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_UNKNOWN_KEYS

    version: str
    request_types: tuple[str, ...]
    urgency: UrgencyRules
    required: tuple[CompletenessRule, ...]
    handling: tuple[HandlingRule, ...]
    sign_off: tuple[SignOffRule, ...]
    flags: tuple[PhraseFlag, ...] = ()
    grades: tuple[GradeRule, ...] = ()
    seats: tuple[SeatRule, ...] = ()
    lines: tuple[TransferLine, ...] = ()
    supervision: SupervisionRule | None = None
    review: DispatchReview | None = None
    title_prefixes: dict[str, str] = field(default_factory=dict)
    """Word after 关于 by request type: 咨询类 → 咨询."""
    repeats: RepeatRules = RepeatRules()
    title_max_chars: int = 45
    summary_max_chars: int = 90
    low_confidence: float = 0.5
