"""Who answers: the trained model × the dispatch directory × the place.

The model says what kind of unit has such matters, the directory which duty clause covers
them, and the place which district's or town's unit it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nlu.corrected_odds import CorrectedOdds
from nlu.corrections import NO_LESSON, Lesson
from nlu.directory import DispatchDirectory, DutyMatch
from nlu.directory_evidence import DirectoryReader, place_fit
from nlu.location import Resolution
from nlu.profile import Agency, NluProfile
from nlu.types import Evidence, Field

_TOP = 5
_DIRECTORY_WEIGHT = 1.6
"""How much a directory match multiplies an agency's odds, tuned on dev."""
_FUNCTION_POWER = 0.5
_PLACE_POWER = 0.8
_TINY = 1e-6
_ASSISTING = 0.3
_NAMED = 0.7
_AMONG_MATCHES = 3
_EVENNESS = 0.5
"""Model, function, place and directory repeat each other; their product is too sure by this power
(on dev, it is what leaves less than 2% wrong above 0.9)."""
_USUAL_STRENGTH = 4.0


@dataclass(frozen=True, slots=True)
class Learned:
    """The model's probabilities: of each agency, and of each function.

    A function is keyed `level:function` for units that districts have each of their own, else
    by the agency's name. Both are empty where a hotline has no model.
    """

    agencies: Mapping[str, float]
    functions: Mapping[str, float]


NOTHING_LEARNED = Learned({}, {})


