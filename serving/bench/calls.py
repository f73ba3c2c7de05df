"""What comes out of whole hotline calls, held against what was really said and meant."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from asr.error_rate import ErrorCount, count_errors
from asr.types import Channel
from serving.bench.report import Figure, Goal
from serving.pipeline import Pipeline
from serving.result import CallResult
from ticket_draft.types import TicketDraft

T = TypeVar("T")

FAULT_RULES = {
    "no_greeting": "greeting",
    "no_closing": "closing",
    "forbidden_phrase": "forbidden_phrase",
    "dead_air": "dead_air",
    "no_contact_check": "contact_check",
    "interrupt": "interruption",
}
"""The rule that finds each fault planted into the calls."""

_ANSWERS = ("contacted", "resolved", "satisfaction")


@dataclass(frozen=True, slots=True)
class MeasuredCall:
    """A call's result, the truth about it, and how long `process` took."""

    gold: dict[str, Any]
    result: CallResult
    wall_s: float


def measure_calls(
    pipeline: Pipeline, folder: Path, on_call: Callable[[int, int], None]
) -> list[MeasuredCall]:
    """Process every call of a folder (`*.wav` with the truth in `*.json` beside it).

    The first call is processed once more before, so that models and tables are warm.
    """
    paths = sorted(folder.glob("*.wav"))
    measured: list[MeasuredCall] = []
    for path in paths[:1]:
        pipeline.process(path)
    for number, path in enumerate(paths, start=1):
        gold = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        started = time.perf_counter()
        result = pipeline.process(path)
        measured.append(MeasuredCall(gold, result, time.perf_counter() - started))
        on_call(number, len(paths))
    return measured


def call_figures(measured: Sequence[MeasuredCall]) -> list[Figure]:
    """Return every figure that whole calls give."""
    tickets = [m for m in measured if m.gold["kind"] == "ticket"]
    callbacks = [m for m in measured if m.gold["kind"] == "callback"]
    return [
        *_words(tickets, "ticket calls", with_goals=True),
        *_words(callbacks, "callback calls", with_goals=False),
        _phones(tickets),
        _surnames(tickets),
        *_faults(measured),
        _callback_answers(callbacks),
        *_dispatch(tickets),
        _kinds(measured),
        _speed(measured),
    ]


def leg_errors(call: MeasuredCall, channel: Channel) -> ErrorCount:
    """Count the character errors of one leg of a call."""
    said = "".join(turn["text"] for turn in call.gold["turns"] if turn["channel"] == channel)
    heard = "".join(u.text for u in call.result.transcript.of(channel))
    return count_errors(said, heard)


def _words(calls: Sequence[MeasuredCall], what: str, *, with_goals: bool) -> Iterable[Figure]:
    goals: dict[Channel, tuple[float, str]] = {"agent": (4, "6.8%"), "citizen": (12, "21.4%")}
    for channel, (limit, reference) in goals.items():
        total = sum((leg_errors(call, channel) for call in calls), ErrorCount())
        yield Figure(
            f"CER {channel} leg",
            100 * total.rate,
            "%",
            f"{len(calls)} {what}, {total.length} characters",
            Goal("<=", limit) if with_goals else None,
            f"{reference} faster-whisper" if with_goals else "",
        )


def _phones(calls: Sequence[MeasuredCall]) -> Figure:
    given = [c for c in calls if c.gold["caller"]["phone"]]
    right = sum(
        _drafted(c, lambda d: d.caller.phone.value) == c.gold["caller"]["phone"] for c in given
    )
    return Figure(
        "telephone number right", _percent(right, len(given)), "%",
        f"{right} of {len(given)} calls", Goal(">=", 90), "4 of 16 faster-whisper",
    )  # fmt: skip


def _surnames(calls: Sequence[MeasuredCall]) -> Figure:
    given = [c for c in calls if c.gold["caller"]["surname"]]
    right = sum(
        _drafted(c, lambda d: d.caller.surname.value) == c.gold["caller"]["surname"] for c in given
    )
    return Figure("surname right", _percent(right, len(given)), "%", f"{right} of {len(given)}")


