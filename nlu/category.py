"""Request type and category path: from the extractor's probabilities, or without a model."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from nlu.directory import DutyMatch
from nlu.errors import TaxonomyMismatchError
from nlu.passage import Passage
from nlu.profile import NluProfile, Taxonomy
from nlu.types import CategoryPath, Evidence, Field

_ALTERNATIVES = 4
_LOWEST_LEVEL = 2
"""Of three levels, counted from 0."""
_BY_MATTER = 0.8
_SPREAD = 2.0
"""So many points of a match's strength make a category e times as likely, as with agencies."""
_BY_LIKENESS = 0.4
"""None of the matter's words was said; the text only resembles it."""
_BY_CUE = 0.7
_USUAL = 0.4
"""Low on purpose: nothing that was said speaks for it."""
_NO_MATTER = "派单目录中没有对应事项，请话务员选择分类"
_NO_CUE = "没有听出诉求类型，请话务员选择"


def check_taxonomy(profile: NluProfile, trained_labels: Mapping[str, Sequence[str]]) -> None:
    """Raise TaxonomyMismatchError unless the profile's labels are those trained.

    Weights may lack a head, and their categories may end on a higher level than the profile's.
    """
    paths = {"/".join(path) for path in profile.taxonomy.paths()}
    levels = {name.count("/") for name in trained_labels.get("category", ())}
    declared = {
        "request_type": set(profile.taxonomy.request_types),
        "category": {"/".join(path.split("/")[: level + 1]) for path in paths for level in levels},
        "agency": {agency.name for agency in profile.agencies.agencies},
    }
    whole = {"request_type"} | ({"category"} if files_alone(trained_labels) else set())
    problems = []
    for head, names in declared.items():
        if head not in trained_labels:
            continue
        trained = set(trained_labels[head])
        if missing := sorted(trained - names):
            problems.append(f"{head}: the profile lacks {_some(missing)}")
        if head in whole and (untrained := sorted(names - trained)):
            problems.append(f"{head}: the weights were not trained on {_some(untrained)}")
    if problems:
        raise TaxonomyMismatchError(
            f"profile {profile.name} and its extractor {profile.extractor} do not match; "
            f"{'; '.join(problems)}. Correct taxonomy.yaml and agencies.yaml, or train again"
        )


def files_alone(trained_labels: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether the weights file a ticket down to the lowest level without the directory."""
    return {name.count("/") for name in trained_labels.get("category", ())} == {_LOWEST_LEVEL}


def _some(names: list[str]) -> str:
    shown = "、".join(names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown


def request_type_field(believed: Mapping[str, float], evidence: tuple[Evidence, ...]) -> Field[str]:
    """Return the likeliest request type with its runners-up."""
    ranked = _ranked(believed)
    return Field(ranked[0][0], ranked[0][1], evidence, tuple(ranked[1:]))


def category_field(
    believed: Mapping[str, float], evidence: tuple[Evidence, ...]
) -> Field[CategoryPath]:
    """Return the likeliest category path (`/` between levels) with its runners-up."""
    ranked = [(tuple(name.split("/")), share) for name, share in _ranked(believed)]
    return Field(ranked[0][0], ranked[0][1], evidence, tuple(ranked[1:]))


def deeper_category(
    filed: Field[CategoryPath], by_matter: Field[CategoryPath]
) -> Field[CategoryPath]:
    """Return a trained model's higher levels with the lower ones of the directory's matters.

    Where the likeliest path of the model has no matter below it, the path stays as short as
    the labels it was trained on.
    """
    if filed.value is None:
        return by_matter
    candidates = [by_matter.value, *(path for path, _ in by_matter.alternatives)]
    depth = len(filed.value)
    for path in candidates:
        if path is not None and path[:depth] == filed.value:
            return Field(path, filed.confidence, filed.evidence, filed.alternatives)
    return filed


def category_by_matter(matches: Sequence[DutyMatch], passage: Passage) -> Field[CategoryPath]:
    """Return the category that the matters of the dispatch directory are filed under.

    This is how a hotline without a trained model files its tickets.
    """
    strengths: dict[CategoryPath, float] = {}
    for match in matches:
        if match.duty.category:
            strengths.setdefault(match.duty.category, match.strength)
    if not strengths:
        return Field.empty(_NO_MATTER)
    chosen = next(match for match in matches if match.duty.category)
    odds = {path: math.exp((s - chosen.strength) / _SPREAD) for path, s in strengths.items()}
    sure = (_BY_MATTER if chosen.words else _BY_LIKENESS) / sum(odds.values())
    ranked = [(path, round(sure * share, 4)) for path, share in odds.items()]
    return Field(*ranked[0], _where_said(chosen, passage), tuple(ranked[1 : _ALTERNATIVES + 1]))


def _where_said(match: DutyMatch, passage: Passage) -> tuple[Evidence, ...]:
    """Return where the words of a matter stand, each place once."""
    parts = (part for word in match.words for part in word.split("+"))
    pieces = [
        piece
        for part in dict.fromkeys(parts)
        if (start := passage.text.find(part)) >= 0
        for piece in passage.evidence(start, start + len(part))
    ]
    return tuple(dict.fromkeys(pieces))


def request_type_by_cues(taxonomy: Taxonomy, passage: Passage) -> Field[str]:
    """Return the request type whose cues the caller said, for hotlines without a model."""
    for request_type, cues in taxonomy.request_cues.items():
        found = re.search("|".join(cues), passage.text)
        if found:
            return Field(request_type, _BY_CUE, passage.evidence(*found.span()))
    if taxonomy.usual_request_type:
        return Field(taxonomy.usual_request_type, _USUAL)
    return Field.empty(_NO_CUE)


def _ranked(believed: Mapping[str, float]) -> list[tuple[str, float]]:
    ranked = sorted(believed.items(), key=lambda item: -item[1])[: _ALTERNATIVES + 1]
    return [(name, round(share, 4)) for name, share in ranked]