class Dispatcher:
    """Chooses agencies for one hotline; holds no state between calls."""

    def __init__(self, profile: NluProfile) -> None:
        self._agencies = {agency.name: agency for agency in profile.agencies.agencies}
        self._directory = DispatchDirectory(profile)
        self._reader = DirectoryReader(profile, self._directory)
        self._corrected = CorrectedOdds(profile)
        self._threshold = profile.dispatch_threshold
        self._groups: dict[tuple[str, str], list[Agency]] = defaultdict(list)
        for agency in profile.agencies.agencies:
            if agency.level in ("district", "town"):
                self._groups[agency.level, agency.function].append(agency)
        self._functions = {
            agency.name: f"{agency.level}:{agency.function}"
            for members in self._groups.values()
            for agency in members
        }

    def dispatch(
        self,
        text: str,
        learned: Learned,
        place: Resolution,
        evidence: tuple[Evidence, ...],
        lesson: Lesson = NO_LESSON,
    ) -> Field[str]:
        """Return the agency with its runners-up, or none with the reason.

        `lesson` is what people's corrections say of the text.
        """
        odds, matches = self._odds(text, learned, place)
        odds = self._corrected.apply(odds, lesson, place, learned=bool(learned.agencies))
        if not odds:
            return Field.empty("派单目录中没有对应事项，请人工派单")
        ranked = sorted(odds.items(), key=lambda item: -item[1])
        chosen, confidence = ranked[0]
        others = tuple((name, round(p, 4)) for name, p in ranked[1:_TOP])
        if doubt := self._doubt(ranked):
            alternatives = ((chosen, round(confidence, 4)), *others)
            return Field(None, alternatives=alternatives, reason=doubt)
        reasons = (
            _reason(chosen, matches, self._directory),
            self._corrected.reason(chosen, lesson),
        )
        reason = "；".join(reason for reason in reasons if reason) or None
        return Field(chosen, round(confidence, 4), evidence, others, reason)

    def matters(self, text: str, place: Resolution) -> Sequence[DutyMatch]:
        """Return the matters of the directory that a text may be of, the likeliest first."""
        said = self._reader.read(text, place)
        return said.matches if said.probabilities() else ()

    def direct_notes(self, matters: Sequence[DutyMatch], agency: str | None) -> tuple[str, ...]:
        """Return the note that a matter goes straight to the unit that answers (直达基层)."""
        for match in matters:
            if any(owner.name == agency for owner in self._directory.owners(match.duty)):
                if match.duty.direct:
                    return (f"直达基层：「{match.duty.matter}」直接派{agency}，不逐级转派",)
                return ()
        return ()

    def _doubt(self, ranked: Sequence[tuple[str, float]]) -> str | None:
        """Return why a person must choose, or None."""
        confidence = ranked[0][1]
        shown = "、".join(name for name, _ in ranked[:3])
        if confidence < self._threshold:
            return f"把握不足（{confidence:.0%}），请人工确认承办单位，候选：{shown}"
        if len(ranked) > 1 and confidence - ranked[1][1] < _TINY:
            return f"由问题发生地决定，请问清地点，候选：{shown}"
        return None

    def _odds(
        self, text: str, learned: Learned, place: Resolution
    ) -> tuple[dict[str, float], Sequence[DutyMatch]]:
        """Return each agency's probability, and the matters that speak for some of them."""
        if not learned.agencies:
            said = self._reader.read(text, place)
            return said.probabilities(), said.matches
        matches = self._directory.matches(text)
        odds = self._by_place(self._by_function(learned), place)
        odds = self._with_directory(odds, matches, place, self._directory.named(text))
        return _normalised({name: share**_EVENNESS for name, share in odds.items()}), matches

    def _by_function(self, learned: Learned) -> dict[str, float]:
        """Weigh each agency by how likely its function is."""
        if not learned.functions:
            return dict(learned.agencies)
        odds = {
            name: share
            * learned.functions.get(self._functions.get(name, name), _TINY) ** _FUNCTION_POWER
            for name, share in learned.agencies.items()
        }
        return _normalised(odds)

    def _by_place(self, learned: dict[str, float], place: Resolution) -> dict[str, float]:
        """Weigh each agency by how well its jurisdiction fits the place.

        The mass of a function moves between the districts' counterparts; it does not leave it.
        """
        if not place.districts or not learned:
            return learned
        odds = dict(learned)
        for members in self._groups.values():
            if len({agency.jurisdiction.partition("/")[0] for agency in members}) < 2:
                continue
            mass = sum(learned.get(agency.name, 0.0) for agency in members)
            fit = {
                agency.name: learned.get(agency.name, 0.0)
                * place_fit(agency, place) ** _PLACE_POWER
                for agency in members
            }
            total = sum(fit.values())
            for name, value in fit.items():
                odds[name] = mass * value / total if total else 0.0
        return odds

    def _with_directory(
        self,
        odds: dict[str, float],
        matches: Sequence[DutyMatch],
        place: Resolution,
        named: Sequence[Agency],
    ) -> dict[str, float]:
        """Strengthen what the directory names."""
        gains: dict[str, float] = defaultdict(float)
        for rank, match in enumerate(matches[:_AMONG_MATCHES]):
            weight = match.strength / _USUAL_STRENGTH / (rank + 1)
            for share, agencies in (
                (1.0, list(self._directory.owners(match.duty))),
                (_ASSISTING, list(self._directory.assisting(match.duty))),
            ):
                for agency in agencies:
                    gains[agency.name] += weight * share * place_fit(agency, place)
        for agency in named:
            gains[agency.name] += _NAMED
        return {
            name: share * (1.0 + _DIRECTORY_WEIGHT * gains.get(name, 0.0))
            for name, share in odds.items()
        }


def _normalised(odds: dict[str, float]) -> dict[str, float]:
    total = sum(odds.values())
    return {name: value / total for name, value in odds.items()} if total else odds


def _reason(chosen: str, matches: Sequence[DutyMatch], directory: DispatchDirectory) -> str | None:
    """Return the clause that gives the matter to the agency, and what in the text speaks for it."""
    for match in matches:
        of_city = any(agency.name == chosen for agency in directory.city_counterparts(match.duty))
        if of_city or any(agency.name == chosen for agency in directory.owners(match.duty)):
            mark = "" if match.duty.clause_source == "quoted" else "（职责为本系统概括）"
            words = "、".join(match.words[:3])
            basis = f"依据：{words}" if words else "依据：说法与该事项相近，请核对"
            assisting = "、".join(match.duty.assisting)
            helped = f"；协办：{assisting}" if assisting else ""
            return f"派单目录「{match.duty.matter}」：{match.duty.clause}{mark}；{basis}{helped}"
    return None
