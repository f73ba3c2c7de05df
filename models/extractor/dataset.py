"""Tickets as training examples: read, cleaned of hints, and seen the way calls sound.

A ticket is a clerk's writing. What a caller says has no title, no punctuation that can be
relied on and an opening of its own, so each ticket is shown to the model in several views.
"""

from __future__ import annotations

import gzip
import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.errors import TrainingDataError
from models.extractor.hints import matter_of_title, strip_hint, strip_lead

NEWER_SCHEME = "haikou-8000-4000_testset"
"""Rows of this source carry a newer category scheme than the hotline's taxonomy."""

MIN_AGENCY_TICKETS = 10
"""Figures count agencies with at least this many tickets in train and dev together."""

COLUMNS = {
    "id": "id",
    "source": "source",
    "title": "title",
    "content": "content",
    "request_type": "request_type",
    "category": "category",
    "agency": "agency",
    "district": "district",
    "street": "street",
}
"""Where a ticket file keeps what, unless it is told otherwise; all but four are labels."""

_NO_LABELS = frozenset({"id", "source", "title", "content"})
_CATEGORY_LEVELS = 3

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
    """One labelled ticket.

    `content` is freed of hints as the figures define it, `question` as a caller would be
    heard: with the questions that begin like a hint. `labels` holds what the source gives,
    by head: a category path joined by `/`, a street as `district/street`.
    """

    id: str
    source: str
    title: str
    content: str
    question: str
    labels: Mapping[str, str]

    @property
    def agency(self) -> str | None:
        """Who was given the ticket."""
        return self.labels.get("agency")

    @property
    def category(self) -> tuple[str, ...] | None:
        """The category path in the hotline's scheme."""
        path = self.labels.get("category")
        return tuple(path.split("/")) if path else None

    @property
    def text(self) -> str:
        """Title and content; the title alone where the content begins with it."""
        if not self.title or self.content.startswith(self.title.rstrip("。？！?! ")):
            return self.content
        return f"{self.title}。{self.content}"


def read_tickets(path: Path, columns: Mapping[str, str] | None = None) -> list[Ticket]:
    """Read gzipped or plain JSON lines; TrainingDataError names the line that is wrong.

    `columns` says which column holds a text or a label (`{"category": "label"}`), beside
    `COLUMNS`; a name it alone knows becomes one more head.
    """
    opener = gzip.open if path.suffix == ".gz" else open
    places = COLUMNS | dict(columns or {})
    tickets = []
    try:
        with opener(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                tickets.append(_read_line(path, number, line, places))
    except OSError as error:
        raise TrainingDataError(f"{path} cannot be read ({error.strerror or error})") from error
    if not any(ticket.labels for ticket in tickets):
        raise TrainingDataError(
            f"{path} holds no labelled tickets; say which columns hold labels (category=label)"
        )
    return tickets


def _read_line(path: Path, number: int, line: str, places: Mapping[str, str]) -> Ticket:
    try:
        return _ticket(number, json.loads(line), places)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TrainingDataError(
            f"{path} line {number} is no ticket ({error!r}); each line needs at least a text "
            f"in {places['content']!r}"
        ) from error


def _ticket(number: int, row: dict[str, Any], places: Mapping[str, str]) -> Ticket:
    source = str(row.get(places["source"], ""))
    labels = {
        head: str(row[column])
        for head, column in places.items()
        if head not in _NO_LABELS and head != "category" and row.get(column)
    }
    if "street" in labels:
        labels["street"] = f"{labels.get('district', '')}/{labels['street']}"
    path = row.get(places["category"]) or ()
    if levels := [path] if isinstance(path, str) else [str(name) for name in path]:
        head = "newer_category" if source == NEWER_SCHEME else "category"
        labels[head] = "/".join(levels[:_CATEGORY_LEVELS])
    content = str(row[places["content"]])
    return Ticket(
        id=str(row.get(places["id"], number)),
        source=source,
        title="".join(str(row.get(places["title"]) or "").split()),
        content=strip_hint(content),
        question=strip_hint(content, keep_questions=True),
        labels=labels,
    )


def frequent_agencies(tickets: Sequence[Ticket]) -> set[str]:
    """Return the agencies that the figures count."""
    counts = Counter(ticket.agency for ticket in tickets if ticket.agency)
    return {agency for agency, count in counts.items() if count >= MIN_AGENCY_TICKETS}


def views(ticket: Ticket, chance: random.Random) -> Iterator[str]:
    """Yield the ticket as written, as a title, and as a caller would say it."""
    spoken = strip_lead(ticket.question)
    if ticket.title:
        yield ticket.text
    yield ticket.content
    openings = _OPENINGS.get(ticket.labels.get("request_type", ""), _NEUTRAL_OPENINGS)
    yield chance.choice(openings) + spoken.replace("其", "我")
    if ticket.title:
        yield matter_of_title(ticket.title)
