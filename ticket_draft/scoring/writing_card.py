"""The card by which a written ticket is judged: plain data, `writing.yaml` of a profile."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Annotated, Any, ClassVar, Literal

import yaml
from pydantic import Discriminator, TypeAdapter

from ticket_draft.rules import FORBID_UNKNOWN_KEYS
from ticket_draft.scoring.card import Level

TextField = Literal["title", "content"]
Element = Literal["surname", "phone", "location", "occurred_at", "matter", "request", "agency"]


@dataclass(frozen=True, slots=True)
class _Common:
    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_UNKNOWN_KEYS

    id: str
    name: str
    note: str
    deduction: float = 0.0
    level: Level = "minor"
    unless_types: tuple[str, ...] = ()
    """Request types for which the rule is not looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementRule(_Common):
    """The element must be there: as a field, or where the content names it."""

    check: Literal["element"]
    element: Element
    patterns: tuple[str, ...] = ()
    """Words of the content that hold the element as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AvoidRule(_Common):
    """None of the patterns may stand in the field; each place counts when `per_hit`."""

    check: Literal["avoid"]
    field: TextField
    patterns: tuple[str, ...]
    per_hit: bool = False
    most: float | None = None
    """The most that is taken for all places together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormRule(_Common):
    """The field must look like one of the patterns."""

    check: Literal["form"]
    field: TextField
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthRule(_Common):
    """The field has so many characters."""

    check: Literal["length"]
    field: TextField
    shortest: int = 0
    longest: int = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TitleFitsRule(_Common):
    """What the title says must stand in the content: this share of its character pairs."""

    check: Literal["title_fits"]
    share: float = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryRule(_Common):
    """The category must be the one the call's words ask for, or among the first of them.

    Looked at only where those are known with at least `confidence`.
    """

    check: Literal["category"]
    among: int = 3
    confidence: float = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class FactsRule(_Common):
    """Plates, numbers and sums that the caller gave must stand in the content."""

    check: Literal["facts"]
    per_hit: bool = True


WritingRule = Annotated[
    ElementRule | AvoidRule | FormRule | LengthRule | TitleFitsRule | CategoryRule | FactsRule,
    Discriminator("check"),
]


@dataclass(frozen=True, slots=True)
class WritingCard:
    """`max_score` less the deductions of broken rules, never below 0."""

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_UNKNOWN_KEYS

    version: str
    max_score: float
    rules: tuple[WritingRule, ...]


@lru_cache(maxsize=1)
def standard_card() -> WritingCard:
    """Return the card of writing.yaml, for hotlines that have none of their own."""
    source = files("ticket_draft.scoring").joinpath("writing.yaml")
    return TypeAdapter(WritingCard).validate_python(
        yaml.safe_load(source.read_text(encoding="utf-8"))
    )
