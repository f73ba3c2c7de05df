"""The facts of a draft in their contract form."""

from __future__ import annotations

from asr.types import Transcript
from nlu.types import Affected, Reference
from serving.contract import AffectedModel, FactsModel, ReferenceModel, SignalModel
from serving.evidence import evidence_models, field_model
from ticket_draft.types import TicketDraft


def facts_model(draft: TicketDraft, transcript: Transcript) -> FactsModel | None:
    """Turn a draft's facts, plates and signals into their contract form."""
    facts = draft.facts
    if facts is None:
        return None
    return FactsModel(
        amounts=[field_model(amount, transcript, float) for amount in facts.amounts],
        affected=field_model(facts.affected, transcript, _affected),
        party=field_model(facts.party, transcript, lambda party: party),
        plates=[field_model(plate, transcript, str) for plate in draft.plates],
        references=[field_model(number, transcript, _reference) for number in facts.references],
        mood=field_model(facts.mood, transcript, lambda mood: mood),
        earlier_calls=field_model(facts.earlier_calls, transcript, int),
        confidential=field_model(facts.confidential, transcript, bool),
        signals=[
            SignalModel(
                name=signal.name,
                level=signal.level,
                evidence=evidence_models((signal.evidence,), transcript),
            )
            for signal in draft.signals
        ],
    )


def _affected(affected: Affected) -> AffectedModel:
    return AffectedModel(count=affected.count, unit=affected.unit, text=affected.text)


def _reference(reference: Reference) -> ReferenceModel:
    return ReferenceModel(kind=reference.kind, number=reference.number)
