"""Each utterance to the model that understands its dialect, and back by rule where that fails.

A call's dialect may be declared (the seat, the number dialled, the agent's choice), else a
model that identifies languages is asked. An utterance goes the usual way where no route
leads elsewhere, where the route's model is not on this machine, where it fails, or where
it is less sure than the route demands. The transcript says which model spoke.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from asr.errors import EngineError
from asr.recogniser import Recogniser, draft, load_recogniser
from asr.types import Recognition, SpeechSegment

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DialectRoute:
    """Where utterances of one dialect go."""

    dialect: str
    """Name that calls and configuration use, such as `cantonese`."""
    engine: str
    model: str
    language: str = "zh"
    """What the model itself calls the dialect, where it can be told."""
    least_confidence: float = 0.0
    """Below this the usual model is asked too, and the surer of both is believed."""


@dataclass(frozen=True, slots=True)
class DialectPlan:
    """The routes of a hotline; without `identify_by` only declared dialects are routed."""

    routes: tuple[DialectRoute, ...] = ()
    identify_by: str | None = None
    """Model that tells the language of an utterance (SenseVoice, by registry name or folder)."""
    identified: Mapping[str, str] | None = None
    """From what that model calls a language (`yue`) to the dialect of a route."""


class LanguageIdentifier(Protocol):
    """Tells which language was spoken; one may serve several threads."""

    def identify(self, segments: Sequence[SpeechSegment]) -> list[str]:
        """Return a language code for each segment; raises EngineError."""
        ...


@dataclass(frozen=True, slots=True)
class RoutedRecogniser:
    """A route with its model loaded."""

    route: DialectRoute
    recogniser: Recogniser


class DialectRecogniser:
    """A recogniser that sends utterances on; see `asr.recogniser.Recogniser`."""

    def __init__(
        self,
        usual: Recogniser,
        routes: Sequence[RoutedRecogniser],
        *,
        identifier: LanguageIdentifier | None = None,
        identified: Mapping[str, str] | None = None,
    ) -> None:
        self.name = usual.name
        self._usual = usual
        self._routes = {routed.route.dialect: routed for routed in routes}
        self._identifier = identifier
        self._identified = dict(identified or {})

    @property
    def dialects(self) -> tuple[str, ...]:
        """The dialects that have a model of their own here."""
        return tuple(self._routes)

    def transcribe(
        self, segments: Sequence[SpeechSegment], hotwords: Sequence[str] = ()
    ) -> list[Recognition]:
        """Return what was said in each segment, in their order; raises EngineError."""
        by_dialect: dict[str | None, list[int]] = defaultdict(list)
        for place, dialect in enumerate(self._dialects_of(segments)):
            by_dialect[dialect if dialect in self._routes else None].append(place)
        heard: dict[int, Recognition] = {}
        unsure = by_dialect.pop(None, [])
        for dialect, places in by_dialect.items():
            answers = self._by_route(self._routes[str(dialect)], segments, places, hotwords)
            heard.update(answers)
            unsure += [place for place in places if self._is_unsure(dialect, answers.get(place))]
        if unsure:
            asked = [segments[place] for place in sorted(unsure)]
            answered = self._usual.transcribe(asked, hotwords)
            for place, recognition in zip(sorted(unsure), answered, strict=True):
                if place not in heard or recognition.confidence > heard[place].confidence:
                    heard[place] = recognition
        return [heard[place] for place in range(len(segments))]

    def draft(
        self, segments: Sequence[SpeechSegment], hotwords: Sequence[str] = ()
    ) -> list[Recognition]:
        """Return what seems to be said: the usual model's word, but for declared dialects."""
        if any(segment.dialect in self._routes for segment in segments):
            return self.transcribe(segments, hotwords)
        return draft(self._usual, segments, hotwords)

    def _dialects_of(self, segments: Sequence[SpeechSegment]) -> list[str | None]:
        """Return the declared dialect of each segment, else what it sounds like."""
        found: list[str | None] = [segment.dialect for segment in segments]
        unknown = [place for place, dialect in enumerate(found) if dialect is None]
        if self._identifier is None or not unknown:
            return found
        try:
            languages = self._identifier.identify([segments[place] for place in unknown])
        except EngineError as error:
            _LOG.warning("the language could not be identified; the usual way is taken: %s", error)
            return found
        for place, language in zip(unknown, languages, strict=True):
            found[place] = self._identified.get(language)
        return found

    def _by_route(
        self,
        routed: RoutedRecogniser,
        segments: Sequence[SpeechSegment],
        places: Sequence[int],
        hotwords: Sequence[str],
    ) -> dict[int, Recognition]:
        """Return what the route's model heard; nothing where it failed."""
        try:
            answers = routed.recogniser.transcribe([segments[p] for p in places], hotwords)
        except EngineError as error:
            dialect = routed.route.dialect
            _LOG.warning("the model for %s failed; the usual one is asked: %s", dialect, error)
            return {}
        return dict(zip(places, answers, strict=True))

    def _is_unsure(self, dialect: str | None, answer: Recognition | None) -> bool:
        if answer is None:
            return True
        return answer.confidence < self._routes[str(dialect)].route.least_confidence


def with_dialects(usual: Recogniser, plan: DialectPlan, *, threads: int = 0) -> Recogniser:
    """Load the routes of a plan whose models are on this machine, around the usual recogniser.

    What is missing costs nothing but its dialect; the debug log says so.
    """
    routes = []
    for route in plan.routes:
        try:
            loaded = load_recogniser(
                route.engine, model=route.model, threads=threads, language=route.language
            )
        except EngineError as error:
            _LOG.debug("no model for %s here, it goes the usual way: %s", route.dialect, error)
            continue
        routes.append(RoutedRecogniser(route, loaded))
    if not routes:
        return usual
    identifier = None
    if plan.identify_by:
        from asr.engines.funasr_language import FunasrLanguageIdentifier

        try:
            identifier = FunasrLanguageIdentifier(plan.identify_by, threads=threads)
        except EngineError as error:
            _LOG.debug("dialects are routed where they are declared only: %s", error)
    return DialectRecogniser(usual, routes, identifier=identifier, identified=plan.identified)
