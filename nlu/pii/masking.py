"""Personal data covered with stars, character for character.

A masked text is as long as it was: times, offsets and evidence point at the same words.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from asr.types import Transcript
from nlu.pii.detect import find_pii, find_spans, full_names, repeated_names, resolved
from nlu.pii.policy import Role, Shown
from nlu.pii.types import PiiFinding, PiiKind, Span

STAR = "*"
_READABLE = re.compile(r"[\s，。！？；：、,.!?;:（）()\-—·•]")
"""Punctuation stays: it tells nothing, and a masked text can still be read."""


@dataclass(frozen=True, slots=True)
class Masker:
    """Masks one call for one role.

    `findings` are those of the whole call: what was recognised as a name once is masked
    wherever it stands again.
    """

    role: Role
    findings: tuple[PiiFinding, ...]
    is_confidential: bool = False
    _names: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of_call(
        cls, transcript: Transcript, role: Role, *, is_confidential: bool = False
    ) -> Masker:
        """Look for a call's personal data."""
        findings = find_pii(transcript)
        names = full_names(finding.text for finding in findings if finding.kind == "name")
        return cls(role, findings, is_confidential, names)

    def transcript(self, transcript: Transcript) -> Transcript:
        """Return the call as the role sees it; other readings of the sound are left out."""
        covered = self._covered()
        return replace(
            transcript,
            utterances=tuple(
                replace(u, text=_starred(u.text, covered.get(u.id, ())), alternatives=())
                for u in transcript.utterances
            ),
        )

    def text(self, text: str) -> str:
        """Return a text made of the call (a title, a summary) as the role sees it."""
        spans = resolved([*find_spans(text), *repeated_names(text, self._names)])
        hidden = {at for span in spans for at in self._hidden(span)}
        return _starred(text, hidden)

    def value(self, kind: PiiKind, value: str) -> str:
        """Return a value of a known kind (the caller's number) as the role sees it."""
        shown = self._shown(kind)
        if shown == "all":
            return value
        kept = _kept_of_value(kind, value) if shown == "part" else frozenset()
        return _starred(value, set(range(len(value))) - kept)

    def _shown(self, kind: PiiKind) -> Shown:
        return self.role.shown(kind, is_confidential=self.is_confidential)

    def _hidden(self, span: Span) -> set[int]:
        shown = self._shown(span.kind)
        if shown == "all":
            return set()
        whole = set(range(span.start, span.end))
        return whole - span.kept if shown == "part" else whole

    def _covered(self) -> Mapping[str, set[int]]:
        """Return the offsets to cover, by utterance."""
        covered: dict[str, set[int]] = {}
        for finding in self.findings:
            shown = self._shown(finding.kind)
            if shown == "all":
                continue
            for e in finding.evidence:
                covered.setdefault(e.utterance_id, set()).update(range(e.char_start, e.char_end))
        for finding in self.findings:
            if self._shown(finding.kind) == "part":
                for e in finding.kept:
                    covered[e.utterance_id].difference_update(range(e.char_start, e.char_end))
        return covered


def _kept_of_value(kind: PiiKind, value: str) -> frozenset[int]:
    length = len(value)
    if kind == "name":
        return frozenset({0})
    if kind == "plate":
        return frozenset({0, 1, length - 2, length - 1})
    if kind == "address":
        return frozenset()
    first = range(3) if kind == "phone" and length >= 11 else range(0)
    return frozenset({*first, *range(max(0, length - 4), length)})


def _starred(text: str, hidden: Collection[int]) -> str:
    return "".join(
        STAR if at in hidden and not _READABLE.match(c) else c for at, c in enumerate(text)
    )


def masked_texts(texts: Iterable[str], masker: Masker) -> list[str]:
    """Return texts as the role of `masker` sees them."""
    return [masker.text(text) for text in texts]
