"""What the asr room hands to the others.

Times are integer milliseconds from the start of the call; inside this room, sample
indices at `SAMPLE_RATE_HZ`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

SAMPLE_RATE_HZ = 16_000
"""Every recogniser hears 16 kHz; telephone audio is resampled on the way in."""

Channel = Literal["agent", "citizen"]
"""A leg of the call."""

Samples = npt.NDArray[np.float32]
"""float32 (samples,), full scale 1.0, at `SAMPLE_RATE_HZ` unless a name says otherwise."""


@dataclass(frozen=True, slots=True)
class SpeechSegment:
    """A stretch of one leg that the endpointer holds to be speech.

    `samples` is float32 (n,) at 16 kHz; `start_sample` counts from the start of the call;
    `dialect` is what the call was declared to be spoken in.
    """

    channel: Channel
    start_sample: int
    samples: Samples
    dialect: str | None = None

    @property
    def start_ms(self) -> int:
        """Start in milliseconds from the start of the call."""
        return self.start_sample * 1000 // SAMPLE_RATE_HZ

    @property
    def end_ms(self) -> int:
        """End in milliseconds from the start of the call."""
        return (self.start_sample + len(self.samples)) * 1000 // SAMPLE_RATE_HZ


@dataclass(frozen=True, slots=True)
class Word:
    """A timed piece of an utterance's text: `text[char_start:char_end]`."""

    char_start: int
    char_end: int
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another reading of the same sound, with its probability among the readings (0 to 1)."""

    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Recognition:
    """What an engine heard in one segment; an empty `text` means no words.

    Word times are relative to the call, as the segment's are. `model` names the
    weights that spoke.
    """

    text: str
    confidence: float
    words: tuple[Word, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    model: str = ""


@dataclass(frozen=True, slots=True)
class Utterance:
    """One speaker's stretch of speech between pauses."""

    id: str
    channel: Channel
    start_ms: int
    end_ms: int
    text: str
    confidence: float
    words: tuple[Word, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    model: str = ""

    def span_ms(self, char_start: int, char_end: int) -> tuple[int, int]:
        """Return start and end time of `text[char_start:char_end]`.

        Taken from the timed words; spread evenly over the utterance where it has none.
        """
        inside = [w for w in self.words if w.char_start < char_end and w.char_end > char_start]
        if inside:
            return inside[0].start_ms, inside[-1].end_ms
        duration_ms = self.end_ms - self.start_ms
        length = max(len(self.text), 1)
        return (
            self.start_ms + duration_ms * char_start // length,
            self.start_ms + duration_ms * char_end // length,
        )


@dataclass(frozen=True, slots=True)
class RoleAssignment:
    """Who is the agent, and how we know.

    `agent_side` is None for a mono recording, whose turns are assigned one by one.
    `reason` is a sentence for a log or a report; it quotes cues, never the call.
    """

    layout: Literal["mono", "two-leg"]
    agent_side: Literal["left", "right"] | None
    decided_by: Literal["setting", "speech", "default"]
    confidence: float
    reason: str


@dataclass(frozen=True, slots=True)
class Transcript:
    """A whole call in words: utterances by start time, and the call's length.

    `roles` says which leg was taken for the agent and why; `warnings` what was wrong
    with the recording and yet let it be used.
    """

    utterances: tuple[Utterance, ...]
    duration_ms: int
    roles: RoleAssignment | None = None
    warnings: tuple[str, ...] = ()

    def utterance(self, utterance_id: str) -> Utterance:
        """Return the utterance of this id; KeyError when there is none."""
        for utterance in self.utterances:
            if utterance.id == utterance_id:
                return utterance
        raise KeyError(utterance_id)

    def of(self, channel: Channel) -> Sequence[Utterance]:
        """Return the utterances of one leg."""
        return [u for u in self.utterances if u.channel == channel]


@dataclass(frozen=True, slots=True)
class TranscriptEvent:
    """A live recogniser's word on one utterance.

    `partial` may still change, `final` will not; `revision` counts from 1 within the
    utterance. The first `stable_chars` characters of a partial stay as they are in all
    partials to come; of a final, all do. A final with an empty text takes back an
    utterance whose partials turned out to be no words.
    """

    kind: Literal["partial", "final"]
    utterance: Utterance
    revision: int
    stable_chars: int = 0
