"""All personal data of a text or of a call, overlaps resolved.

Of findings that overlap the surer one stays, of equally sure ones the longer; a loser that
reaches further lends the winner nothing, since its rule would no longer hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from asr.types import Channel, Transcript
from nlu.passage import Passage
from nlu.pii.addresses import address_spans
from nlu.pii.names import name_spans
from nlu.pii.numbers import number_spans
from nlu.pii.types import PiiFinding, Span
from nlu.plates import plate_spans

JOINT = "，"
"""Stands between a speaker's utterances: a number may go on behind it."""

_LEGS: tuple[Channel, ...] = ("agent", "citizen")


def find_spans(text: str) -> list[Span]:
    """Return the personal data of one text in order, no two of them overlapping."""
    return resolved([*number_spans(text), *_plates(text), *address_spans(text), *name_spans(text)])


def find_pii(transcript: Transcript) -> tuple[PiiFinding, ...]:
    """Return the personal data of a call in the order it was said, each leg read as one text."""
    legs = [Passage.of_utterances(transcript.of(channel), joint=JOINT) for channel in _LEGS]
    spans = [find_spans(leg.text) for leg in legs]
    names = full_names(leg.text[s.start : s.end] for leg, own in zip(legs, spans, strict=True)
                       for s in own if s.kind == "name")  # fmt: skip
    found = [
        _finding(leg, span)
        for leg, own in zip(legs, spans, strict=True)
        for span in resolved([*own, *repeated_names(leg.text, names)])
    ]
    return tuple(sorted(found, key=lambda f: (f.evidence[0].start_ms, f.evidence[0].char_start)))


def full_names(names: Iterable[str]) -> frozenset[str]:
    """Return the names that are more than a surname: they are looked for everywhere."""
    return frozenset(name for name in names if len(name) > 1)


def repeated_names(text: str, names: Iterable[str]) -> Iterator[Span]:
    """Yield every place of a text where a name that was found elsewhere stands again."""
    for name in names:
        at = text.find(name)
        while at >= 0:
            kept = frozenset({at})
            reason = "通话中已认定为姓名"
            yield Span("name", at, at + len(name), 0.8, "name_repeated", reason, kept)
            at = text.find(name, at + len(name))


def _finding(leg: Passage, span: Span) -> PiiFinding:
    return PiiFinding(
        kind=span.kind,
        text=leg.text[span.start : span.end],
        evidence=leg.evidence(span.start, span.end),
        score=span.score,
        rule=span.rule,
        reason=span.reason,
        kept=tuple(e for at in sorted(span.kept) for e in leg.evidence(at, at + 1)),
    )


def resolved(spans: Iterable[Span]) -> list[Span]:
    """Return spans that do not overlap: the surest first, of equals the longest."""
    chosen: list[Span] = []
    for span in sorted(spans, key=lambda s: (-s.score, -s.length, s.start)):
        if all(span.end <= other.start or other.end <= span.start for other in chosen):
            chosen.append(span)
    return sorted(chosen, key=lambda span: span.start)


def _plates(text: str) -> Iterator[Span]:
    for plate in plate_spans(text):
        kept = frozenset((plate.start, plate.start + 1, plate.end - 2, plate.end - 1))
        score = 0.95 if plate.is_certain else 0.75
        reason = "号牌格式" if plate.is_certain else "号牌格式，首字按发音修正"
        yield Span("plate", plate.start, plate.end, score, "plate", reason, kept)
