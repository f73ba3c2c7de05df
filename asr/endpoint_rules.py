"""From speech probabilities to where utterances start and end.

No audio passes through here, only numbers per frame, so that every rule can be tested
with a scripted row of them.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from asr.types import SAMPLE_RATE_HZ
from asr.vad import VAD_FRAME_SAMPLES

FRAME_MS = VAD_FRAME_SAMPLES * 1000 // SAMPLE_RATE_HZ


@dataclass(frozen=True, slots=True)
class EndpointSettings:
    """When speech starts and ends; times in milliseconds."""

    speech_threshold: float = 0.5
    """A frame at least this sure starts an utterance, and takes it up again after a dip."""
    silence_threshold: float = 0.35
    """Speech goes on until a frame is less sure than this."""
    pause_ms: int = 600
    """A pause this long ends the utterance."""
    long_after_ms: int = 8_000
    """An utterance older than this ends at `short_pause_ms` already."""
    short_pause_ms: int = 250
    max_segment_ms: int = 15_000
    """An utterance that finds no pause is split here, at its quietest place."""
    min_speech_ms: int = 128
    """Less speech than this in an utterance is a click or a breath."""
    pre_pad_ms: int = 200
    post_pad_ms: int = 200
    floor_dbfs: float = -65.0


@dataclass(frozen=True, slots=True)
class Span:
    """Frames `start` to `end` (exclusive) of one leg; `split` where it ends without a pause."""

    start: int
    end: int
    split: bool = False


class SpanRules:
    """The state of one leg: fed a probability and a level a frame, it says what has ended."""

    def __init__(self, settings: EndpointSettings) -> None:
        self._settings = settings
        self._max_frames = settings.max_segment_ms // FRAME_MS
        self._min_frames = max(settings.min_speech_ms // FRAME_MS, 1)
        self._frame = 0
        self._start: int | None = None
        self._last_speech = 0
        self._speech_frames = 0
        self._in_speech = False
        self._follows_split = False
        self._history: deque[tuple[float, float]] = deque(maxlen=self._max_frames)

    @property
    def open_since(self) -> int | None:
        """First frame of the utterance that is going on, None between utterances."""
        return self._start

    @property
    def is_sure(self) -> bool:
        """Whether what is going on holds enough speech to be an utterance."""
        return self._start is not None and self._speech_frames >= self._min_frames

    def step(self, probability: float, level_db: float) -> Span | None:
        """Take the next frame in and return the utterance that ended with it."""
        frame = self._frame
        self._frame += 1
        rules = self._settings
        is_speech = probability >= rules.speech_threshold or (
            self._in_speech and probability >= rules.silence_threshold
        )
        self._in_speech = is_speech
        if is_speech and self._start is None:
            self._start, self._speech_frames, self._follows_split = frame, 0, False
            self._history.clear()
        if self._start is None:
            return None
        self._history.append((probability, level_db))
        if is_speech:
            self._last_speech = frame
            self._speech_frames += 1
        elif (frame - self._last_speech) * FRAME_MS >= self._pause_ms(frame):
            return self._close()
        if frame + 1 - self._start >= self._max_frames:
            return self._split()
        return None

    def skip(self, frames: int) -> None:
        """Pass over `frames` between utterances that are known to hold no speech."""
        if self._start is not None:
            raise ValueError("an utterance is going on; its frames cannot be passed over")
        self._frame += frames
        self._in_speech = False

    def flush(self) -> Span | None:
        """End what is going on, because the leg ends."""
        return self._close() if self._start is not None else None

    def _pause_ms(self, frame: int) -> int:
        assert self._start is not None
        old = (frame - self._start) * FRAME_MS > self._settings.long_after_ms
        return self._settings.short_pause_ms if old else self._settings.pause_ms

    def _close(self) -> Span | None:
        assert self._start is not None
        span = Span(self._start, self._last_speech + 1)
        # What a split has left over belongs to speech and stays, however short.
        keep = self._speech_frames >= self._min_frames or (
            self._follows_split and self._speech_frames > 0
        )
        self._start, self._in_speech = None, False
        return span if keep else None

    def _split(self) -> Span:
        """Cut the utterance that has grown too long and let its rest go on."""
        assert self._start is not None
        cut = best_cut(list(self._history), self._settings.silence_threshold)
        span = Span(self._start, self._start + cut, split=True)
        rest = list(self._history)[cut:]
        self._start += cut
        self._history.clear()
        self._history.extend(rest)
        threshold = self._settings.silence_threshold
        self._speech_frames = sum(probability >= threshold for probability, _ in rest)
        self._follows_split = True
        return span


def best_cut(history: list[tuple[float, float]], silence_threshold: float) -> int:
    """Return after how many frames to cut: the longest pause or the quietest place.

    `history` is (probability, level in dB) a frame. The first half is left whole so
    that no piece gets short for nothing.
    """
    first = len(history) // 2
    last = len(history) - 1
    best_run, best_middle, run = 0, 0, 0
    for index in range(first, last):
        run = run + 1 if history[index][0] < silence_threshold else 0
        if run > best_run:
            best_run, best_middle = run, index - run // 2
    if best_run >= 2:
        return best_middle + 1
    levels = np.array([level for _, level in history])
    smooth = np.convolve(levels, np.ones(3) / 3, mode="same")
    return first + int(np.argmin(smooth[first:last])) + 1
