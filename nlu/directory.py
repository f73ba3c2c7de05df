"""The dispatch directory at work: which of its matters a text speaks of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from nlu.errors import DirectoryError
from nlu.profile import Agency, Duty, NluProfile

_SHORTEST_NAME = 3


@dataclass(frozen=True, slots=True)
class DutyMatch:
    """A matter found in a text: the duty, the words that spoke for it, and how strongly."""

    duty: Duty
    words: tuple[str, ...]
    strength: float


class DispatchDirectory:
    """The matters of one hotline; DirectoryError when they contradict the agencies."""

    def __init__(self, profile: NluProfile) -> None:
        self._duties = profile.directory.duties
        self._parts = [
            (duty, [(word, tuple(word.split("+"))) for word in duty.words]) for duty in self._duties
        ]
        self._agencies = {agency.name: agency for agency in profile.agencies.agencies}
        self._by_function: dict[tuple[str, str], list[Agency]] = {}
        for agency in profile.agencies.agencies:
            for function in agency.functions:
                self._by_function.setdefault((function, agency.level), []).append(agency)
        self._names = {
            form: agency for agency in profile.agencies.agencies for form in _forms(agency)
        }
        self._check(profile)

    def _check(self, profile: NluProfile) -> None:
        try:
            date.fromisoformat(profile.directory.valid_from)
        except ValueError as error:
            raise DirectoryError(
                f"directory: valid_from {profile.directory.valid_from!r} is no date; "
                "write it as YYYY-MM-DD"
            ) from error
        owners: dict[str, str] = {}
        for duty in self._duties:
            owner = duty.agency or f"{duty.level}:{duty.function}"
            if duty.agency is None and duty.function is None:
                raise DirectoryError(f"directory: {duty.matter} names no agency and no function")
            if duty.agency is not None and duty.agency not in self._agencies:
                raise DirectoryError(
                    f"directory: {duty.matter} goes to {duty.agency}, which agencies.yaml lacks"
                )
            if not any(True for _ in self.owners(duty)):
                raise DirectoryError(
                    f"directory: {duty.matter} asks for function {duty.function} at level "
                    f"{duty.level}, which no agency has"
                )
            if owners.setdefault(duty.matter, owner) != owner:
                raise DirectoryError(
                    f"directory: {duty.matter} is given to both {owners[duty.matter]} and {owner}; "
                    "keep one, or tell them apart by name"
                )
            for named in duty.assisting:
                if named not in self._agencies and not self._with_function(named):
                    raise DirectoryError(
                        f"directory: {duty.matter} is assisted by {named}, which is no agency "
                        "and no function of one"
                    )
            if both := set(duty.words) & set(duty.exclusions):
                raise DirectoryError(
                    f"directory: {duty.matter} has {'、'.join(sorted(both))} among its words and "
                    "its exclusions"
                )

    def owners(self, duty: Duty) -> Iterator[Agency]:
        """Yield the agencies that may answer: one, or one for each place."""
        if duty.agency is not None:
            yield self._agencies[duty.agency]
        else:
            yield from self._by_function.get((duty.function or "", duty.level), [])

    def city_counterparts(self, duty: Duty) -> list[Agency]:
        """Return the city's units of the duty's function."""
        return self._by_function.get((duty.function or "", "city"), [])

    def assisting(self, duty: Duty) -> Iterator[Agency]:
        """Yield the units that assist: by name, or all that have the function."""
        for named in duty.assisting:
            if named in self._agencies:
                yield self._agencies[named]
            else:
                yield from self._with_function(named)

    def _with_function(self, function: str) -> list[Agency]:
        return [
            agency
            for (owned, _), agencies in self._by_function.items()
            if owned == function
            for agency in agencies
        ]

    def named(self, text: str) -> list[Agency]:
        """Return the agencies that a text calls by name (工商局, 龙华城管)."""
        return [agency for form, agency in self._names.items() if form in text]

    def matches(self, text: str) -> list[DutyMatch]:
        """Return the matters a text speaks of, the most specific first."""
        found = []
        for duty, said in self._parts:
            if any(word in text for word in duty.exclusions):
                continue
            words = tuple(word for word, parts in said if _all_in(parts, text))
            if words:
                longest = max(len(word.replace("+", "")) for word in words)
                found.append(DutyMatch(duty, words, longest + len(words) - 1.0))
        return sorted(found, key=lambda match: -match.strength)


def _all_in(parts: Sequence[str], text: str) -> bool:
    for part in parts:  # noqa: SIM110 (a generator costs more than the search itself)
        if part not in text:
            return False
    return True


def _forms(agency: Agency) -> Iterator[str]:
    """Yield what people call an agency: 市公安局 is also 公安局, 海口工商局 also 工商局."""
    yield agency.name
    yield from agency.aliases
    district = agency.jurisdiction.partition("/")[0]
    for prefix in ("海口市", "海口", "市"):
        short = agency.name.removeprefix(prefix)
        if short != agency.name and len(short) >= _SHORTEST_NAME:
            yield short
            break
    if agency.name.startswith(district) and len(agency.name) > len(district) + 1:
        yield district[:-1] + agency.name[len(district) :]
