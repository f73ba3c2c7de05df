"""What the followers of a call are told: telephone systems, and the pages of the service."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from serving.contract import CallbackModel, QAModel, Share, TicketModel, UtteranceModel
from serving.feed import FeedEvent
from serving.result import CallKind
from serving.store.tables import CallState

CONCLUDING = "conclude"
"""Stage of a live call whose words are complete and whose result is not stored yet."""


class TranscriptUpdate(FeedEvent):
    """A new version of one utterance.

    A `final` with an empty text takes back an utterance that turned out to be no words.
    """

    type: Literal["transcript"] = "transcript"
    kind: Literal["partial", "final"]
    revision: int
    stable_chars: int
    utterance: UtteranceModel

    @property
    def subject(self) -> str:
        """Each utterance is a subject of its own."""
        return f"transcript {self.utterance.id}"


class DraftUpdate(FeedEvent):
    """The draft as it stands, and the fields whose value differs from the revision before.

    `reasons` says in Chinese why what was understood changed: the words said since.
    """

    type: Literal["draft"] = "draft"
    revision: int
    changed: list[str]
    reasons: dict[str, str] = Field(default_factory=dict)
    ticket: TicketModel


class QAUpdate(FeedEvent):
    """The QA card applied to the call, at its end."""

    type: Literal["qa"] = "qa"
    qa: QAModel


class CallbackUpdate(FeedEvent):
    """The answers of a callback so far."""

    type: Literal["callback"] = "callback"
    callback: CallbackModel


class StateUpdate(FeedEvent):
    """How far the call is; after `done` or `failed` nothing more comes."""

    type: Literal["state"] = "state"
    state: CallState
    kind: CallKind | None = None
    stage: str | None = None
    progress: Share | None = None
    error: str | None = None
    title: str | None = None
    """What went wrong, in Chinese, for screens."""
    message: str | None = None
    """What went wrong and what to do, in English."""

    @property
    def has_heard_all(self) -> bool:
        """Whether no more words come from the live call."""
        return self.state != "live" or self.stage == CONCLUDING


class Trouble(FeedEvent):
    """Something that did not work while the call goes on."""

    type: Literal["trouble"] = "trouble"
    error: str
    title: str
    message: str

    @property
    def subject(self) -> str:
        """Troubles of different kinds stand beside each other."""
        return f"trouble {self.error}"
