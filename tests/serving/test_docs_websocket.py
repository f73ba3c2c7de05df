"""docs/websocket.md against the code: its messages are taken, its close codes are those sent."""

from __future__ import annotations

import json
import re

from serving import errors
from serving.api.error_table import CODES, fault_of
from serving.feed import FeedEvent
from serving.ingress.messages import Ready, Resume, Start, read_message
from serving.live.events import (
    CallbackUpdate,
    DraftUpdate,
    QAUpdate,
    StateUpdate,
    TranscriptUpdate,
    Trouble,
)
from serving.live.limits import LiveLimits
from tests.conftest import ROOT

TEXT = (ROOT / "docs" / "websocket.md").read_text(encoding="utf-8")


def examples() -> list[str]:
    return re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)


def table(heading: str) -> list[list[str]]:
    """The rows of the first table after a heading, without its head."""
    part = TEXT.split(f"## {heading}\n", 1)[1]
    lines = [line for line in part.split("\n## ")[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]


def test_client_messages_are_taken() -> None:
    start, ready, resume, _ = examples()
    assert isinstance(read_message(start), Start)
    assert isinstance(read_message(resume), Resume)
    assert set(json.loads(ready)) == set(Ready.model_fields)
    for message in re.findall(r"`(\{\"type\":\"(?:flush|ping|end)\".*?\})`", TEXT):
        read_message(message)


def test_every_start_field_is_described() -> None:
    described = {row[0].strip("`") for row in table("Start")}
    assert described == set(Start.model_fields) - {"type"}
    defaults = {row[0].strip("`"): row[1].strip("`") for row in table("Start")}
    assert defaults["sample_rate_hz"] == str(Start.model_fields["sample_rate_hz"].default)
    assert defaults["encoding"] == Start.model_fields["encoding"].default


def test_every_event_and_its_fields_are_described() -> None:
    section = TEXT.split("## While the call goes on", 1)[1].split("\n## ")[0]
    kinds: list[type[FeedEvent]] = [
        TranscriptUpdate,
        DraftUpdate,
        QAUpdate,
        CallbackUpdate,
        StateUpdate,
        Trouble,
    ]
    for kind in kinds:
        row = next(
            line for line in section.splitlines()
            if line.startswith(f"| `{kind.model_fields['type'].default}` |")
        )  # fmt: skip
        own = set(kind.model_fields) - {"type", "seq", "progress", "stage"}
        if kind is StateUpdate:
            own -= {"kind"}
        assert {name for name in own if f"`{name}`" not in row} == set()


def test_close_codes_are_those_of_the_table() -> None:
    shown = [fault_of(kind("")) for kind in all_errors(Exception)]
    faults = {fault.code: fault for fault in shown}
    assert set(faults) <= CODES
    for code, names, _ in table("Errors"):
        for name in re.findall(r"`([a-z-]+)`", names):
            assert faults[name].close_code == int(code), name


def test_limits_are_those_of_the_code() -> None:
    limits = LiveLimits()
    assert f"nothing came for {limits.idle_s:g} s ({limits.start_within_s:g} s before" in TEXT
    assert f"not read for {limits.send_within_s:g} s" in TEXT
    assert f"longer than {limits.max_call_s / 3600:g} hours" in TEXT
    assert f'"max_message_bytes": {limits.max_message_bytes}' in TEXT
    assert f'"resume_within_s": {limits.resume_within_s}' in TEXT


def all_errors(base: type[Exception]) -> list[type[Exception]]:
    """Our error classes that take a message alone."""
    from asr import errors as asr

    found: list[type[Exception]] = []
    waiting: list[type[Exception]] = [errors.ServingError, asr.AsrError]
    while waiting:
        kind = waiting.pop()
        found.append(kind)
        waiting.extend(kind.__subclasses__())
    return found
