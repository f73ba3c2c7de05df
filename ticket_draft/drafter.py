"""From what was understood of a call to a ticket draft whose fields point at the words.

Nothing is invented: title, summary and content are made of the caller's and the agent's
own clauses, put into the third person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from asr.text import written_numbers
from asr.types import Transcript
from nlu.types import Extraction, Field
from ticket_draft.answered import answer_clauses
from ticket_draft.clauses import Clause, demand_clauses, joined
from ticket_draft.completeness import missing_fields
from ticket_draft.deadlines import Deadline, DeadlineTable, deadline_for
from ticket_draft.errors import CalendarError
from ticket_draft.flags import flags_of
from ticket_draft.particulars import numbers_apart
from ticket_draft.routing import (
    grade_of,
    handling_of,
    review_flags,
    sign_off_of,
    urgency_of,
)
from ticket_draft.rules import Matter, TicketRules
from ticket_draft.supervision import supervision_flags
from ticket_draft.title import requests_of, title_of
from ticket_draft.transfer import seat_of, transfer_flags
from ticket_draft.types import DraftCaller, TicketDraft
from ticket_draft.wording import third_person, without_speaker

_NO_CALENDAR = "办结时限落在节假日安排未知的年份，无法计算，请补充 deadlines.yaml 的 years"
_NO_DEMAND = "来电人未说明诉求"
_NO_MATTER = "未能从来电人的话中归纳出事项"


def draft_ticket(
    transcript: Transcript,
    extraction: Extraction,
    rules: TicketRules,
    deadlines: DeadlineTable,
    *,
    received_at: datetime,
) -> TicketDraft:
    """Draft the ticket of a call that came in at `received_at`.

    Where the deadline falls into a year of unknown holidays the draft has none and a flag
    says so: nothing else of the call is lost for it. Raises RuleError when the rules
    contradict themselves.
    """
    clauses = demand_clauses(transcript, extraction.demand)
    answers = answer_clauses(transcript, extraction)
    urgency = urgency_of(rules.urgency, extraction)
    matter = Matter(
        extraction.request_type.value,
        urgency.value,
        extraction.category.value or (),
        extraction.agency.value,
        party=extraction.facts.party.value if extraction.facts else None,
    )
    matter = replace(matter, grade=grade_of(rules, matter, answered=bool(answers)))
    seat = seat_of(rules, matter, transcript)
    deadline, deadline_flags = _deadline(deadlines, matter, received_at)
    return TicketDraft(
        title=_title(clauses, extraction, rules),
        request_type=extraction.request_type,
        category=extraction.category,
        summary=_summary(clauses, rules),
        content=_content(clauses, answers, extraction),
        location=extraction.location,
        occurred_at=extraction.occurred_at,
        agency=extraction.agency,
        urgency=urgency,
        caller=DraftCaller(extraction.caller.surname, extraction.caller.phone),
        due_at=deadline.due_at if deadline else None,
        sign_off=sign_off_of(rules, matter),
        missing=missing_fields(rules, extraction, matter),
        flags=(
            *transfer_flags(rules, transcript, extraction),
            *deadline_flags,
            *flags_of(rules, transcript, extraction),
            *([f"可转专席：{seat}"] if seat else []),
            *supervision_flags(rules.supervision, extraction.facts, received_at),
            *review_flags(rules.review, matter, extraction.agency),
        ),
        handling=handling_of(rules, matter, answered=bool(answers)),
        respond_by=deadline.respond_by if deadline else None,
        facts=extraction.facts,
        plates=extraction.plates,
        signals=extraction.signals,
        dispatch_by=deadline.dispatch_by if deadline else None,
        grade=matter.grade,
        seat=seat,
    )


def _deadline(
    deadlines: DeadlineTable, matter: Matter, received_at: datetime
) -> tuple[Deadline | None, tuple[str, ...]]:
    try:
        return deadline_for(deadlines, matter, received_at), ()
    except CalendarError:
        return None, (_NO_CALENDAR,)


def _title(clauses: Sequence[Clause], extraction: Extraction, rules: TicketRules) -> Field[str]:
    location = extraction.location.value
    wording = title_of(
        clauses,
        place=location.text if location else None,
        prefix=rules.title_prefixes.get(extraction.request_type.value or "", ""),
        max_chars=rules.title_max_chars,
    )
    if wording is None:
        return Field.empty(_NO_MATTER if extraction.demand else _NO_DEMAND)
    return Field(wording.text, _confidence(clauses), wording.evidence)


def _summary(clauses: Sequence[Clause], rules: TicketRules) -> Field[str]:
    """One or two sentences: the matter as first stated, then what the caller asks for."""
    if not clauses:
        return Field.empty(_NO_DEMAND)
    requests = requests_of(clauses)
    stated = [c for c in clauses if c not in requests]
    chosen: list[Clause] = []
    room = rules.summary_max_chars - sum(len(c.text) + 1 for c in requests[:1])
    for clause in stated:
        room -= len(clause.text) + 1
        if chosen and room < 0:
            break
        chosen.append(clause)
    chosen += [c for c in requests[:1] if c not in chosen]
    return Field(
        f"来电人反映{_as_written(chosen)}", _confidence(chosen), tuple(c.evidence for c in chosen)
    )


def _content(
    clauses: Sequence[Clause], answers: Sequence[Clause], extraction: Extraction
) -> Field[str]:
    """Every demand of the caller, numbers they gave apart, then what the agent answered."""
    if not clauses:
        return Field.empty(_NO_DEMAND)
    request_type = extraction.request_type.value
    verb = "咨询" if request_type and request_type.startswith("咨询") else "反映"
    text = f"来电人{verb}：{_as_written(clauses)}"
    apart = tuple(numbers_apart(extraction, text))
    text += "".join(f"{name}：{field.value}。" for name, field in apart)
    if answers:
        text += f"话务员已答复：{written_numbers(joined(answers))}"
    pieces = tuple(c.evidence for c in (*clauses, *answers))
    pieces += tuple(e for _, field in apart for e in field.evidence)
    return Field(text, _confidence([*clauses, *answers]), pieces)


def _as_written(clauses: Sequence[Clause]) -> str:
    return without_speaker(third_person(written_numbers(joined(clauses))))


def _confidence(clauses: Iterable[Clause]) -> float:
    """How sure the recogniser was of the words, weighted by their length."""
    weighted = [(c.utterance.confidence, len(c.text)) for c in clauses]
    total = sum(length for _, length in weighted)
    return sum(confidence * length for confidence, length in weighted) / total if total else 0.0
