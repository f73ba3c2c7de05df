"""The dispatch directory at work: which of its matters a text speaks of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from nlu.errors import DirectoryError
from nlu.profile import Agency, Duty, NluProfile


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
        self._agencies = {agency.name: agency for agency in profile.agencies.agencies}
        self._by_function: dict[tuple[str, str], list[Agency]] = {}
        for agency in profile.agencies.agencies:
            self._by_function.setdefault((agency.function, agency.level), []).append(agency)
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

    def matches(self, text: str) -> list[DutyMatch]:
        """Return the matters a text speaks of, the most specific first."""
        found = []
        for duty in self._duties:
            if any(word in text for word in duty.exclusions):
                continue
            words = tuple(word for word in duty.words if _said(word, text))
            if words:
                longest = max(len(word.replace("+", "")) for word in words)
                found.append(DutyMatch(duty, words, longest + len(words) - 1.0))
        return sorted(found, key=lambda match: -match.strength)


def _said(word: str, text: str) -> bool:
    return all(part in text for part in word.split("+"))
