"""A transcript as turns: what one speaker said until the other spoke.

Where a voice detector cuts a sentence in three, the rules still see one turn; evidence
goes back to the utterances.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from asr.types import Channel, Transcript, Utterance
from nlu.types import Evidence


@dataclass(frozen=True, slots=True)
class Turn:
    """Utterances of one speaker in a row.

    `text` joins theirs by line ends, `starts` says where in it each begins.
    """

    channel: Channel
    utterances: tuple[Utterance, ...]
    text: str
    starts: tuple[int, ...]

    @property
    def start_ms(self) -> int:
        """Start of the first utterance."""
        return self.utterances[0].start_ms

    @property
    def end_ms(self) -> int:
        """End of the last utterance."""
        return max(u.end_ms for u in self.utterances)

    def evidence(self, start: int, end: int) -> tuple[Evidence, ...]:
        """Point at `text[start:end]`, one piece of evidence for each utterance it touches."""
        pieces: list[Evidence] = []
        for utterance, offset in zip(self.utterances, self.starts, strict=True):
            first = max(start - offset, 0)
            last = min(end - offset, len(utterance.text))
            if first < last:
                pieces.append(Evidence.of(utterance, first, last))
        return tuple(pieces)

    def whole(self) -> tuple[Evidence, ...]:
        """Point at all of it."""
        return self.evidence(0, len(self.text))


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A call as turns in order of their start, with the utterances they came from."""

    turns: tuple[Turn, ...]
    utterances: tuple[Utterance, ...]
    duration_ms: int


def dialogue_of(transcript: Transcript) -> Dialogue:
    """Join utterances into turns; utterances without words are left out."""
    spoken = sorted(
        (u for u in transcript.utterances if u.text.strip()), key=lambda u: (u.start_ms, u.end_ms)
    )
    turns: list[Turn] = []
    run: list[Utterance] = []
    for utterance in spoken:
        if run and utterance.channel != run[-1].channel:
            turns.append(turn_of(run))
            run = []
        run.append(utterance)
    if run:
        turns.append(turn_of(run))
    return Dialogue(tuple(turns), tuple(spoken), transcript.duration_ms)


def turn_of(utterances: Sequence[Utterance]) -> Turn:
    """Join utterances of one speaker."""
    starts: list[int] = []
    length = 0
    for utterance in utterances:
        starts.append(length)
        length += len(utterance.text) + 1
    text = "\n".join(u.text for u in utterances)
    return Turn(utterances[0].channel, tuple(utterances), text, tuple(starts))
