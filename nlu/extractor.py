"""A call's words in, an Extraction out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from asr.types import Transcript, Utterance
from models.extractor.features import normalise
from models.extractor.model import ExtractorModel, load_extractor
from models.extractor.weights import WEIGHTS_FOLDER
from nlu.agency import NOTHING_LEARNED, Dispatcher, Learned
from nlu.caller import find_caller
from nlu.category import (
    category_by_matter,
    category_field,
    check_taxonomy,
    deeper_category,
    files_alone,
    request_type_by_cues,
    request_type_field,
)
from nlu.corrections import NO_LESSON, CorrectionMemory, Features, features_of
from nlu.demand import find_demand
from nlu.directory import DutyMatch
from nlu.facts import find_facts
from nlu.gazetteer import Gazetteer, without_names
from nlu.incremental import Beliefs, CallFindings, CallReading
from nlu.location import NO_HUNCH, Hunch, Resolution, resolve_location
from nlu.passage import Passage
from nlu.plates import find_plates
from nlu.profile import NluProfile
from nlu.signals import find_signals
from nlu.time import find_occurrence
from nlu.types import CategoryPath, Evidence, Extraction, Field

_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_MIN_CHINESE = 3
_UNKNOWN_WORDS = "没有听到可以分类的内容"


class Extractor:
    """Understands calls of one hotline. Holds configuration and weights, no call's state.

    A call that is going on is followed by a `CallReading` of its own.
    """

    def __init__(self, profile: NluProfile, weights_folder: Path = WEIGHTS_FOLDER) -> None:
        self.profile = profile
        self._model: ExtractorModel | None = None
        if profile.extractor:
            self._model = load_extractor(weights_folder / f"extractor-{profile.extractor}.npz")
            check_taxonomy(profile, self._model.labels)
        self._heads = frozenset(self._model.labels if self._model else ())
        self._files_alone = self._model is not None and files_alone(self._model.labels)
        self._gazetteer = Gazetteer(profile.places)
        self._dispatcher = Dispatcher(profile)
        self._corrections = CorrectionMemory()

    def remember(self, corrections: CorrectionMemory) -> None:
        """Take what people corrected into account from now on; safe while calls are read."""
        self._corrections = corrections

    def features(self, transcript: Transcript) -> Features:
        """Return what a correction of this call is remembered by: no words, no place."""
        matter = Passage.of_evidence(transcript, find_demand(transcript), joint="，")
        return features_of(without_names(matter.text, self.findings().mentions(matter)))

    def extract_text(self, text: str, *, call_time: datetime) -> Extraction:
        """Understand a text as if the citizen had said it in one utterance."""
        utterance = Utterance("text", "citizen", 0, 0, text, 1.0)
        return self.extract(Transcript((utterance,), 0), call_time=call_time)

    def extract(self, transcript: Transcript, *, call_time: datetime) -> Extraction:
        """Understand a call, or as much of one as has been said."""
        return self.extract_with(transcript, self.findings(), call_time=call_time)

    def findings(self, *, thrifty: bool = False) -> CallFindings:
        """Return the state of a new call."""
        return CallFindings(self._gazetteer, self._believe, thrifty=thrifty)

    def follow(self) -> CallReading:
        """Follow a new call that is understood again and again while it goes on."""
        return CallReading(self)

    def extract_with(
        self, transcript: Transcript, findings: CallFindings, *, call_time: datetime
    ) -> Extraction:
        """Understand as much of a call as has been said, using what was found before."""
        demand = findings.demand(transcript.of("citizen"))
        said = Passage.of_utterances(transcript.of("citizen"), joint="，")
        matter = Passage.of_evidence(transcript, demand, joint="，")
        whole = Passage.of_utterances(transcript.utterances, joint="，")
        refusal = _refusal(matter.text)
        believed, spoken = (None, None)
        if not refusal:
            believed, spoken = findings.beliefs(matter.text, said.text)
        mentions = findings.mentions(matter)
        place = resolve_location(matter, self._gazetteer, _hunch(believed), mentions)
        matters: Sequence[DutyMatch] = ()
        if not (self._files_alone or refusal):
            matters = self._dispatcher.matters(matter.text, place)
        request_type, category = _file(spoken, believed, refusal, demand)
        if not refusal and "request_type" not in self._heads:
            request_type = request_type_by_cues(self.profile.taxonomy, said)
        if not (self._files_alone or refusal):
            category = deeper_category(category, category_by_matter(matters, matter))
        wording = without_names(matter.text, mentions)
        agency = self._dispatch(matter.text, wording, believed, place, demand, refusal)
        facts = find_facts(transcript, matter, said)
        return Extraction(
            request_type=request_type,
            category=category,
            agency=agency,
            location=place.field,
            occurred_at=find_occurrence(matter, call_time),
            caller=find_caller(transcript),
            demand=demand,
            signals=find_signals(said, call_time.date()),
            plates=find_plates(whole),
            confidential=facts.confidential.value is True,
            notes=(
                *_notes(agency, place.field.reason),
                *self._dispatcher.direct_notes(matters, agency.value),
            ),
            facts=facts,
        )

    def _believe(self, text: str) -> Beliefs | None:
        """Return the model's probabilities by head and label."""
        if self._model is None:
            return None
        predicted = self._model.predict(text)
        if predicted is None:
            return None
        return {
            name: dict(zip(labels, predicted[name].tolist(), strict=True))
            for name, labels in self._model.labels.items()
        }

    def _dispatch(
        self,
        text: str,
        wording: str,
        believed: Beliefs | None,
        place: Resolution,
        demand: tuple[Evidence, ...],
        refusal: str | None,
    ) -> Field[str]:
        if refusal:
            return Field.empty(refusal)
        learned, lesson = NOTHING_LEARNED, NO_LESSON
        if believed is not None and "agency" in self._heads:
            learned = Learned(believed["agency"], believed.get("function", {}))
        corrections = self._corrections
        if len(corrections):
            lesson = corrections.lesson(features_of(wording))
        return self._dispatcher.dispatch(text, learned, place, demand, lesson)


def _file(
    spoken: Beliefs | None,
    believed: Beliefs | None,
    refusal: str | None,
    demand: tuple[Evidence, ...],
) -> tuple[Field[str], Field[CategoryPath]]:
    if refusal or believed is None or spoken is None:
        reason = refusal or _UNKNOWN_WORDS
        return Field.empty(reason), Field.empty(reason)
    unknown: Field[Any] = Field.empty(_UNKNOWN_WORDS)
    return (
        request_type_field(spoken["request_type"], demand) if "request_type" in spoken else unknown,
        category_field(believed["category"], demand) if "category" in believed else unknown,
    )


def _hunch(believed: Beliefs | None) -> Hunch:
    if believed is None or "district" not in believed:
        return NO_HUNCH
    return Hunch(believed["district"], believed.get("street", {}))


def _refusal(text: str) -> str | None:
    """Return why a text cannot be classified, or None."""
    if not normalise(text):
        return "来电人还没有说到诉求"
    chinese = len(_CHINESE.findall(text))
    if chinese < _MIN_CHINESE:
        return "诉求内容太少，无法判断" if chinese else "内容不是中文，无法判断，请人工处理"
    return None


def _notes(agency: Field[str], place_reason: str | None) -> tuple[str, ...]:
    notes = []
    if agency.value is None and agency.reason:
        notes.append(agency.reason)
    if place_reason:
        notes.append(place_reason)
    return tuple(notes)
