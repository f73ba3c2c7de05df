"""The draft of a live call, made anew after each final utterance."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import datetime
from typing import Any

from asr.types import Transcript
from nlu.changes import changes
from nlu.types import Extraction
from serving.contract import TicketModel
from serving.conversion import callback_model, ticket_model
from serving.feed import CallLog
from serving.live.events import CallbackUpdate, DraftUpdate, Trouble
from serving.pipeline import Pipeline, Understanding
from serving.result import CallKind
from serving.understanding import Extract

log = logging.getLogger(__name__)


class LiveDraft:
    """Keeps a call's draft up to date without keeping its audio waiting.

    Understanding runs in `executor`; utterances that become final meanwhile share the
    next run. A run that fails costs one update, and the followers are told.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        executor: Executor,
        log: CallLog,
        transcript: Callable[[], Transcript],
        *,
        received_at: datetime,
        kind: CallKind | None,
    ) -> None:
        self._pipeline = pipeline
        self._reading = pipeline.follow()
        self._extraction: Extraction | None = None
        self._executor = executor
        self._log = log
        self._transcript = transcript
        self._received_at = received_at
        self._kind = kind
        self._is_stale = asyncio.Event()
        self._ticket: TicketModel | None = None
        self._revision = 0

    def touch(self) -> None:
        """Say that the transcript has grown."""
        self._is_stale.set()

    async def keep(self) -> None:
        """Draft after each touch, until cancelled."""
        while True:
            await self._is_stale.wait()
            self._is_stale.clear()
            transcript = self._transcript()
            try:
                self.publish(await self.understand(transcript), transcript)
            except Exception:
                log.exception("a live call's draft could not be made")
                self._log.publish(
                    Trouble(
                        error="draft-failed",
                        title="草稿未能更新",
                        message="the draft could not be updated; the next utterance tries again",
                    )
                )

    async def understand(self, transcript: Transcript) -> Understanding:
        """Return what the call means so far."""
        return await self._understood(transcript, self._reading.extract)

    async def conclude(self, transcript: Transcript) -> Understanding:
        """Return what the whole call means, the same as for its recording."""
        return await self._understood(transcript, self._reading.conclude)

    async def _understood(self, transcript: Transcript, extract: Extract) -> Understanding:
        return await asyncio.get_running_loop().run_in_executor(
            self._executor,
            lambda: self._pipeline.understand(
                transcript, received_at=self._received_at, kind=self._kind, extract=extract
            ),
        )

    def publish(self, understood: Understanding, transcript: Transcript) -> None:
        """Tell the followers what is new."""
        if understood.ticket is not None:
            ticket = ticket_model(understood.ticket, transcript)
            if ticket != self._ticket:
                changed = changed_fields(self._ticket, ticket)
                why = dict(changes(self._extraction, understood.extraction, transcript))
                self._revision += 1
                self._ticket = ticket
                self._log.publish(
                    DraftUpdate(
                        revision=self._revision,
                        changed=changed,
                        reasons={name: why[name] for name in changed if name in why},
                        ticket=ticket,
                    )
                )
        self._extraction = understood.extraction
        if understood.callback is not None:
            self._log.publish(
                CallbackUpdate(callback=callback_model(understood.callback, transcript))
            )


def changed_fields(before: TicketModel | None, after: TicketModel) -> list[str]:
    """Return the fields whose value differs, those of the caller as `caller.phone` and so on.

    Without a draft before, these are the fields that have a value.
    """
    old = _values(before) if before is not None else {}
    new = _values(after)
    return [name for name in new if new[name] != old.get(name, _EMPTY.get(name))]


_EMPTY: dict[str, Any] = {"missing": [], "flags": []}


def _values(ticket: TicketModel) -> dict[str, Any]:
    fields = dict(ticket)
    caller = fields.pop("caller")
    fields |= {f"caller.{name}": field for name, field in dict(caller).items()}
    return {name: getattr(field, "value", field) for name, field in fields.items()}
