"""Puts what corrections teach on the odds of agencies, each at its own place."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping

from nlu.corrections import Lesson, Likeness
from nlu.directory_evidence import place_fit
from nlu.location import Resolution
from nlu.profile import Agency, NluProfile

_FLOOR = 0.01
"""What an agency that nothing else speaks for starts from, when a correction names it."""
_WORTH_NAMING = 0.3
_BESIDE_A_MODEL = 0.25


class CorrectedOdds:
    """Corrects the odds of one hotline's agencies; immutable after construction.

    A correction of one district's unit teaches about its counterparts too: which of them it
    is, the place says.
    """

    def __init__(self, profile: NluProfile) -> None:
        members: dict[tuple[str, str], list[Agency]] = defaultdict(list)
        for agency in profile.agencies.agencies:
            is_local = agency.level in ("district", "town")
            members[agency.level, agency.function if is_local else agency.name].append(agency)
        self._counterparts = {
            agency.name: (key, tuple(group)) for key, group in members.items() for agency in group
        }

    def apply(
        self, odds: Mapping[str, float], lesson: Lesson, place: Resolution, *, learned: bool
    ) -> dict[str, float]:
        """Return the odds as the lesson changes them; their sum stays, unless it was next to none.

        Where a model has `learned` from thousands of tickets, a correction says less.
        Agencies that the hotline no longer has are passed over.
        """
        if not lesson.nearest:
            return dict(odds)
        shifts: dict[tuple[str, str], float] = defaultdict(float)
        for name, shift in lesson.shifts.items():
            if name in self._counterparts:
                shifts[self._counterparts[name][0]] += shift * (_BESIDE_A_MODEL if learned else 1)
        changed = dict(odds)
        for name in lesson.shifts:
            if name in self._counterparts and shifts[self._counterparts[name][0]] > 0:
                for other, share in self._at(name, place).items():
                    changed[other] = max(changed.get(other, 0.0), _FLOOR * share)
        for name in changed:
            if name in self._counterparts:
                changed[name] *= math.exp(shifts.get(self._counterparts[name][0], 0.0))
        whole = sum(odds.values()) or _FLOOR
        changed = _scaled(changed, whole)
        same = lesson.same_matter
        if same is None or same[0].correction.right not in self._counterparts:
            return changed
        near, weight = same
        whole = max(whole, near.similarity)
        changed = _scaled(changed, whole * (1 - weight))
        for name, share in self._at(str(near.correction.right), place).items():
            changed[name] = changed.get(name, 0.0) + whole * weight * share
        return changed

    def reason(self, chosen: str, lesson: Lesson) -> str | None:
        """Return which corrected ticket speaks for the agency, in Chinese; nothing of its words."""
        for near in lesson.nearest:
            if near.similarity >= _WORTH_NAMING and self._speaks_for(near, chosen):
                said = near.correction
                wrong = f"，曾误派{said.wrong}" if said.wrong else ""
                return (
                    f"与{said.made_on:%Y-%m-%d}更正的工单相近（{near.similarity:.0%}）："
                    f"承办单位{said.right}{wrong}"
                )
        return None

    def _speaks_for(self, near: Likeness, chosen: str) -> bool:
        right, known = near.correction.right, self._counterparts
        return right in known and chosen in known and known[right][0] == known[chosen][0]

    def _at(self, name: str, place: Resolution) -> dict[str, float]:
        """Return the counterparts of an agency by how likely each is at the place."""
        group = self._counterparts[name][1]
        if len(group) == 1 or not place.districts:
            return {name: 1.0}
        fits = {agency.name: place_fit(agency, place) for agency in group}
        return _scaled(fits, 1.0)


def _scaled(odds: Mapping[str, float], whole: float) -> dict[str, float]:
    total = sum(odds.values())
    return {name: whole * value / total for name, value in odds.items()} if total else dict(odds)
