"""The callback script of a hotline: what the agent asks, as `callback.yaml` has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from ticket_draft.rules import FORBID_UNKNOWN_KEYS

Topic = Literal["contacted", "resolved", "satisfaction", "reason"]


@dataclass(frozen=True, slots=True)
class ScriptQuestion:
    """One question of the script, as patterns over the agent's words and as spoken phrases.

    Phrases are found by their sound, so that a recogniser's errors do not hide a question.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_UNKNOWN_KEYS

    topic: Topic
    patterns: tuple[str, ...]
    phrases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AnswerCue:
    """A hotline's own reading of an answer; it goes before the general ones.

    `value` is one of the topic's values: yes no unknown; yes partly no unknown; satisfied
    neutral dissatisfied refused unknown.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_UNKNOWN_KEYS

    topic: Literal["contacted", "resolved", "satisfaction"]
    value: Literal[
        "yes", "partly", "no", "unknown", "satisfied", "neutral", "dissatisfied", "refused"
    ]
    pattern: str


@dataclass(frozen=True, slots=True)
class ReasonCue:
    """A reason for dissatisfaction (「推诿」) and the patterns that show it."""

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_UNKNOWN_KEYS

    reason: str
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CallbackScript:
    """A hotline's callback: its questions, its own cues, and what reopens a ticket.

    `reopen_when`: the citizen asks for it; the matter is not resolved and the citizen is
    dissatisfied; the citizen is dissatisfied, whatever else.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = FORBID_UNKNOWN_KEYS

    version: str
    questions: tuple[ScriptQuestion, ...]
    reasons: tuple[ReasonCue, ...]
    cues: tuple[AnswerCue, ...] = ()
    reopen_when: tuple[Literal["requested", "unresolved_and_dissatisfied", "dissatisfied"], ...] = (
        "requested",
    )
    low_confidence: float = 0.6
