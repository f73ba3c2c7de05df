"""Request type and category path from the extractor's probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nlu.errors import TaxonomyMismatchError
from nlu.profile import NluProfile
from nlu.types import CategoryPath, Evidence, Field

_ALTERNATIVES = 4


def check_taxonomy(profile: NluProfile, trained_labels: Mapping[str, Sequence[str]]) -> None:
    """Raise TaxonomyMismatchError unless the profile's labels are those trained."""
    declared = {
        "request_type": set(profile.taxonomy.request_types),
        "category": {"/".join(path) for path in profile.taxonomy.paths()},
        "agency": {agency.name for agency in profile.agencies.agencies},
    }
    problems = []
    for head, names in declared.items():
        trained = set(trained_labels[head])
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


def _ranked(believed: Mapping[str, float]) -> list[tuple[str, float]]:
    ranked = sorted(believed.items(), key=lambda item: -item[1])[: _ALTERNATIVES + 1]
    return [(name, round(share, 4)) for name, share in ranked]
