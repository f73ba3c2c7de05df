"""What an AudioSocket connection cannot say itself: whose leg it is, of which call and hotline.

An AudioSocket carries a UUID and audio, nothing more. Whoever makes the UUID can announce
it before Asterisk connects.
"""

from __future__ import annotations

import time
from uuid import UUID

from pydantic import ConfigDict

from serving.ingress.phone_options import PhoneOptions

_KEPT_S = 600.0
_MOST = 10_000


class Announcement(PhoneOptions):
    """What a connection with this UUID brings."""

    # Unlike a dialplan's own names, a mistyped field here is a mistake.
    model_config = ConfigDict(extra="forbid", frozen=True)


class Announcements:
    """Announced connections by UUID; each is remembered for ten minutes."""

    def __init__(self) -> None:
        self._kept: dict[UUID, tuple[float, Announcement]] = {}

    def add(self, uuid: UUID, announcement: Announcement) -> None:
        """Remember an announcement; the oldest give way where there are too many."""
        self._kept.pop(uuid, None)
        self._kept[uuid] = (time.monotonic(), announcement)
        self._drop_old()

    def find(self, uuid: UUID) -> Announcement:
        """Return what was announced, an empty announcement where nothing was."""
        self._drop_old()
        _, announcement = self._kept.get(uuid, (0.0, Announcement()))
        return announcement

    def _drop_old(self) -> None:
        oldest_s = time.monotonic() - _KEPT_S
        while self._kept:
            uuid, (added_s, _) = next(iter(self._kept.items()))
            if added_s > oldest_s and len(self._kept) <= _MOST:
                return
            del self._kept[uuid]
