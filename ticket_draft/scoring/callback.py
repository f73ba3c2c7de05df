"""The answers of a satisfaction callback (回访): contacted, resolved, satisfied.

For each question the citizen's own words decide; where they do not, what was said in
passing elsewhere in the call counts, with less confidence. Silence is never satisfaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast, get_args

from asr.types import Transcript, Utterance
from nlu.types import Evidence, Field
from ticket_draft.scoring.answers import Answer, answers_of, find_cues
from ticket_draft.scoring.cues import contacted, resolved, satisfaction
from ticket_draft.scoring.cues.asides import REFUSALS
from ticket_draft.scoring.cues.cue import Cue, cue
from ticket_draft.scoring.dialogue import dialogue_of
from ticket_draft.scoring.heard import standard
from ticket_draft.scoring.readings import (
    Reader,
    Reading,
    read_contacted,
    read_resolved,
    read_satisfaction,
)
from ticket_draft.scoring.reasons import asks_to_reopen, reasons_of
from ticket_draft.scoring.script import CallbackScript
from ticket_draft.types import CallbackScore, Contacted, Resolved, Satisfaction

Asked = Literal["contacted", "resolved", "satisfaction"]

_CUES: Mapping[Asked, tuple[Cue, ...]] = {
    "contacted": contacted.CUES,
    "resolved": resolved.CUES,
    "satisfaction": satisfaction.CUES,
}
_READERS: Mapping[Asked, Reader] = {
    "contacted": read_contacted,
    "resolved": read_resolved,
    "satisfaction": read_satisfaction,
}
_NEAR: Mapping[Asked, tuple[str, ...]] = {
    "contacted": ("联系",),
    "resolved": ("解决",),
    "satisfaction": ("满意",),
}
_IN_PASSING = 0.7
_BY_SOUND = 0.7
_NOT_ASKED = "话务员未询问"
_NOT_ANSWERED = "来电人未回答"
_NOT_CLEAR = "回答不明确"


@dataclass(frozen=True, slots=True)
class _Heard:
    reading: Reading | None
    reason: str
    utterances: tuple[Utterance, ...]


def score_callback(transcript: Transcript, script: CallbackScript) -> CallbackScore:
    """Read the three answers of a callback, the reasons for dissatisfaction and what to do.

    A value that the call does not give is `unknown` with confidence 0 and a reason.
    """
    answers = answers_of(dialogue_of(transcript), script)
    citizen = tuple(u for a in answers for u in a.utterances)
    heard = {topic: _hear(topic, answers, script) for topic in get_args(Asked)}
    refusal = find_cues(citizen, REFUSALS)
    satisfied = _field(heard["satisfaction"])
    if satisfied.value == "unknown" and satisfied.confidence == 0.0 and refusal:
        pieces = tuple(e for hit in refusal for e in hit.evidence)
        satisfied = Field("refused", 0.75, pieces)
    resolved_field = _field(heard["resolved"])
    reasons: tuple[tuple[str, Evidence], ...] = ()
    if satisfied.value in ("dissatisfied", "neutral") or resolved_field.value in ("no", "partly"):
        reasons = reasons_of(citizen, script)
    reopen_words = asks_to_reopen(citizen)
    return CallbackScore(
        contacted=cast("Field[Contacted]", _field(heard["contacted"])),
        resolved=cast("Field[Resolved]", resolved_field),
        satisfaction=cast("Field[Satisfaction]", satisfied),
        reasons=tuple(reason for reason, _ in reasons),
        reopen=_reopens(script, bool(reopen_words), resolved_field, satisfied),
        flags=_flags(script, heard, satisfied, resolved_field),
        reason_evidence=tuple(evidence for _, evidence in reasons),
    )


def _hear(topic: Asked, answers: Sequence[Answer], script: CallbackScript) -> _Heard:
    own = tuple(cue(c.value, "explicit", c.pattern) for c in script.cues if c.topic == topic)
    cues = (*own, *_CUES[topic])
    asked = [a for a in answers if topic in a.topics]
    for answer in reversed(asked):
        reading = _read(topic, answer.utterances, cues)
        if reading is not None and (reading.value != "unknown" or answer is asked[0]):
            return _Heard(reading, "", answer.utterances)
    others = tuple(u for a in answers if topic not in a.topics for u in a.utterances)
    said = tuple(c for c in cues if c.strength == "explicit" and c.value != "refused")
    passing = _read(topic, others, said)
    if passing is not None and passing.value != "unknown" and _may_pass(topic, passing):
        weaker = replace(passing, confidence=passing.confidence * _IN_PASSING)
        return _Heard(weaker, "", others)
    if not asked:
        return _Heard(None, _NOT_ASKED, ())
    spoke = any(u.text.strip() for a in asked for u in a.utterances)
    return _Heard(None, _NOT_CLEAR if spoke else _NOT_ANSWERED, ())


def _may_pass(topic: Asked, reading: Reading) -> bool:
    """满意 in passing must be the word itself: 还行 to another question is about that one."""
    if topic == "satisfaction":
        return any("满" in hit.text for hit in reading.hits)
    return True


def _read(topic: Asked, utterances: Sequence[Utterance], cues: Sequence[Cue]) -> Reading | None:
    text = standard("\n".join(u.text for u in utterances))
    hits = find_cues(utterances, cues)
    if all(hit.strength == "faint" for hit in hits):
        guessed = find_cues(utterances, cues, near=_NEAR[topic])
        if any(hit.strength == "explicit" and hit.value != "refused" for hit in guessed):
            reading = _READERS[topic](guessed, text)
            return reading and replace(reading, confidence=reading.confidence * _BY_SOUND)
    return _READERS[topic](hits, text)


def _field(heard: _Heard) -> Field[str]:
    reading = heard.reading
    if reading is None:
        return Field("unknown", 0.0, reason=heard.reason)
    evidence = dict.fromkeys(e for hit in reading.hits for e in hit.evidence)
    certainty = _certainty(tuple(evidence), heard.utterances)
    return Field(
        reading.value,
        round(reading.confidence * certainty, 3),
        tuple(evidence),
        reading.alternatives,
        _NOT_CLEAR if reading.value == "unknown" else None,
    )


def _certainty(evidence: tuple[Evidence, ...], utterances: Sequence[Utterance]) -> float:
    """How surely the words were recognised at all, from half to 1."""
    ids = {e.utterance_id for e in evidence}
    heard = [u.confidence for u in utterances if u.id in ids]
    return 0.5 + 0.5 * min(heard) if heard else 1.0


def _reopens(
    script: CallbackScript, requested: bool, resolved: Field[str], satisfied: Field[str]
) -> bool:
    dissatisfied = satisfied.value == "dissatisfied"
    reasons = {
        "requested": requested,
        "dissatisfied": dissatisfied,
        "unresolved_and_dissatisfied": dissatisfied and resolved.value in ("no", "partly"),
    }
    return any(reasons[name] for name in script.reopen_when)


def _flags(
    script: CallbackScript,
    heard: Mapping[Asked, _Heard],
    satisfied: Field[str],
    resolved: Field[str],
) -> tuple[str, ...]:
    notes = {n for h in heard.values() if h.reading is not None for n in h.reading.notes}
    foreign = any(
        hit.mark == "not_mine" for h in heard.values() if h.reading for hit in h.reading.hits
    )
    unsure = [
        h.reading
        for h in heard.values()
        if h.reading is not None and h.reading.confidence < script.low_confidence
    ]
    flags = [
        ("被访人称非本人反映，回访无效", foreign),
        ("被访人拒绝回访", satisfied.value == "refused"),
        ("疑似反话，请复听", "sarcasm" in notes),
        ("不满意的是政策，不是办理", "policy" in notes),
        ("仅对服务满意，问题未办结", "service_only" in notes and resolved.value != "yes"),
        ("部分答案把握不大，请复听", bool(unsure)),
        ("未取得满意度评价", satisfied.value == "unknown"),
    ]
    return tuple(flag for flag, raised in flags if raised)
