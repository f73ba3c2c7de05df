"""Cutting one leg's audio into utterances while it arrives."""

from __future__ import annotations

import numpy as np

from asr.endpoint_rules import EndpointSettings, Span, SpanRules
from asr.framing import Framer
from asr.tones import is_line_signal
from asr.types import SAMPLE_RATE_HZ, Channel, Samples, SpeechSegment
from asr.vad import VAD_FRAME_SAMPLES, SpeechGate, Vad

HOP_SAMPLES = 2_560
"""Audio is looked at 160 ms at a time: 5 frames of the neural detector, 8 of the gate."""

_HOP_FRAMES = HOP_SAMPLES // VAD_FRAME_SAMPLES
_CATCH_UP_HOPS = 2
"""Hops before the gate opened that the neural detector hears after all, to find its feet."""

__all__ = ["EndpointSettings", "Endpointer"]


class Endpointer:
    """One leg: takes float32 (samples,) at 16 kHz, gives the utterances in it.

    The gate decides hop by hop whether the neural detector is asked at all; the rules
    turn its answers into spans; this class keeps just as much audio as a span may need.
    """

    def __init__(
        self,
        channel: Channel,
        vad: Vad,
        settings: EndpointSettings | None = None,
        dialect: str | None = None,
    ) -> None:
        """Segments carry the `dialect` that the call was declared to be spoken in."""
        self.channel = channel
        self._dialect = dialect
        self._settings = settings or EndpointSettings()
        self._gate = SpeechGate(self._settings.floor_dbfs)
        self._vad = vad.stream()
        self._rules = SpanRules(self._settings)
        self._framer = Framer(HOP_SAMPLES)
        self._hops: list[Samples] = []
        self._kept_from = 0
        self._received = 0
        self._unheard = 0
        self._emitted_to = 0

    @property
    def open_segment(self) -> SpeechSegment | None:
        """What has been heard of the utterance that is going on, None between utterances."""
        since = self._rules.open_since
        if since is None or not self._rules.is_sure:
            return None
        segment = self._segment(self._start_sample(since), self._received)
        return None if is_line_signal(segment.samples) else segment

    def push(self, samples: Samples) -> list[SpeechSegment]:
        """Take audio in and return the utterances that ended in it."""
        ended: list[SpeechSegment] = []
        for hop in self._framer.push(samples):
            ended += self._take(hop, len(hop))
        return ended

    def cut(self) -> list[SpeechSegment]:
        """End the utterance that is going on here and now, while the leg goes on."""
        last = self._rules.flush()
        return [] if last is None else self._emit(last)

    def flush(self) -> list[SpeechSegment]:
        """End the leg: return what is still going on as an utterance."""
        ended: list[SpeechSegment] = []
        rest = self._framer.flush()
        if rest is not None:
            hop = np.zeros(HOP_SAMPLES, dtype=np.float32)
            hop[: len(rest)] = rest
            ended += self._take(hop, len(rest))
        return ended + self.cut()

    def _take(self, hop: Samples, length: int) -> list[SpeechSegment]:
        """Hear one hop, of which `length` samples are real."""
        self._hops.append(hop)
        self._received += length
        spans: list[Span] = []
        if self._gate.is_open(hop) or self._rules.open_since is not None:
            spans = self._hear(hop)
        else:
            self._unheard = min(self._unheard + 1, _CATCH_UP_HOPS + 1)
            self._rules.skip(_HOP_FRAMES)
        ended = [segment for span in spans for segment in self._emit(span)]
        self._forget()
        return ended

    def _hear(self, hop: Samples) -> list[Span]:
        if self._unheard:
            if self._unheard > _CATCH_UP_HOPS:
                self._vad.reset()
            behind = self._hops[-1 - min(self._unheard, _CATCH_UP_HOPS) : -1]
            for earlier in behind:
                self._vad.probabilities(earlier)
            self._unheard = 0
        probabilities = self._vad.probabilities(hop)
        energy = np.mean(np.square(hop.reshape(_HOP_FRAMES, -1)), axis=1)
        levels_db = 10.0 * np.log10(energy + 1e-10)
        spans = (
            self._rules.step(float(probability), float(level_db))
            for probability, level_db in zip(probabilities, levels_db, strict=True)
        )
        return [span for span in spans if span is not None]

    def _emit(self, span: Span) -> list[SpeechSegment]:
        """Return the span's audio with its padding, not twice what was handed out before."""
        start = self._start_sample(span.start)
        end = span.end * VAD_FRAME_SAMPLES
        if not span.split:
            end += self._settings.post_pad_ms * SAMPLE_RATE_HZ // 1000
        end = min(end, self._received)
        if end <= start:
            return []
        self._emitted_to = end
        segment = self._segment(start, end)
        return [] if is_line_signal(segment.samples) else [segment]

    def _start_sample(self, frame: int) -> int:
        pad = self._settings.pre_pad_ms * SAMPLE_RATE_HZ // 1000
        return max(frame * VAD_FRAME_SAMPLES - pad, self._emitted_to, 0)

    def _segment(self, start: int, end: int) -> SpeechSegment:
        joined = np.concatenate(self._hops)
        samples = joined[start - self._kept_from : end - self._kept_from]
        return SpeechSegment(self.channel, start, samples.copy(), self._dialect)

    def _forget(self) -> None:
        """Drop the hops that no utterance to come can reach."""
        since = self._rules.open_since
        pad = self._settings.pre_pad_ms * SAMPLE_RATE_HZ // 1000
        earliest = self._received - pad if since is None else self._start_sample(since)
        earliest = min(earliest, self._received - _CATCH_UP_HOPS * HOP_SAMPLES)
        surplus = max((earliest - self._kept_from) // HOP_SAMPLES, 0)
        if surplus:
            del self._hops[:surplus]
            self._kept_from += surplus * HOP_SAMPLES
