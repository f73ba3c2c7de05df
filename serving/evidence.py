"""Fields and the words they came from, in their contract form."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from asr.types import Transcript
from nlu.types import Evidence, Field
from serving.contract import AlternativeModel, EvidenceModel, FieldModel

T = TypeVar("T")
U = TypeVar("U")


def field_model(
    field: Field[T], transcript: Transcript, convert: Callable[[T], U]
) -> FieldModel[U]:
    """Turn a field into its contract form, `convert` doing so for its value."""
    return FieldModel[U](
        value=None if field.value is None else convert(field.value),
        confidence=field.confidence,
        evidence=evidence_models(field.evidence, transcript),
        alternatives=[
            AlternativeModel[U](value=convert(value), confidence=confidence)
            for value, confidence in field.alternatives
        ],
        reason=field.reason,
    )


def evidence_models(evidence: Iterable[Evidence], transcript: Transcript) -> list[EvidenceModel]:
    """Turn spans into quotes."""
    return [
        EvidenceModel(
            utterance_id=e.utterance_id,
            quote=transcript.utterance(e.utterance_id).text[e.char_start : e.char_end],
            start_ms=e.start_ms,
            end_ms=e.end_ms,
            char_start=e.char_start,
            char_end=e.char_end,
        )
        for e in evidence
    ]
