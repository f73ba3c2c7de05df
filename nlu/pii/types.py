"""Personal data found in words: what kind, where, by which rule, how sure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from nlu.types import Evidence

PiiKind = Literal["name", "phone", "id_card", "bank_card", "plate", "address"]
"""Kinds of personal data (GB/T 35273 counts all of them)."""

PII_KINDS: tuple[PiiKind, ...] = get_args(PiiKind)


@dataclass(frozen=True, slots=True)
class Span:
    """Personal data in one text, `text[start:end]`, before it is told where that was said.

    `rule` names the detector, `reason` says in Chinese what spoke for it. `kept` are the
    places (offsets in the text) that stay readable where a kind is shown in part.
    """

    kind: PiiKind
    start: int
    end: int
    score: float
    rule: str
    reason: str
    kept: frozenset[int] = frozenset()

    @property
    def length(self) -> int:
        """Characters covered."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class PiiFinding:
    """Personal data of a call, with the explanation of how it was found.

    A number spoken in several utterances has a piece of evidence for each. `text` is what
    was said, joined; it never goes into a log.
    """

    kind: PiiKind
    text: str
    evidence: tuple[Evidence, ...]
    score: float
    rule: str
    reason: str
    kept: tuple[Evidence, ...] = ()
    """Characters that stay readable where this kind is shown in part."""
