"""The rooms' dataclasses turned into the contract's JSON models, and transcripts back."""

from __future__ import annotations

from typing import TypeVar

from asr.types import Transcript, Utterance
from nlu.types import CategoryPath, Field, Location
from serving.contract import (
    CallbackModel,
    CallerModel,
    CallModel,
    FieldModel,
    FindingModel,
    LocationModel,
    QAModel,
    TicketModel,
    TranscriptModel,
    UtteranceModel,
)
from serving.evidence import evidence_models, field_model
from serving.facts import facts_model
from serving.result import CallResult
from ticket_draft.types import CallbackScore, QAReport, TicketDraft

T = TypeVar("T")


def call_model(result: CallResult) -> CallModel:
    """Turn a processed call into its contract form."""
    transcript = result.transcript
    return CallModel(
        call_id=result.call_id,
        kind=result.kind,
        profile=result.profile,
        provenance=result.provenance.as_dict(),
        transcript=transcript_model(transcript),
        ticket=ticket_model(result.ticket, transcript) if result.ticket else None,
        qa=qa_model(result.qa, transcript),
        callback=callback_model(result.callback, transcript) if result.callback else None,
    )


def transcript_model(transcript: Transcript) -> TranscriptModel:
    """Turn a transcript into its contract form."""
    return TranscriptModel(
        utterances=[
            UtteranceModel(
                id=u.id,
                channel=u.channel,
                start_ms=u.start_ms,
                end_ms=u.end_ms,
                text=u.text,
                confidence=u.confidence,
            )
            for u in transcript.utterances
        ]
    )


def transcript_of(model: TranscriptModel) -> Transcript:
    """Read a transcript back from its contract form; it ends with its last utterance."""
    return Transcript(
        utterances=tuple(
            Utterance(
                id=u.id,
                channel=u.channel,
                start_ms=u.start_ms,
                end_ms=u.end_ms,
                text=u.text,
                confidence=u.confidence,
            )
            for u in sorted(model.utterances, key=lambda u: u.start_ms)
        ),
        duration_ms=max((u.end_ms for u in model.utterances), default=0),
    )


def ticket_model(draft: TicketDraft, transcript: Transcript) -> TicketModel:
    """Turn a draft into its contract form; quotes come from the transcript."""

    def plain(field: Field[T]) -> FieldModel[T]:
        return field_model(field, transcript, _same)

    return TicketModel(
        title=plain(draft.title),
        request_type=plain(draft.request_type),
        category=field_model(draft.category, transcript, _path),
        summary=plain(draft.summary),
        content=plain(draft.content),
        location=field_model(draft.location, transcript, location_model),
        occurred_at=plain(draft.occurred_at),
        agency=plain(draft.agency),
        urgency=plain(draft.urgency),
        caller=CallerModel(surname=plain(draft.caller.surname), phone=plain(draft.caller.phone)),
        due_at=draft.due_at,
        sign_off=draft.sign_off,
        missing=list(draft.missing),
        flags=list(draft.flags),
        handling=draft.handling,
        respond_by=draft.respond_by,
        dispatch_by=draft.dispatch_by,
        grade=draft.grade,
        seat=draft.seat,
        facts=facts_model(draft, transcript),
    )


def qa_model(report: QAReport, transcript: Transcript) -> QAModel:
    """Turn a QA report into its contract form."""
    return QAModel(
        score=report.score,
        max_score=report.max_score,
        findings=[
            FindingModel(
                rule_id=f.rule_id,
                passed=f.passed,
                deduction=f.deduction,
                evidence=evidence_models(f.evidence, transcript),
                note=f.note,
            )
            for f in report.findings
        ],
    )


def callback_model(score: CallbackScore, transcript: Transcript) -> CallbackModel:
    """Turn a callback score into its contract form."""
    return CallbackModel(
        contacted=field_model(score.contacted, transcript, _same),
        resolved=field_model(score.resolved, transcript, _same),
        satisfaction=field_model(score.satisfaction, transcript, _same),
        reasons=list(score.reasons),
        reopen=score.reopen,
        flags=list(score.flags),
        reason_evidence=evidence_models(score.reason_evidence, transcript),
    )


def location_model(location: Location) -> LocationModel:
    """Turn a location into its contract form."""
    return LocationModel(
        text=location.text,
        province=location.province,
        city=location.city,
        district=location.district,
        street=location.street,
        community=location.community,
        code=location.code,
    )


def _same(value: T) -> T:
    return value


def _path(path: CategoryPath) -> list[str]:
    return list(path)
