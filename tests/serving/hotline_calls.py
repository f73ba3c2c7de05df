"""What a shipped profile makes of a request: extraction and draft, as the pipeline makes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from asr.types import Transcript, Utterance
from nlu.extractor import Extractor
from nlu.types import Extraction
from serving.profile import Profile, load_profile
from ticket_draft.drafter import draft_ticket
from ticket_draft.types import TicketDraft

WEDNESDAY = datetime(2026, 5, 20, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
MINUTE_MS = 60_000


@dataclass(frozen=True)
class Answer:
    """What was made of one request."""

    extraction: Extraction
    draft: TicketDraft

    @property
    def agency(self) -> str | None:
        return self.extraction.agency.value

    @property
    def agencies(self) -> list[str]:
        """The agency and its runners-up."""
        others = [name for name, _ in self.extraction.agency.alternatives]
        return ([self.agency] if self.agency else []) + others

    @property
    def category(self) -> str:
        return "/".join(self.extraction.category.value or ())


class Hotline:
    """A shipped profile with its extractor."""

    def __init__(self, name: str) -> None:
        self.profile: Profile = load_profile(name)
        self._extractor = Extractor(self.profile.nlu)

    def ask(self, said: str, *agent: str, received_at: datetime = WEDNESDAY) -> Answer:
        """Return what is made of a caller's words, and of the agent's after them."""
        utterances = [Utterance("c1", "citizen", 0, MINUTE_MS, said, 1.0)]
        for n, text in enumerate(agent, start=1):
            start_ms = n * MINUTE_MS
            utterances.append(
                Utterance(f"a{n}", "agent", start_ms, start_ms + MINUTE_MS, text, 1.0)
            )
        call = Transcript(tuple(utterances), MINUTE_MS * len(utterances))
        extraction = self._extractor.extract(call, call_time=received_at)
        profile = self.profile
        draft = draft_ticket(
            call, extraction, profile.tickets, profile.deadlines, received_at=received_at
        )
        return Answer(extraction, draft)
