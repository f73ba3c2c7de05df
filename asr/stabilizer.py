"""Partial results that do not flicker: LocalAgreement-2.

What two hypotheses in a row agree on from their start is committed and never changes in
later partials (Liu, Spanakis and Niehues, Interspeech 2020; Macháček, Dabre and Bojar,
Turning Whisper into a Real-Time Transcription System, 2023).
"""

from __future__ import annotations


class PrefixStabilizer:
    """The partials of one utterance."""

    def __init__(self) -> None:
        self._committed = ""
        self._previous: str | None = None

    def update(self, hypothesis: str) -> tuple[str, int]:
        """Take in what is heard now; return the text to show and how many characters stay.

        Where the hypothesis contradicts what is committed, the commitment is kept and the
        rest of the hypothesis follows it, from where the two fit together best.
        """
        shown = self._committed + hypothesis[prefix_end(self._committed, hypothesis) :]
        if self._previous is not None:
            agreed = _common_prefix(self._previous, hypothesis)
            if agreed.startswith(self._committed):
                self._committed = agreed
        self._previous = hypothesis
        return shown, len(self._committed)


def _common_prefix(first: str, second: str) -> str:
    shorter = min(len(first), len(second))
    differ = (i for i in range(shorter) if first[i] != second[i])
    return first[: next(differ, shorter)]


def prefix_end(prefix: str, text: str) -> int:
    """Return where in `text` its likeness to `prefix` ends (least edit distance)."""
    if text.startswith(prefix):
        return len(prefix)
    # distances[j]: edits that turn prefix so far into text[:j].
    distances = list(range(len(text) + 1))
    for i, wanted in enumerate(prefix, start=1):
        diagonal, distances[0] = distances[0], i
        for j, char in enumerate(text, start=1):
            best = min(distances[j] + 1, distances[j - 1] + 1, diagonal + (wanted != char))
            diagonal, distances[j] = distances[j], best
    # Of equals the longest: rather lose a doubled character than show it twice.
    return min(range(len(text) + 1), key=lambda j: (distances[j], -j))
