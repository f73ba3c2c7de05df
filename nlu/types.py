"""Values with their evidence: what the nlu room hands to the others."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Literal, TypeVar

from asr.types import Utterance

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Evidence:
    """The words a value came from: `text[char_start:char_end]` of an utterance, and when."""

    utterance_id: str
    char_start: int
    char_end: int
    start_ms: int
    end_ms: int

    @classmethod
    def of(cls, utterance: Utterance, char_start: int, char_end: int) -> Evidence:
        """Point at a span of an utterance."""
        start_ms, end_ms = utterance.span_ms(char_start, char_end)
        return cls(utterance.id, char_start, char_end, start_ms, end_ms)


@dataclass(frozen=True, slots=True)
class Field(Generic[T]):
    """A derived value, how sure we are, where it was said, and what else it might be.

    An empty value is `None` with a `reason` (in Chinese: agents read it), never a guess.
    `confidence` is a calibrated probability, 0 to 1.
    """

    value: T | None
    confidence: float = 0.0
    evidence: tuple[Evidence, ...] = ()
    alternatives: tuple[tuple[T, float], ...] = ()
    reason: str | None = None

    @classmethod
    def empty(cls, reason: str) -> Field[T]:
        """Return a field without a value, saying why."""
        return cls(value=None, reason=reason)


CategoryPath = tuple[str, ...]
"""Names from the top level down."""


@dataclass(frozen=True, slots=True)
class Location:
    """A place as said, resolved to administrative divisions as far as it can be.

    `code` is the division code (GB/T 2260 and its extension to villages) of the deepest
    level resolved.
    """

    text: str
    province: str | None = None
    city: str | None = None
    district: str | None = None
    street: str | None = None
    community: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as far as the caller said it."""

    surname: Field[str]
    phone: Field[str]


@dataclass(frozen=True, slots=True)
class Signal:
    """Something said that raises a ticket's urgency (fire, self-harm, a crowd, wage arrears …).

    `level` follows practice: red, orange, yellow. The machine may raise a level, only a
    person lowers it.
    """

    name: str
    level: Literal["red", "orange", "yellow"]
    evidence: Evidence


Party = Literal["person", "enterprise"]
Mood = Literal["distressed", "angry", "anxious"]


@dataclass(frozen=True, slots=True)
class Affected:
    """Those a matter concerns: how many (None where no number was said), and the words."""

    count: int | None
    unit: str
    text: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A number that names a thing (an order, a meter, a bus line), and what, in Chinese."""

    kind: str
    number: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What the words say of a matter beside place and time; what was not said is empty.

    `amounts` are yuan. `earlier_calls` counts the times the caller says they reported it before.
    """

    amounts: tuple[Field[float], ...]
    affected: Field[Affected]
    party: Field[Party]
    references: tuple[Field[Reference], ...]
    mood: Field[Mood]
    earlier_calls: Field[int]
    confidential: Field[bool]


@dataclass(frozen=True, slots=True)
class Extraction:
    """All that was understood of a call."""

    request_type: Field[str]
    category: Field[CategoryPath]
    agency: Field[str]
    location: Field[Location]
    occurred_at: Field[datetime]
    caller: Caller
    demand: tuple[Evidence, ...] = ()
    """The caller's statement of the matter: greetings, contact details and small talk left out."""
    signals: tuple[Signal, ...] = ()
    plates: tuple[Field[str], ...] = ()
    """Number plates, for requests to move a car."""
    confidential: bool = False
    """The caller asked to be kept confidential."""
    notes: tuple[str, ...] = field(default=())
    """What a person should look at, in Chinese."""
    facts: Facts | None = None
