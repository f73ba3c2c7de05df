"""A call all the way through: what the pipeline hands to its callers."""

from __future__ import annotations

from dataclasses import dataclass

from asr.types import Transcript
from nlu.types import Extraction
from serving.provenance import Provenance
from ticket_draft.scoring.card import CallKind
from ticket_draft.types import CallbackScore, QAReport, TicketDraft

__all__ = ["CallKind", "CallResult"]


@dataclass(frozen=True, slots=True)
class CallResult:
    """Everything made of one call.

    `ticket` is None for a callback, `callback` None for an intake call.
    """

    call_id: str
    kind: CallKind
    profile: str
    provenance: Provenance
    transcript: Transcript
    extraction: Extraction
    ticket: TicketDraft | None
    qa: QAReport
    callback: CallbackScore | None
