"""Whether a call is an intake call or a callback, by what the agent asks in it."""

from __future__ import annotations

import re

from asr.types import Transcript
from ticket_draft.scoring.card import CallKind
from ticket_draft.scoring.script import CallbackScript

_TOPICS = frozenset({"contacted", "resolved", "satisfaction"})
_ENOUGH_TOPICS = 2


def detect_kind(transcript: Transcript, script: CallbackScript) -> CallKind:
    """Return `callback` when the agent asks at least two of the script's three questions.

    One alone does not tell: an intake call also ends with an invitation to rate it.
    """
    said = "\n".join(u.text for u in transcript.of("agent"))
    asked = {
        question.topic
        for question in script.questions
        if question.topic in _TOPICS and any(re.search(p, said) for p in question.patterns)
    }
    return "callback" if len(asked) >= _ENOUGH_TOPICS else "ticket"
