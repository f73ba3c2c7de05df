"""Why a field of a live call changed, in Chinese, for the agent who watches it change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from asr.types import Transcript
from nlu.types import Extraction, Field

_LONGEST_QUOTE = 24


def changes(
    before: Extraction | None, after: Extraction, transcript: Transcript
) -> Iterator[tuple[str, str]]:
    """Yield each field that got another value, and why: the words that were said since."""
    old = dict(_fields(before)) if before is not None else {}
    for name, field in _fields(after):
        known = old.get(name)
        if known is None or known.value is None:
            if field.value is not None:
                yield name, _because("", field, known, transcript)
        elif field.value is None:
            yield name, field.reason or "按新说的内容不再成立"
        elif field.value != known.value:
            yield name, _because(_moved(known, field), field, known, transcript)


def _fields(extraction: Extraction) -> Iterator[tuple[str, Field[Any]]]:
    yield "request_type", extraction.request_type
    yield "category", extraction.category
    yield "agency", extraction.agency
    yield "location", extraction.location
    yield "occurred_at", extraction.occurred_at
    yield "caller.surname", extraction.caller.surname
    yield "caller.phone", extraction.caller.phone


def _because(
    moved: str, field: Field[Any], before: Field[Any] | None, transcript: Transcript
) -> str:
    known = set(before.evidence) if before is not None else set()
    new = [evidence for evidence in field.evidence if evidence not in known]
    if not new:
        return moved or "按全部内容重新判断"
    last = new[-1]
    text = transcript.utterance(last.utterance_id).text[last.char_start : last.char_end]
    quote = text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…"
    said = f"依据新说的「{quote}」"
    return f"{said}；{moved}" if moved else said


def _moved(before: Field[Any], after: Field[Any]) -> str:
    """Return how likely the old value is now beside the new one."""
    left = dict(after.alternatives).get(before.value, 0.0)
    return f"原值可能性降为{left:.0%}，新值{after.confidence:.0%}"
