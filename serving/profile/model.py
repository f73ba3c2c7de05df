"""A hotline's configuration, whole and checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from asr.dialects import DialectPlan
from nlu.pii.policy import PrivacyPolicy, standard_policy
from nlu.profile import NluProfile
from ticket_draft.deadlines import DeadlineTable
from ticket_draft.rules import TicketRules
from ticket_draft.scoring.card import QACard
from ticket_draft.scoring.script import CallbackScript
from ticket_draft.scoring.writing_card import WritingCard, standard_card


@dataclass(frozen=True, slots=True)
class ProfileHead:
    """`profile.yaml`: which hotline this is."""

    name: str
    """Name used on the command line; the folder has the same."""
    title: str
    """Name shown on screens."""
    version: str
    """Declared by whoever keeps the profile; a content hash stands beside it."""
    base: str | None = None
    """A folder beside this one (or shipped) that holds what several hotlines share: files that
    are missing here are taken from it, and those here may extend its."""
    extractor: str | None = None
    """Trained weights of the nlu room; a hotline without its own data has none."""
    dispatch_threshold: float = 0.08
    """Below this probability the agency goes to a person instead of onto the ticket."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One hotline: what each room needs to know of it.

    `content_hash` is over all its files, so that two results can be compared even when
    somebody forgot to raise `version`.
    """

    name: str
    title: str
    version: str
    content_hash: str
    folder: Path
    nlu: NluProfile
    tickets: TicketRules
    deadlines: DeadlineTable
    qa: QACard
    callback: CallbackScript
    dialects: DialectPlan = field(default_factory=DialectPlan)
    """Which model hears which dialect; `recognition.yaml` where a hotline has any."""
    privacy: PrivacyPolicy = field(default_factory=standard_policy)
    """Who may see what; `privacy.yaml` where a hotline has its own."""

    writing: WritingCard = field(default_factory=standard_card)
    """How written tickets are judged; `writing.yaml` where a hotline has its own."""

    @property
    def full_version(self) -> str:
        """Declared version and content hash, for the provenance of results."""
        return f"{self.version}+{self.content_hash[:12]}"
