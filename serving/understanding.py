"""What the words of a call mean to a hotline: extraction, ticket, QA report, callback."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from asr.types import Transcript
from nlu.corrections import CorrectionMemory, Features
from nlu.incremental import CallReading
from nlu.types import Extraction
from serving.call_kind import detect_kind
from serving.profile import Profile
from serving.result import CallKind
from serving.stages import StageClock
from ticket_draft.drafter import draft_ticket
from ticket_draft.scoring.callback import score_callback
from ticket_draft.scoring.qa import score_qa
from ticket_draft.supervision import supervised
from ticket_draft.types import CallbackScore, QAReport, TicketDraft


class Extract(Protocol):
    """Understands a transcript, whole or so far."""

    def __call__(self, transcript: Transcript, *, call_time: datetime) -> Extraction:
        """Return all that was understood of a call that came in at `call_time`."""


class Extractor(Protocol):
    """Understands a transcript (the nlu room's `Extractor`)."""

    def extract(self, transcript: Transcript, *, call_time: datetime) -> Extraction:
        """Return all that was understood of a call that came in at `call_time`."""

    def follow(self) -> CallReading:
        """Follow a new call that is understood again and again while it goes on."""

    def remember(self, corrections: CorrectionMemory) -> None:
        """Take what people corrected into account from now on."""

    def features(self, transcript: Transcript) -> Features:
        """Return what a correction of a call is remembered by."""


@dataclass(frozen=True, slots=True)
class Understanding:
    """What the words of a call mean to the hotline."""

    kind: CallKind
    kind_source: Literal["given", "heard"]
    extraction: Extraction
    ticket: TicketDraft | None
    qa: QAReport
    callback: CallbackScore | None


def understand_call(
    transcript: Transcript,
    profile: Profile,
    extract: Extract,
    *,
    received_at: datetime,
    kind: CallKind | None,
    clock: StageClock,
) -> Understanding:
    """Make of a transcript, whole or so far, what the hotline needs from it.

    Raises CalendarError (a deadline in a year of unknown holidays) and RuleError.
    """
    with clock.stage("extract"):
        extraction = extract(transcript, call_time=received_at)
    chosen = kind or detect_kind(transcript, profile.callback)
    ticket = callback = None
    if chosen == "ticket":
        with clock.stage("draft"):
            ticket = draft_ticket(
                transcript, extraction, profile.tickets, profile.deadlines, received_at=received_at
            )
    with clock.stage("score"):
        qa = score_qa(transcript, profile.qa, kind=chosen)
        if chosen == "callback":
            callback = score_callback(transcript, profile.callback)
            callback = supervised(
                profile.tickets.supervision, transcript, extraction.facts, callback
            )
    return Understanding(chosen, "given" if kind else "heard", extraction, ticket, qa, callback)
