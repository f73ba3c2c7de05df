"""What people correct about agencies, taught to the hotlines of this process at once."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Mapping

from nlu.corrections import MOST_REMEMBERED, Correction, CorrectionMemory
from serving.clock import CHINA_TIME
from serving.contract import CallModel, TicketModel
from serving.conversion import transcript_of
from serving.errors import ReviewError
from serving.pipeline import Pipeline
from serving.store import CorrectionStore
from serving.store.tables import AgencyCorrection

log = logging.getLogger(__name__)

REFRESH_S = 30.0
"""How soon a process knows what was corrected in another that shares its store."""


class Corrections:
    """Takes corrections, keeps them, and lets the pipelines that follow it know them."""

    def __init__(self, store: CorrectionStore) -> None:
        self._store = store
        self._followers: dict[str, Pipeline] = {}
        self._known: dict[str, int] = {}
        self._lock = threading.Lock()

    def follow(self, pipeline: Pipeline) -> None:
        """Teach a pipeline what its hotline knows, and from now on what it learns; blocks."""
        with self._lock:
            self._followers[pipeline.profile.name] = pipeline
            self._known.pop(pipeline.profile.name, None)
        self.refresh(pipeline.profile.name)

    def refresh(self, profile: str) -> None:
        """Read the hotline's corrections again if there are new ones; blocks."""
        with self._lock:
            pipeline = self._followers.get(profile)
            newest = self._store.newest_id(profile)
            if pipeline is None or newest == self._known.get(profile):
                return
            rows = self._store.latest(profile, MOST_REMEMBERED)
            pipeline.remember(CorrectionMemory([_correction(row) for row in rows]))
            self._known[profile] = newest

    async def keep_fresh(self) -> None:
        """Take over what other processes were told, until cancelled."""
        while True:
            await asyncio.sleep(REFRESH_S)
            for profile in list(self._followers):
                try:
                    await asyncio.to_thread(self.refresh, profile)
                except Exception:
                    log.exception("corrections could not be read again; tried again later")

    def corrected(
        self, pipeline: Pipeline, call: CallModel, agency: str | None, actor: str
    ) -> AgencyCorrection | None:
        """Learn that `agency` is the right one for a finished call; None where nothing is new."""
        ticket = call.ticket
        if ticket is None or agency is None:
            return None
        known = [row for row in self._store.of(call.call_id) if row.right]
        before = known[-1].right if known else ticket.agency.value
        if agency == before:
            return None
        wrong = ticket.agency.value if ticket.agency.value != agency else None
        made = self._store.add(
            call.call_id,
            profile=call.profile,
            kind="corrected",
            right=agency,
            wrong=wrong,
            believed=believed_agencies(ticket),
            features=pipeline.features(transcript_of(call.transcript)),
            actor=actor,
        )
        self.refresh(call.profile)
        return made

    def returned(
        self, pipeline: Pipeline, call: CallModel, by: str, to: str | None, actor: str
    ) -> AgencyCorrection:
        """Learn that a unit sent a ticket back, and where it goes instead if that is known.

        Raises ReviewError for units that the hotline does not have.
        """
        names = {agency.name for agency in pipeline.profile.nlu.agencies.agencies}
        for name in (by, to):
            if name is not None and name not in names:
                raise ReviewError(f"no agency {name!r} in agencies.yaml of {call.profile}")
        if by == to:
            raise ReviewError("a unit that returned the ticket cannot be who it goes to next")
        made = self._store.add(
            call.call_id,
            profile=call.profile,
            kind="returned",
            right=to,
            wrong=by,
            believed=believed_agencies(call.ticket) if call.ticket else {},
            features=pipeline.features(transcript_of(call.transcript)),
            actor=actor,
        )
        self.refresh(call.profile)
        return made


def believed_agencies(ticket: TicketModel) -> Mapping[str, float]:
    """Return the machine's probabilities of the agencies it considered."""
    field = ticket.agency
    believed = {other.value: other.confidence for other in field.alternatives}
    if field.value is not None:
        believed[field.value] = field.confidence
    return believed


def _correction(row: AgencyCorrection) -> Correction:
    return Correction(
        features=tuple(row.features),
        right=row.right,
        wrong=row.wrong,
        made_on=row.at.astimezone(CHINA_TIME).date(),
        believed=row.believed,
    )