def _faults(calls: Sequence[MeasuredCall]) -> Iterable[Figure]:
    planted = found = invented = other = 0
    for call in calls:
        expected = FAULT_RULES.get((call.gold.get("qa") or {}).get("planted_fault", "none"))
        broken = {f.rule_id for f in call.result.qa.findings if not f.passed}
        planted += expected is not None
        found += expected in broken
        invented += len(broken & set(FAULT_RULES.values()) - {expected})
        other += len(broken - set(FAULT_RULES.values()))
    of = f"{len(calls)} calls"
    yield Figure(
        "QA faults found", _percent(found, planted), "%",
        f"{found} of {planted} planted", Goal(">=", 100),
    )  # fmt: skip
    yield Figure("QA faults invented", invented, "count", of, Goal("<=", 0))
    yield Figure("QA findings by other rules", other, "count", of)


def _callback_answers(calls: Sequence[MeasuredCall]) -> Figure:
    right = 0
    for call in calls:
        score = call.result.callback
        for answer in _ANSWERS:
            right += (
                score is not None
                and getattr(score, answer).value == (call.gold["callback"][answer])
            )
    total = len(calls) * len(_ANSWERS)
    return Figure(
        "callback answers right", _percent(right, total), "%", f"{right} of {total} answers",
        Goal(">=", 95),
    )  # fmt: skip


def _dispatch(calls: Sequence[MeasuredCall]) -> Iterable[Figure]:
    """Dispatch on recognised speech, which nobody publishes: no goal stands beside it."""
    of = f"{len(calls)} ticket calls, from recognised speech"
    truth = [c.gold["ticket"] for c in calls]
    ranked = [(_drafted(c, _candidates) or [])[:3] for c in calls]
    types = [_drafted(c, lambda d: d.request_type.value) for c in calls]
    first = sum(names[:1] == [t["agency"]] for names, t in zip(ranked, truth, strict=True))
    three = sum(t["agency"] in names for names, t in zip(ranked, truth, strict=True))
    typed = sum(found == t["request_type"] for found, t in zip(types, truth, strict=True))
    yield Figure("agency top-1", first / max(len(calls), 1), "share", of)
    yield Figure("agency top-3", three / max(len(calls), 1), "share", of)
    left = sum(_drafted(c, lambda d: d.agency.value) is None for c in calls)
    yield Figure("agency left to a person", left, "count", of)
    yield Figure("request type", typed / max(len(calls), 1), "share", of)
    placed = [c for c in calls if c.gold["ticket"]["district"]]
    right = sum(_drafted(c, _district) == c.gold["ticket"]["district"] for c in placed)
    yield Figure("district", right / max(len(placed), 1), "share", f"{len(placed)} calls with one")


def _kinds(calls: Sequence[MeasuredCall]) -> Figure:
    right = sum(c.result.kind == c.gold["kind"] for c in calls)
    return Figure("kind of call found", _percent(right, len(calls)), "%", f"{len(calls)} calls")


def _speed(calls: Sequence[MeasuredCall]) -> Figure:
    audio_s = sum(c.result.transcript.duration_ms for c in calls) / 1000
    wall_s = sum(c.wall_s for c in calls)
    return Figure(
        "speed of process", audio_s / max(wall_s, 1e-9), "×",
        f"{audio_s / 60:.1f} minutes of calls, models loaded", Goal(">=", 12),
        "7.5× recognition alone",
    )  # fmt: skip


def _drafted(call: MeasuredCall, read: Callable[[TicketDraft], T]) -> T | None:
    """Read something of the draft; None for a call wrongly taken for a callback."""
    return read(call.result.ticket) if call.result.ticket else None


def _district(draft: TicketDraft) -> str | None:
    return draft.location.value.district if draft.location.value else None


def _candidates(draft: TicketDraft) -> list[str]:
    """Rank the agencies: the one on the ticket, then those a person is offered."""
    offered = [name for name, _ in draft.agency.alternatives]
    return [draft.agency.value, *offered] if draft.agency.value else offered


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0
