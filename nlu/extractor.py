"""A call's words in, an Extraction out."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from asr.types import Transcript, Utterance
from models.extractor.features import normalise
from models.extractor.weights import WEIGHTS_FOLDER, ExtractorWeights, load_weights
from nlu.agency import Dispatcher
from nlu.caller import find_caller
from nlu.category import category_field, check_taxonomy, request_type_field
from nlu.confidentiality import wants_confidentiality
from nlu.demand import find_demand
from nlu.gazetteer import Gazetteer
from nlu.location import Resolution, resolve_location
from nlu.passage import Passage
from nlu.plates import find_plates
from nlu.profile import NluProfile
from nlu.signals import find_signals
from nlu.time import find_occurrence
from nlu.types import CategoryPath, Evidence, Extraction, Field

_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_MIN_CHINESE = 3


class Extractor:
    """Understands calls of one hotline. Holds configuration and weights, no call's state.

    `extract` takes well under 20 ms for a call, so it is simply run again after each final
    utterance.
    """

    def __init__(self, profile: NluProfile, weights_folder: Path = WEIGHTS_FOLDER) -> None:
        self.profile = profile
        self._weights: ExtractorWeights | None = None
        if profile.extractor:
            self._weights = load_weights(weights_folder / f"extractor-{profile.extractor}.npz")
            check_taxonomy(profile, self._weights)
        self._gazetteer = Gazetteer(profile.places)
        self._dispatcher = Dispatcher(profile)

    def extract_text(self, text: str, *, call_time: datetime) -> Extraction:
        """Understand a text as if the citizen had said it in one utterance."""
        utterance = Utterance("text", "citizen", 0, 0, text, 1.0)
        return self.extract(Transcript((utterance,), 0), call_time=call_time)

    def extract(self, transcript: Transcript, *, call_time: datetime) -> Extraction:
        """Understand a call, or as much of one as has been said."""
        demand = find_demand(transcript)
        said = Passage.of_utterances(transcript.of("citizen"), joint="，")
        matter = Passage.of_evidence(transcript, demand, joint="，")
        whole = Passage.of_utterances(transcript.utterances, joint="，")
        place = resolve_location(matter, self._gazetteer)
        request_type, category, agency = self._classify(said, matter, place, demand)
        return Extraction(
            request_type=request_type,
            category=category,
            agency=agency,
            location=place.field,
            occurred_at=find_occurrence(matter, call_time),
            caller=find_caller(transcript),
            demand=demand,
            signals=find_signals(said),
            plates=find_plates(whole),
            confidential=wants_confidentiality(transcript),
            notes=_notes(agency, place.field.reason),
        )

    def _classify(
        self, said: Passage, matter: Passage, place: Resolution, demand: tuple[Evidence, ...]
    ) -> tuple[Field[str], Field[CategoryPath], Field[str]]:
        refusal = _refusal(matter.text)
        if refusal:
            return Field.empty(refusal), Field.empty(refusal), Field.empty(refusal)
        if self._weights is None:
            reason = "没有可用的分类模型，请话务员选择"
            agency = self._dispatcher.dispatch(matter.text, {}, place, demand)
            return Field.empty(reason), Field.empty(reason), agency
        heads = self._weights.heads
        by_speech = self._weights.predict(said.text)
        by_matter = self._weights.predict(matter.text)
        if by_speech is None or by_matter is None:
            unknown = "没有听到可以分类的内容"
            return Field.empty(unknown), Field.empty(unknown), Field.empty(unknown)
        learned = dict(zip(heads["agency"].labels, by_matter["agency"].tolist(), strict=True))
        return (
            request_type_field(heads["request_type"].labels, by_speech["request_type"], demand),
            category_field(heads["category"].labels, by_matter["category"], demand),
            self._dispatcher.dispatch(matter.text, learned, place, demand),
        )


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
