"""Request type and category path from the extractor's probabilities."""

from __future__ import annotations

from models.extractor.features import Float32
from models.extractor.weights import ExtractorWeights
from nlu.errors import TaxonomyMismatchError
from nlu.profile import NluProfile
from nlu.types import CategoryPath, Evidence, Field

_ALTERNATIVES = 4


def check_taxonomy(profile: NluProfile, weights: ExtractorWeights) -> None:
    """Raise TaxonomyMismatchError unless the profile's labels are those trained."""
    declared = {
        "request_type": set(profile.taxonomy.request_types),
        "category": {"/".join(path) for path in profile.taxonomy.paths()},
        "agency": {agency.name for agency in profile.agencies.agencies},
    }
    problems = []
    for head, names in declared.items():
        trained = set(weights.heads[head].labels)
        if missing := sorted(trained - names):
            problems.append(f"{head}: the profile lacks {_some(missing)}")
        if head != "agency" and (untrained := sorted(names - trained)):
            problems.append(f"{head}: the weights were not trained on {_some(untrained)}")
    if problems:
        raise TaxonomyMismatchError(
            f"profile {profile.name} and its extractor {profile.extractor} do not match; "
            f"{'; '.join(problems)}. Correct taxonomy.yaml and agencies.yaml, or train again"
        )


def _some(names: list[str]) -> str:
    shown = "、".join(names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown


def request_type_field(
    labels: tuple[str, ...], probabilities: Float32, evidence: tuple[Evidence, ...]
) -> Field[str]:
    """Return the likeliest request type with its runners-up."""
    ranked = sorted(zip(labels, probabilities.tolist(), strict=True), key=lambda item: -item[1])
    return Field(
        value=ranked[0][0],
        confidence=round(ranked[0][1], 4),
        evidence=evidence,
        alternatives=tuple((label, round(p, 4)) for label, p in ranked[1:_ALTERNATIVES]),
    )


def category_field(
    labels: tuple[str, ...], probabilities: Float32, evidence: tuple[Evidence, ...]
) -> Field[CategoryPath]:
    """Return the likeliest category path with its runners-up."""
    ranked = sorted(zip(labels, probabilities.tolist(), strict=True), key=lambda item: -item[1])
    paths = [(tuple(label.split("/")), round(p, 4)) for label, p in ranked[: _ALTERNATIVES + 1]]
    return Field(
        value=paths[0][0], confidence=paths[0][1], evidence=evidence, alternatives=tuple(paths[1:])
    )
