"""A call's result as a role may see it: personal data covered with stars.

Works on the contract's JSON models, so that what was stored or written before can be masked
too. Texts keep their length: evidence points at the same words, which are masked alike.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from asr.types import Transcript
from nlu.pii.masking import Masker
from nlu.pii.policy import Role
from serving.contract import (
    AlternativeModel,
    CallbackModel,
    CallerModel,
    CallModel,
    EvidenceModel,
    FactsModel,
    FieldModel,
    FindingModel,
    LocationModel,
    QAModel,
    TicketModel,
    TranscriptModel,
    WritingModel,
)
from serving.conversion import transcript_model, transcript_of

T = TypeVar("T")
CONFIDENTIAL = "来电人要求保密"
"""The flag of a draft whose caller asked for it."""


def masked_call(call: CallModel, role: Role) -> CallModel:
    """Return a call as a role sees it; the same object where the role sees everything.

    `provenance.masked_for` names the role.
    """
    mask = call_mask(call, role)
    return mask.call(call) if mask else call


def call_mask(call: CallModel, role: Role) -> CallMask | None:
    """Return what masks a call for a role; None where the role sees everything."""
    confidential = is_confidential(call.ticket)
    if role.sees_all(is_confidential=confidential):
        return None
    return CallMask(call.transcript, role, confidential)


def is_confidential(ticket: TicketModel | None) -> bool:
    """Tell whether the caller asked to be kept confidential."""
    return ticket is not None and CONFIDENTIAL in ticket.flags


def masked_line(text: str, role: Role) -> str:
    """Return a text that stands without its call (a title in a list, a file's name)."""
    return Masker(role, ()).text(text)


class CallMask:
    """Masks the parts of one call, each by what was found in all of it."""

    def __init__(self, transcript: TranscriptModel, role: Role, confidential: bool) -> None:
        words: Transcript = transcript_of(transcript)
        self._role = role
        self._masker = Masker.of_call(words, role, is_confidential=confidential)
        hidden = self._masker.transcript(words)
        self._texts = {u.id: u.text for u in words.utterances}
        self._hidden = {u.id: u.text for u in hidden.utterances}
        shown = {u.id: u for u in transcript_model(hidden).utterances}
        self.transcript = TranscriptModel(utterances=[shown[u.id] for u in transcript.utterances])

    def call(self, call: CallModel) -> CallModel:
        """Mask a result."""
        return call.model_copy(
            update={
                "provenance": {**call.provenance, "masked_for": self._role.name},
                "transcript": self.transcript,
                "ticket": self.ticket(call.ticket) if call.ticket else None,
                "qa": self.qa(call.qa),
                "callback": self.callback(call.callback) if call.callback else None,
            }
        )

    def plain(self, value: Any, field: str = "") -> Any:
        """Mask what a person set or wrote: a text, or a field's value as plain data."""
        if isinstance(value, dict):
            return {key: self.plain(inner, f"{field}.{key}") for key, inner in value.items()}
        if isinstance(value, list):
            return [self.plain(inner, field) for inner in value]
        if not isinstance(value, str) or not value:
            return value
        if field.endswith("caller.surname"):
            return self._masker.value("name", value)
        if field.endswith("caller.phone"):
            return self._masker.value("phone", value)
        return self._masker.text(value)

    def ticket(self, ticket: TicketModel) -> TicketModel:
        """Mask a draft."""
        text = self._masker.text
        return ticket.model_copy(
            update={
                "title": self._field(ticket.title, text),
                "request_type": self._field(ticket.request_type, str),
                "category": self._field(ticket.category, list),
                "summary": self._field(ticket.summary, text),
                "content": self._field(ticket.content, text),
                "location": self._field(ticket.location, self._place),
                "occurred_at": self._field(ticket.occurred_at, _same),
                "agency": self._field(ticket.agency, str),
                "urgency": self._field(ticket.urgency, str),
                "caller": CallerModel(
                    surname=self._field(
                        ticket.caller.surname, lambda name: self._masker.value("name", name)
                    ),
                    phone=self._field(
                        ticket.caller.phone, lambda number: self._masker.value("phone", number)
                    ),
                ),
                "facts": self._facts(ticket.facts) if ticket.facts else None,
            }
        )

    def _facts(self, facts: FactsModel) -> FactsModel:
        return facts.model_copy(
            update={
                "amounts": [self._field(amount, _same) for amount in facts.amounts],
                "affected": self._field(facts.affected, _same),
                "party": self._field(facts.party, _same),
                "plates": [
                    self._field(plate, lambda value: self._masker.value("plate", value))
                    for plate in facts.plates
                ],
                "references": [self._field(number, _same) for number in facts.references],
                "mood": self._field(facts.mood, _same),
                "earlier_calls": self._field(facts.earlier_calls, _same),
                "confidential": self._field(facts.confidential, _same),
                "signals": [
                    signal.model_copy(update={"evidence": self._evidence(signal.evidence)})
                    for signal in facts.signals
                ],
            }
        )

    def qa(self, report: QAModel) -> QAModel:
        """Mask the words that a QA report quotes."""
        return report.model_copy(
            update={
                "findings": [
                    FindingModel.model_validate(
                        {**dict(finding), "evidence": self._evidence(finding.evidence)}
                    )
                    for finding in report.findings
                ]
            }
        )

    def writing(self, report: WritingModel) -> WritingModel:
        """Mask the words that a report on writing quotes."""
        text = self._masker.text
        return report.model_copy(
            update={
                "findings": [
                    finding.model_copy(
                        update={
                            "note": text(finding.note),
                            "missing": [text(said) for said in finding.missing],
                            "evidence": [
                                place.model_copy(update={"quote": text(place.quote)})
                                for place in finding.evidence
                            ],
                        }
                    )
                    for finding in report.findings
                ]
            }
        )

    def callback(self, score: CallbackModel) -> CallbackModel:
        """Mask the words that a callback score quotes."""
        return score.model_copy(
            update={
                "contacted": self._field(score.contacted, _same),
                "resolved": self._field(score.resolved, _same),
                "satisfaction": self._field(score.satisfaction, _same),
                "reason_evidence": self._evidence(score.reason_evidence),
            }
        )

    def _field(self, field: FieldModel[T], mask: Callable[[T], Any]) -> FieldModel[T]:
        return field.model_copy(
            update={
                "value": None if field.value is None else mask(field.value),
                "evidence": self._evidence(field.evidence),
                "alternatives": [
                    AlternativeModel[Any](value=mask(other.value), confidence=other.confidence)
                    for other in field.alternatives
                ],
            }
        )

    def _evidence(self, evidence: list[EvidenceModel]) -> list[EvidenceModel]:
        return [e.model_copy(update={"quote": self._quote(e)}) for e in evidence]

    def _quote(self, e: EvidenceModel) -> str:
        start, end = e.char_start, e.char_end
        if start is None or end is None:
            start = max(0, self._texts.get(e.utterance_id, "").find(e.quote))
            end = start + len(e.quote)
        return self._hidden.get(e.utterance_id, "")[start:end]

    def _place(self, place: LocationModel) -> LocationModel:
        return place.model_copy(update={"text": self._masker.text(place.text)})


def _same(value: T) -> T:
    return value
