"""The shipped rules of a hotline, and calls written as lines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
import yaml
from pydantic import TypeAdapter

from asr.types import Channel, Transcript, Utterance
from ticket_draft.deadlines import DeadlineTable
from ticket_draft.rules import TicketRules
from ticket_draft.scoring.card import QACard
from ticket_draft.scoring.script import CallbackScript

T = TypeVar("T")
PROFILES = Path(__file__).resolve().parents[2] / "serving" / "profiles"

MakeCall = Callable[..., Transcript]


def read_rules(name: str, into: type[T]) -> T:
    own, shared = (PROFILES / folder / f"{name}.yaml" for folder in ("haikou", "_base"))
    data: Any = yaml.safe_load((own if own.is_file() else shared).read_text(encoding="utf-8"))
    return TypeAdapter(into).validate_python(data)


@pytest.fixture(scope="session")
def ticket_rules() -> TicketRules:
    return read_rules("tickets", TicketRules)


@pytest.fixture(scope="session")
def deadline_table() -> DeadlineTable:
    return read_rules("deadlines", DeadlineTable)


@pytest.fixture(scope="session")
def card() -> QACard:
    return read_rules("qa", QACard)


@pytest.fixture(scope="session")
def script() -> CallbackScript:
    return read_rules("callback", CallbackScript)


def call_of(*lines: str | tuple[str, int, int], gap_ms: int = 400) -> Transcript:
    """Make a call of lines `a: …` (agent) and `c: …` (citizen), 220 ms a character.

    A line with times, `(line, start_ms, end_ms)`, is put there.
    """
    utterances: list[Utterance] = []
    now_ms = 400
    for number, line in enumerate(lines):
        spoken, start_ms, end_ms = (
            (line, now_ms, now_ms + 220 * (len(line) - 3)) if isinstance(line, str) else line
        )
        channel: Channel = "agent" if spoken.startswith("a:") else "citizen"
        utterances.append(
            Utterance(f"u{number}", channel, start_ms, end_ms, spoken[2:].strip(), 0.9)
        )
        now_ms = end_ms + gap_ms
    return Transcript(tuple(sorted(utterances, key=lambda u: u.start_ms)), now_ms)


@pytest.fixture(scope="session")
def call() -> MakeCall:
    return call_of


def gold_call(data: dict[str, Any]) -> Transcript:
    """Read the reference transcript of a call of the data set."""
    return Transcript(
        tuple(
            Utterance(f"u{n}", t["channel"], t["start_ms"], t["end_ms"], t["text"], 0.9)
            for n, t in enumerate(data["turns"])
        ),
        data["duration_ms"],
    )
