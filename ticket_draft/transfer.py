"""Where else a call belongs: a seat of experts inside the hotline, or another line."""

from __future__ import annotations

import re
from collections.abc import Iterable

from asr.types import Transcript, Utterance
from nlu.types import Extraction
from ticket_draft.rules import Matter, TicketRules, TransferLine


def seat_of(rules: TicketRules, matter: Matter, transcript: Transcript) -> str | None:
    """Return the first seat that is for this call, with its key; None where there is none."""
    for rule in rules.seats:
        if rule.applies_to.covers(matter) and (
            not rule.patterns or said_by_citizen(rule.patterns, transcript)
        ):
            return f"{rule.seat}（按{rule.key}键）" if rule.key else rule.seat
    return None


def transfer_flags(
    rules: TicketRules, transcript: Transcript, extraction: Extraction
) -> tuple[str, ...]:
    """Return what the agent is told of the lines that such a call belongs to, in file order."""
    return tuple(
        f"{'可三方通话转接' if line.three_way else '可一键转接'}{line.line}{line.name}："
        f"{line.boundary}"
        for line in rules.lines
        if _is_for(line, transcript, extraction)
    )


def _is_for(line: TransferLine, transcript: Transcript, extraction: Extraction) -> bool:
    if any(signal.name in line.signals for signal in extraction.signals):
        return True
    return said_by_citizen(line.patterns, transcript) and not said_by_citizen(
        line.unless, transcript
    )


def said_by_citizen(patterns: Iterable[str], transcript: Transcript) -> bool:
    """Tell whether the caller said something like one of the patterns."""
    return said(patterns, transcript.of("citizen"))


def said(patterns: Iterable[str], utterances: Iterable[Utterance]) -> bool:
    """Tell whether something like one of the patterns was said."""
    texts = [utterance.text for utterance in utterances]
    return any(re.search(pattern, text) for pattern in patterns for text in texts)
