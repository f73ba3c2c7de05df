"""A live call understood as it goes on: what was found once is not looked for again.

The state of a call lies apart from the weights. Each utterance is cut and searched once; the
model reads one text per update, whatever has been said, and catches up when nobody speaks of
the matter. The end of the call pays all debts: its result is that of the whole transcript.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, TypeVar

from asr.types import Transcript, Utterance
from nlu.demand import demand_of
from nlu.gazetteer import Gazetteer, Mention
from nlu.passage import Passage
from nlu.types import Evidence, Extraction, Field

T = TypeVar("T")

Beliefs = dict[str, dict[str, float]]
"""Probabilities by head and label."""

Believe = Callable[[str], Beliefs | None]
"""Asks the model about a text; None where it knows none of the words."""

_LEAD = 1.25
"""So many times as likely as the value that is shown must another be to replace it."""


class CallFindings:
    """What has been found in one call so far; belongs to one call and one thread at a time."""

    def __init__(self, gazetteer: Gazetteer, believe: Believe, *, thrifty: bool = False) -> None:
        """Start with nothing. A `thrifty` one asks the model about one text per update."""
        self.thrifty = thrifty
        self._gazetteer = gazetteer
        self._believe = believe
        self._demand: dict[str, tuple[Utterance, tuple[Evidence, ...]]] = {}
        self._mentions: dict[str, tuple[Mention, ...]] = {}
        self._of_matter = _Belief()
        self._of_all = _Belief()

    def demand(self, utterances: Iterable[Utterance]) -> tuple[Evidence, ...]:
        """Return the spans of the citizen's utterances that state the matter."""
        found: list[Evidence] = []
        for utterance in utterances:
            known = self._demand.get(utterance.id)
            if known is None or known[0] != utterance:
                known = (utterance, tuple(demand_of(utterance)))
                self._demand[utterance.id] = known
            found += known[1]
        return tuple(found)

    def mentions(self, passage: Passage) -> list[Mention]:
        """Return the places named in a passage; names do not reach across its pieces."""
        found: list[Mention] = []
        for piece in passage.pieces:
            text = piece.utterance.text[piece.char_start : piece.char_end]
            if text not in self._mentions:
                self._mentions[text] = tuple(self._gazetteer.find(text))
            found += [
                replace(m, start=m.start + piece.offset, end=m.end + piece.offset)
                for m in self._mentions[text]
            ]
        return found

    def beliefs(self, matter: str, said: str) -> tuple[Beliefs | None, Beliefs | None]:
        """Return what the model makes of the matter, and of all the citizen said.

        Of two texts that are new a thrifty one reads the matter; until the other's turn comes,
        what was known of it before stands, or the matter for it.
        """
        read = self._of_matter.read(matter, self._believe)
        if matter == said:
            self._of_all = replace(self._of_matter)
        elif not (read and self.thrifty):
            self._of_all.read(said, self._believe)
        if self._of_all.text is None:
            return self._of_matter.beliefs, self._of_matter.beliefs
        return self._of_matter.beliefs, self._of_all.beliefs


@dataclass(slots=True)
class _Belief:
    text: str | None = None
    beliefs: Beliefs | None = None

    def read(self, text: str, believe: Believe) -> bool:
        """Ask the model unless it was asked about this text last; tell whether it was asked."""
        if text == self.text:
            return False
        self.text, self.beliefs = text, believe(text)
        return True


class ReadsCalls(Protocol):
    """The extractor, as far as a live call needs it."""

    def findings(self, *, thrifty: bool) -> CallFindings:
        """Return the state of a new call."""

    def extract_with(
        self, transcript: Transcript, findings: CallFindings, *, call_time: datetime
    ) -> Extraction:
        """Understand as much of a call as has been said, using what was found before."""


class CallReading:
    """One live call: `extract` after each final utterance, `conclude` at its end."""

    def __init__(self, extractor: ReadsCalls) -> None:
        self._extractor = extractor
        self._findings = extractor.findings(thrifty=True)
        self._shown: Extraction | None = None
        # The last update may still be on its way when the call ends.
        self._lock = threading.Lock()

    def extract(self, transcript: Transcript, *, call_time: datetime) -> Extraction:
        """Understand the call so far; values that others hardly surpass stay as they were."""
        with self._lock:
            fresh = self._extractor.extract_with(transcript, self._findings, call_time=call_time)
            self._shown = steadied(self._shown, fresh)
            return self._shown

    def conclude(self, transcript: Transcript, *, call_time: datetime) -> Extraction:
        """Understand the whole call: the same as if it were read for the first time."""
        with self._lock:
            self._findings.thrifty = False
            return self._extractor.extract_with(transcript, self._findings, call_time=call_time)


def steadied(before: Extraction | None, after: Extraction) -> Extraction:
    """Return an extraction whose chosen values change only for clearly better ones."""
    if before is None:
        return after
    return replace(
        after,
        request_type=_steady(before.request_type, after.request_type),
        category=_steady(before.category, after.category),
        agency=_steady(before.agency, after.agency),
    )


def _steady(before: Field[T], after: Field[T]) -> Field[T]:
    if before.value is None or after.value is None or before.value == after.value:
        return after
    still = dict(after.alternatives).get(before.value, 0.0)
    if after.confidence >= _LEAD * still:
        return after
    others = tuple(other for other in after.alternatives if other[0] != before.value)
    alternatives = ((after.value, after.confidence), *others)
    return Field(before.value, still, after.evidence, alternatives, before.reason)
