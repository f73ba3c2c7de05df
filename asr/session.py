"""A whole recording into a transcript, with memory that does not grow with its length."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING

from asr.audio import Recording
from asr.endpoint import Endpointer, EndpointSettings
from asr.errors import EngineError
from asr.roles import AgentSide, RoleCues, assign_mono, assign_two_legs, default_cues
from asr.types import Channel, Recognition, SpeechSegment, Transcript, Utterance
from asr.vad import Vad, default_vad
from asr.voiceprint import VoiceEncoder, Voiceprint

if TYPE_CHECKING:
    from asr.recogniser import Recogniser

_SIDES: tuple[Channel, Channel] = ("agent", "citizen")

Progress = Callable[[int], None]
"""Told how many milliseconds of the recording have been put into words."""


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """How a recording is transcribed."""

    agent_side: AgentSide = "auto"
    """Which leg is the agent's; `auto` finds it from what is said."""
    endpoint: EndpointSettings = field(default_factory=EndpointSettings)
    batch_segments: int = 8
    """Utterances the recogniser gets at once."""
    sort_window_segments: int = 32
    """Utterances among which batches of similar length are made."""
    dialect: str | None = None
    """What the call is spoken in, where that was declared."""
    workers: int = 1
    """Batches under way at the same time; more than one only for an engine that says so."""


def transcribe_recording(
    recording: Recording,
    recogniser: Recogniser,
    *,
    settings: SessionSettings | None = None,
    hotwords: Sequence[str] = (),
    cues: RoleCues | None = None,
    vad: Vad | None = None,
    voices: VoiceEncoder | None = None,
    progress: Progress | None = None,
    on_utterance: Callable[[Utterance], None] | None = None,
) -> Transcript:
    """Return everything said in `recording`, by start time, with each turn's speaker.

    Decoding and endpointing run here while the recogniser works in its own thread. The
    speakers of a mono recording are told apart by words and, given `voices`, by their sound.
    `on_utterance` is told each utterance as it comes, its speaker and id still unknown;
    what it raises ends the work.
    Raises AudioError (the recording), EngineError (the recogniser).
    """
    chosen = settings or SessionSettings()
    done = _Done(progress, on_utterance, voices if recording.layout == "mono" else None)
    batches = _batches(_segments(recording, vad or default_vad(), chosen), chosen)
    with ThreadPoolExecutor(chosen.workers, thread_name_prefix="recogniser") as pool:
        under_way: deque[tuple[list[SpeechSegment], Future[list[Recognition]]]] = deque()
        try:
            for batch in batches:
                # One batch waits ready behind those being worked on; no more is decoded ahead.
                if len(under_way) > chosen.workers:
                    done.take(*under_way.popleft())
                under_way.append((batch, pool.submit(recogniser.transcribe, batch, hotwords)))
            while under_way:
                done.take(*under_way.popleft())
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return _transcript(recording, done, chosen.agent_side, cues or default_cues())


class _Done:
    """Collects what the recogniser hands back, with the voice of each utterance if asked to."""

    def __init__(
        self,
        progress: Progress | None,
        on_utterance: Callable[[Utterance], None] | None,
        voices: VoiceEncoder | None,
    ) -> None:
        self.utterances: list[tuple[Utterance, Voiceprint | None]] = []
        self._on_utterance = on_utterance
        self._progress = progress
        self._voices = voices
        self._reached_ms = 0

    def take(self, batch: list[SpeechSegment], result: Future[list[Recognition]]) -> None:
        answers = result.result()
        if len(answers) != len(batch):
            raise EngineError(f"the engine answered {len(answers)} of {len(batch)} segments")
        for segment, heard in zip(batch, answers, strict=True):
            if heard.text:
                utterance = utterance_of(segment, heard, "u0")
                voice = self._voices.embed(segment.samples) if self._voices else None
                self.utterances.append((utterance, voice))
                if self._on_utterance is not None:
                    self._on_utterance(utterance)
            self._reached_ms = max(self._reached_ms, segment.end_ms)
        if self._progress is not None:
            self._progress(self._reached_ms)


def utterance_of(segment: SpeechSegment, heard: Recognition, utterance_id: str) -> Utterance:
    """Return what was heard in `segment` as an utterance."""
    return Utterance(
        id=utterance_id,
        channel=segment.channel,
        start_ms=segment.start_ms,
        end_ms=segment.end_ms,
        text=heard.text,
        confidence=heard.confidence,
        words=heard.words,
        alternatives=heard.alternatives,
        model=heard.model,
    )


def _segments(recording: Recording, vad: Vad, settings: SessionSettings) -> Iterator[SpeechSegment]:
    """Yield the utterances of all legs as they end; the left leg is called agent for now."""
    endpointers = [
        Endpointer(side, vad, settings.endpoint, settings.dialect)
        for side in _SIDES[: recording.legs]
    ]
    for block in recording:
        for endpointer, leg in zip(endpointers, block, strict=True):
            yield from endpointer.push(leg)
    for endpointer in endpointers:
        yield from endpointer.flush()


def _batches(
    segments: Iterator[SpeechSegment], settings: SessionSettings
) -> Iterator[list[SpeechSegment]]:
    """Yield batches of segments of similar length, so that little of a batch is padding."""
    while window := list(islice(segments, settings.sort_window_segments)):
        window.sort(key=lambda segment: len(segment.samples))
        for first in range(0, len(window), settings.batch_segments):
            yield window[first : first + settings.batch_segments]


def _transcript(
    recording: Recording, done: _Done, agent_side: AgentSide, cues: RoleCues
) -> Transcript:
    ordered = sorted(done.utterances, key=lambda u: (u[0].start_ms, u[0].end_ms, u[0].channel))
    utterances = [utterance for utterance, _ in ordered]
    if recording.layout == "mono":
        assigned, roles = assign_mono(utterances, cues, [voice for _, voice in ordered])
    else:
        assigned, roles = assign_two_legs(utterances, agent_side, cues)
    numbered = tuple(replace(u, id=f"u{n}") for n, u in enumerate(assigned, start=1))
    return Transcript(numbered, recording.duration_ms, roles, recording.warnings)
