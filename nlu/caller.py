"""Who calls: surname and telephone number."""

from __future__ import annotations

from asr.types import Transcript
from nlu.phone import find_phone
from nlu.surname import find_surname
from nlu.types import Caller


def find_caller(transcript: Transcript) -> Caller:
    """Return the caller as far as they said who they are."""
    return Caller(surname=find_surname(transcript), phone=find_phone(transcript))
