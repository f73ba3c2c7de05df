"""Requests that were made before: proposed to be merged with the earlier ticket.

The State Council's office asks hotlines to merge repeated requests (国办函〔2025〕66号). Two
kinds: the same caller again about the matter, and other callers about the same matter at the
same place. What counts is in the profile (`repeats` of tickets.yaml); a person decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal

from ticket_draft.rules import RepeatRules

_NOISE = re.compile(
    r"关于|的问题|来电人|反映|投诉|咨询|求助|建议|举报|希望|请求?|要求|相关部门|尽快|核实|处理"
    r"|解决|谢谢|[\d\W_a-zA-Z]+"
)
_DOOR = re.compile(r"\d+号")
_PLATE = re.compile(r"[\u4e00-\u9fff][A-Z][·]?[A-Z0-9]{5,6}")
_WEIGHT = {2: 1.0, 3: 1.5}


@dataclass(frozen=True, slots=True)
class RequestSketch:
    """As much of a ticket as tells whether another is the same request.

    `caller` stands for the telephone number without being it (a keyed digest); `matter` is
    title and summary; `place` is as said, `district` and `street` as resolved.
    """

    call_id: str
    received_at: datetime
    caller: str | None
    matter: str
    category: tuple[str, ...]
    place: str | None = None
    district: str | None = None
    street: str | None = None


@dataclass(frozen=True, slots=True)
class Repeat:
    """An earlier request that a new one seems to repeat, how alike, and why, in Chinese."""

    call_id: str
    kind: Literal["same_caller", "same_matter"]
    received_at: datetime
    similarity: float
    reason: str


def find_repeats(
    request: RequestSketch, earlier: Iterable[RequestSketch], rules: RepeatRules
) -> tuple[Repeat, ...]:
    """Return the earlier requests that this one may repeat, the likest first."""
    since = request.received_at - timedelta(days=rules.within_days)
    found = [
        repeat
        for other in earlier
        if other.call_id != request.call_id and since <= other.received_at <= request.received_at
        for repeat in _compared(request, other, rules)
    ]
    order: Sequence[str] = ("same_caller", "same_matter")
    found.sort(key=lambda r: (order.index(r.kind), -r.similarity, r.call_id))
    return tuple(found[: rules.most_shown])


def similarity(one: str, other: str) -> float:
    """Return how much of the shorter matter the other holds, 0 to 1, by character n-grams."""
    first, second = ngrams(one), ngrams(other)
    if not first or not second:
        return 0.0
    shared = _weight(first & second)
    smaller = min(_weight(first), _weight(second))
    larger = max(_weight(first), _weight(second))
    # Half containment, half overlap: a short ticket within a long one counts, chance does less.
    return 0.5 * shared / smaller + 0.5 * shared / larger


@lru_cache(maxsize=4096)
def ngrams(text: str) -> AbstractSet[str]:
    """Return the character pairs and triples of a matter, without what every ticket says."""
    parts = [part for part in _NOISE.split(text) if part]
    return frozenset(p[at : at + n] for n in _WEIGHT for p in parts for at in range(len(p) - n + 1))


def _weight(grams: AbstractSet[str]) -> float:
    return sum(_WEIGHT[len(gram)] for gram in grams)


def _compared(request: RequestSketch, other: RequestSketch, rules: RepeatRules) -> Iterator[Repeat]:
    alike = similarity(request.matter, other.matter)
    same_category = bool(request.category) and request.category == other.category
    if request.caller is not None and request.caller == other.caller:
        needed = rules.same_caller_similarity * (0.6 if same_category else 1.0)
        if alike >= needed:
            reason = f"同一来电号码，内容相近（{alike:.0%}）"
            yield Repeat(other.call_id, "same_caller", other.received_at, round(alike, 4), reason)
        return
    if alike >= rules.same_matter_similarity and _same_place(request, other):
        reason = f"同一地点的同一事项，内容相近（{alike:.0%}）"
        yield Repeat(other.call_id, "same_matter", other.received_at, round(alike, 4), reason)


def _same_place(request: RequestSketch, other: RequestSketch) -> bool:
    """Tell whether both name one place: nowhere is no place; another street or door is another."""
    if not request.place or not other.place:
        return False
    for ours, theirs in ((request.district, other.district), (request.street, other.street)):
        if ours and theirs and ours != theirs:
            return False
    for pattern in (_DOOR, _PLATE):
        ours_said = set(pattern.findall(f"{request.place}，{request.matter}"))
        theirs_said = set(pattern.findall(f"{other.place}，{other.matter}"))
        if ours_said and theirs_said and not ours_said & theirs_said:
            return False
    return similarity(request.place, other.place) >= 0.5 or request.place == other.place
