"""Tickets as training examples: read, cleaned of hints, and seen the way calls sound.

A ticket is a clerk's writing. What a caller says has no title, no punctuation that can be
relied on and an opening of its own, so each ticket is shown to the model in several views.
"""

from __future__ import annotations

import gzip
import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.errors import TrainingDataError
from models.extractor.hints import matter_of_title, strip_hint, strip_lead

OLD_SCHEME_MISSING = "haikou-8000-4000_testset"
"""Rows of this source carry a newer category scheme than the hotline's taxonomy."""

MIN_AGENCY_TICKETS = 10
"""Figures count agencies with at least this many tickets in train and dev together."""

_OPENINGS: dict[str, tuple[str, ...]] = {
    "投诉类": ("你好，我要投诉一个问题。", "你好我要投诉，", "我要投诉"),
    "咨询类": ("你好，我想咨询一下。", "你好，请问一下，", "我想问一下"),
    "建议类": ("你好，我想提个建议。", "我有个建议，"),
    "紧急类": ("你好，我要反映一个问题，比较着急。", "你好，麻烦快点派人来，"),
    "反馈类": ("你好，我这边反馈一下工单。", "你好，来反馈处理结果，"),
}
_NEUTRAL_OPENINGS = (
    "你好，我要反映一个问题。",
    "喂你好，",
    "你好，是这样的，",
    "您好我想反映一下，",
)


@dataclass(frozen=True, slots=True)
class Ticket:
    """One labelled ticket; a label that the source does not give is None.

    `content` is freed of hints as the figures define it, `question` as a caller would be
    heard: with the questions that begin like a hint.
    """

    id: str
    source: str
    title: str
    content: str
    question: str
    agency: str
    request_type: str | None
    category: tuple[str, str, str] | None
    district: str | None
    street: str | None


def read_tickets(path: Path) -> list[Ticket]:
    """Read gzipped or plain JSON lines; TrainingDataError names the line that is wrong."""
    opener = gzip.open if path.suffix == ".gz" else open
    tickets = []
    with opener(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                tickets.append(_ticket(json.loads(line)))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise TrainingDataError(
                    f"{path} line {number} is no ticket ({error!r}); each line needs at least "
                    "id, content and agency"
                ) from error
    if not tickets:
        raise TrainingDataError(f"{path} holds no tickets")
    return tickets


def _ticket(row: dict[str, Any]) -> Ticket:
    source = str(row.get("source", ""))
    path = [str(name) for name in row.get("category") or ()]
    old_scheme = source != OLD_SCHEME_MISSING and len(path) >= 3
    return Ticket(
        id=str(row["id"]),
        source=source,
        title=str(row.get("title") or ""),
        content=strip_hint(str(row["content"])),
        question=strip_hint(str(row["content"]), keep_questions=True),
        agency=str(row["agency"]),
        request_type=row.get("request_type") or None,
        category=(path[0], path[1], path[2]) if old_scheme else None,
        district=row.get("district") or None,
        street=row.get("street") or None,
    )


def frequent_agencies(tickets: Sequence[Ticket]) -> set[str]:
    """Return the agencies that the figures count."""
    counts = Counter(ticket.agency for ticket in tickets)
    return {agency for agency, count in counts.items() if count >= MIN_AGENCY_TICKETS}


def views(ticket: Ticket, chance: random.Random) -> Iterator[str]:
    """Yield the ticket as written, as a title, and as a caller would say it."""
    spoken = strip_lead(ticket.question)
    if ticket.title:
        yield f"{ticket.title} {ticket.content}"
    yield ticket.content
    openings = _OPENINGS.get(ticket.request_type or "", _NEUTRAL_OPENINGS)
    yield chance.choice(openings) + spoken.replace("其", "我")
    if ticket.title:
        yield matter_of_title(ticket.title)
