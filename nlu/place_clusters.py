"""Several places in one call told apart: where it happens, and where the caller lives."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nlu.gazetteer import Mention

_MAX_GAP = 8
_APART = re.compile(r"[。！？；]|，.*[^，]|[^，].*，")
"""What ends an address: a full stop, or a comma with other words beside it."""

_LIVES_AT = re.compile(
    r"(?:我|本人|家)(?:们|家)?(?:是|就是)?(?:家?住|的家|户口|老家|来自)(?:在|是)?$"
)
_AS_RESIDENT = re.compile(r"^(?:的|这边的)?(?:居民|市民|人(?=[，。！]|$))")
_LOOK_BACK = 8


def places_of_the_matter(text: str, mentions: Sequence[Mention]) -> list[list[Mention]]:
    """Return the stretches of neighbouring mentions, without the caller's home.

    Where nothing else is named, the home is the place.
    """
    clusters = _clusters(text, mentions)
    return [cluster for cluster in clusters if not _is_home(text, cluster)] or clusters


def _clusters(text: str, mentions: Sequence[Mention]) -> list[list[Mention]]:
    clusters: list[list[Mention]] = []
    for mention in mentions:
        gap = text[clusters[-1][-1].end : mention.start] if clusters else ""
        if clusters and len(gap) <= _MAX_GAP and not _APART.search(gap):
            clusters[-1].append(mention)
        else:
            clusters.append([mention])
    return clusters


def _is_home(text: str, cluster: Sequence[Mention]) -> bool:
    """Tell 「我住在秀英区」 and 「我是海甸岛的居民」; 「我是滨涯路的业主」 speaks of the matter."""
    start, end = cluster[0].start, cluster[-1].end
    before = text[max(0, start - _LOOK_BACK) : start]
    if before.endswith("我是"):
        return _AS_RESIDENT.match(text[end : end + _LOOK_BACK]) is not None
    return _LIVES_AT.search(before) is not None
