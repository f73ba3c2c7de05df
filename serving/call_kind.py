"""Whether a call is an intake call or a callback, by what the agent asks in it."""

from __future__ import annotations

from asr.types import Transcript
from ticket_draft.scoring.answers import answers_of
from ticket_draft.scoring.card import CallKind
from ticket_draft.scoring.dialogue import dialogue_of
from ticket_draft.scoring.script import CallbackScript

_TOPICS = frozenset({"contacted", "resolved", "satisfaction"})
_ENOUGH_TOPICS = 2


def detect_kind(transcript: Transcript, script: CallbackScript) -> CallKind:
    """Return `callback` when the agent asks at least two of the script's three questions.

    One alone does not tell: an intake call also ends with an invitation to rate it.
    """
    answers = answers_of(dialogue_of(transcript), script)
    asked = {topic for answer in answers for topic in answer.topics}
    return "callback" if len(asked & _TOPICS) >= _ENOUGH_TOPICS else "ticket"
