"""An utterance heard a second time, a little faster: other mistakes, and the truth twice.

Speed perturbation (Ko et al., 2015) trains recognisers; at recognition it gives a second
opinion from the same weights, at the price of decoding twice.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import soxr

from asr.types import SAMPLE_RATE_HZ, SpeechSegment


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What the decoder wrote: tidied text, mean log probability per token, and tokens."""

    text: str
    score: float
    tokens: int

    @property
    def total(self) -> float:
        """The natural log probability of the whole."""
        return self.score * self.tokens


def at_tempo(segment: SpeechSegment, tempo: float) -> SpeechSegment:
    """Return the segment played at `tempo` times its speed, higher in pitch by as much."""
    if tempo == 1.0:
        return segment
    samples = soxr.resample(segment.samples, SAMPLE_RATE_HZ * tempo, SAMPLE_RATE_HZ)
    return replace(segment, samples=np.asarray(samples, dtype=np.float32))


def joined(heard: Sequence[Sequence[Hypothesis]]) -> Mapping[str, float]:
    """Return each text's natural log probability, averaged over the times it was listened to."""
    shares: dict[str, float] = {}
    for hypotheses in heard:
        best_of_text: dict[str, float] = {}
        for hypothesis in hypotheses:
            total = max(hypothesis.total, best_of_text.get(hypothesis.text, -math.inf))
            best_of_text[hypothesis.text] = total
        for text, total in best_of_text.items():
            shares[text] = float(np.logaddexp(shares.get(text, -math.inf), total))
    return {text: total - math.log(len(heard)) for text, total in shares.items() if text}
