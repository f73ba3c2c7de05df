"""The rules by which a hotline turns what was understood into a ticket.

Plain data: a profile's `tickets.yaml` is validated straight into `TicketRules`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

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


@dataclass(frozen=True, slots=True)
class Scope:
    """The tickets a rule is for. An empty list means any; `categories` match at any level."""

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_UNKNOWN_KEYS

    request_types: tuple[str, ...] = ()
    urgencies: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    agencies: tuple[str, ...] = ()

    def covers(self, matter: Matter) -> bool:
        """Tell whether the rule is for this ticket."""
        return (
            (not self.request_types or matter.request_type in self.request_types)
            and (not self.urgencies or matter.urgency in self.urgencies)
            and (not self.categories or any(c in self.categories for c in matter.category))
            and (not self.agencies or matter.agency in self.agencies)
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
class PhraseFlag:
    """A flag raised when the caller (or the agent) says something like one of the patterns."""

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_UNKNOWN_KEYS

    flag: str
    patterns: tuple[str, ...]
    channel: Literal["agent", "citizen"] = "citizen"


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
    title_prefixes: dict[str, str] = field(default_factory=dict)
    """Word after 关于 by request type: 咨询类 → 咨询."""
    title_max_chars: int = 45
    summary_max_chars: int = 90
    low_confidence: float = 0.5
