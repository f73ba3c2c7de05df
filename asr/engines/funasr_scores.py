"""What a FunASR model scored, read off its output layer as it works.

FunASR's results carry no probabilities, and its SenseVoice aligns times by encoding the
text once more, which fails where that gives other tokens than were heard. The hooks here
watch the layer that scores the tokens: they keep how sure it was of those chosen and,
for CTC, at which frames they stood.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

UNKNOWN_CONFIDENCE = 0.5
"""For architectures whose scores cannot be watched (large language models)."""

_CTC_FRAME_MS = 60
_CTC_TAG_FRAMES = 4  # SenseVoice's first frames carry its tags
_BLANK = 0


@dataclass(frozen=True, slots=True)
class Scored:
    """One row of a batch: mean probability of its tokens, and (token id, start_ms, end_ms).

    Times count from the start of the segment; `tokens` is empty where no times are known.
    """

    confidence: float
    tokens: tuple[tuple[int, int, int], ...] = ()


class TokenScores:
    """The scores of the last batch that went through one model."""

    def __init__(self, model: torch.nn.Module) -> None:
        """Watch `model`; architectures that are not known are left alone."""
        self._rows: list[Scored] = []
        self._lengths: Sequence[int] = ()
        architecture = type(model).__name__
        parts: Any = model
        if architecture == "SenseVoiceSmall":
            parts.encoder.register_forward_hook(self._note_lengths)
            parts.ctc.ctc_lo.register_forward_hook(self._score_ctc)
        elif architecture.endswith("Paraformer"):
            parts.decoder.register_forward_hook(self._score_decoder)

    def take(self, count: int) -> list[Scored]:
        """Return the scores of the last batch of `count` rows and forget them."""
        rows, self._rows = self._rows, []
        return rows if len(rows) == count else [Scored(UNKNOWN_CONFIDENCE)] * count

    def _note_lengths(self, module: object, inputs: object, output: Any) -> None:
        self._lengths = [int(length) for length in output[1]]

    def _score_ctc(self, module: object, inputs: object, logits: torch.Tensor) -> None:
        """Read CTC output, float (batch, frames, tokens), along its best path."""
        best, token = logits.float().softmax(-1).max(-1)
        self._rows = [
            _read_path(token[row, :length].tolist(), best[row, :length].tolist())
            for row, length in enumerate(self._lengths)
        ]

    def _score_decoder(self, module: object, inputs: Any, output: Any) -> None:
        """Read a decoder's output, float (batch, tokens, vocabulary), to each row's length."""
        best = output[0].float().softmax(-1).max(-1).values
        self._rows = [
            Scored(_mean(best[row, : int(n)].tolist())) for row, n in enumerate(inputs[3])
        ]


def _read_path(tokens: Sequence[int], probabilities: Sequence[float]) -> Scored:
    """Join runs of one token; the tags at the start count for nothing."""
    spans = []
    sure: list[float] = []
    place: Callable[[int], int] = tokens.__getitem__
    for token, run in groupby(range(_CTC_TAG_FRAMES, len(tokens)), key=place):
        frames = list(run)
        if token == _BLANK:
            continue
        start_ms = (frames[0] - _CTC_TAG_FRAMES) * _CTC_FRAME_MS
        end_ms = (frames[-1] + 1 - _CTC_TAG_FRAMES) * _CTC_FRAME_MS
        spans.append((token, start_ms, end_ms))
        sure.append(max(probabilities[frame] for frame in frames))
    return Scored(_mean(sure), tuple(spans))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
