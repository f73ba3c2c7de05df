"""Text joined from several utterances that still knows where every character was said."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from asr.types import Transcript, Utterance
from nlu.types import Evidence


@dataclass(frozen=True, slots=True)
class Piece:
    """`utterance.text[char_start:char_end]`, standing at `offset` of the passage."""

    offset: int
    utterance: Utterance
    char_start: int
    char_end: int


@dataclass(frozen=True, slots=True)
class Passage:
    """Spans of utterances in order, read as one text."""

    text: str
    pieces: tuple[Piece, ...]

    @classmethod
    def of(cls, spans: Iterable[tuple[Utterance, int, int]], joint: str = "") -> Passage:
        """Join spans `(utterance, char_start, char_end)`, with `joint` between them."""
        parts: list[str] = []
        pieces: list[Piece] = []
        offset = 0
        for utterance, start, end in spans:
            if parts and joint:
                parts.append(joint)
                offset += len(joint)
            pieces.append(Piece(offset, utterance, start, end))
            parts.append(utterance.text[start:end])
            offset += end - start
        return cls("".join(parts), tuple(pieces))

    @classmethod
    def of_utterances(cls, utterances: Iterable[Utterance], joint: str = "") -> Passage:
        """Join whole utterances."""
        return cls.of(((u, 0, len(u.text)) for u in utterances), joint)

    @classmethod
    def of_evidence(
        cls, transcript: Transcript, evidence: Iterable[Evidence], joint: str = ""
    ) -> Passage:
        """Join the words that evidence points at."""
        by_id = {u.id: u for u in transcript.utterances}
        return cls.of(((by_id[e.utterance_id], e.char_start, e.char_end) for e in evidence), joint)

    def evidence(self, start: int, end: int) -> tuple[Evidence, ...]:
        """Return where `text[start:end]` was said, one piece of evidence per utterance."""
        first = max(0, bisect_right([piece.offset for piece in self.pieces], start) - 1)
        found = []
        for piece in self.pieces[first:]:
            if piece.offset >= end:
                break
            char_start = piece.char_start + max(0, start - piece.offset)
            char_end = min(piece.char_end, piece.char_start + end - piece.offset)
            if char_start < char_end:
                found.append(Evidence.of(piece.utterance, char_start, char_end))
        return tuple(found)
