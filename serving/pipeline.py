"""One call from recording to result, the same for `process`, `batch` and the service."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from asr.audio import open_recording
from asr.recogniser import Recogniser
from asr.roles import AgentSide
from asr.session import Progress, SessionSettings, transcribe_recording
from asr.types import Transcript, Utterance
from asr.vad import Vad
from asr.voiceprint import VoiceEncoder
from nlu.corrections import CorrectionMemory, Features
from nlu.incremental import CallReading
from serving.clock import CHINA_TIME, recorded_at
from serving.profile import Profile
from serving.provenance import Provenance, file_sha256, model_with_hash, software_version
from serving.result import CallKind, CallResult
from serving.stages import OnStage, Stage, StageClock, unwatched
from serving.telemetry import AUDIO_SECONDS, CALLS
from serving.understanding import Extract, Extractor, Understanding, understand_call

__all__ = ["Extractor", "OnStage", "Pipeline", "Stage", "Understanding"]


class Pipeline:
    """All that one hotline needs to process calls: profile, recogniser and extractor, loaded.

    The recogniser is used by one call at a time; make one pipeline per thread or guard it.
    """

    def __init__(
        self,
        profile: Profile,
        recogniser: Recogniser,
        extractor: Extractor,
        *,
        engine: str,
        engine_settings: Mapping[str, Any] | None = None,
        models: Iterable[str] = (),
        vad: Vad | None = None,
        voices: VoiceEncoder | None = None,
    ) -> None:
        """Put the parts together; `models` are `name@hash` of those besides the recogniser's.

        `vad` takes the place of the default voice detector; `voices` tells the speakers of
        a mono recording apart.
        """
        self.profile = profile
        self.recogniser = recogniser
        self._extractor = extractor
        self._engine = engine
        self._engine_settings = dict(engine_settings or {})
        self._models_used = frozenset(models)
        self._vad = vad
        self._voices = voices

    def process(
        self,
        path: Path,
        *,
        other_leg: Path | None = None,
        call_id: str | None = None,
        kind: CallKind | None = None,
        received_at: datetime | None = None,
        agent_channel: AgentSide = "auto",
        dialect: str | None = None,
        on_stage: OnStage = unwatched,
    ) -> CallResult:
        """Process one recording.

        Without `received_at` the file's own time is taken, without `kind` what the agent
        says decides; `dialect` is what the call was declared to be spoken in.
        Raises AudioError (the recording), EngineError (the recogniser),
        CalendarError (a deadline in a year of unknown holidays).
        """
        try:
            result = self._process(
                path,
                other_leg,
                call_id or path.stem,
                kind,
                received_at,
                SessionSettings(agent_side=agent_channel, dialect=dialect),
                StageClock(on_stage),
            )
        except Exception:
            CALLS.labels(kind=kind or "unknown", outcome="failed").inc()
            raise
        CALLS.labels(kind=result.kind, outcome="done").inc()
        AUDIO_SECONDS.inc(result.transcript.duration_ms / 1000)
        return result

    def listen(
        self,
        path: Path,
        *,
        hotwords: Sequence[str] = (),
        on_utterance: Callable[[Utterance], None] | None = None,
    ) -> Transcript:
        """Put a recording into words and do no more; `hotwords` go before the profile's.

        `on_utterance` is told each utterance as it ends, before it is known who speaks.
        Raises AudioError, EngineError.
        """
        # One at a time and in order where somebody waits for each of them.
        steps = SessionSettings(batch_segments=1, sort_window_segments=1)
        with open_recording(path) as recording:
            return transcribe_recording(
                recording,
                self.recogniser,
                settings=steps if on_utterance is not None else None,
                hotwords=(*hotwords, *self.profile.nlu.hotwords.hotwords),
                vad=self._vad,
                voices=self._voices,
                on_utterance=on_utterance,
            )

    def understand(
        self,
        transcript: Transcript,
        *,
        received_at: datetime,
        kind: CallKind | None = None,
        extract: Extract | None = None,
    ) -> Understanding:
        """Make of a transcript, whole or so far, what the hotline needs from it.

        `extract` is that of a call's reading (`follow`), where the call goes on.
        """
        return self._understand(transcript, received_at, kind, StageClock(unwatched), extract)

    def follow(self) -> CallReading:
        """Follow a new live call, which is understood again and again while it goes on."""
        return self._extractor.follow()

    def remember(self, corrections: CorrectionMemory) -> None:
        """Take what people corrected into account from the next call on."""
        self._extractor.remember(corrections)

    def features(self, transcript: Transcript) -> Features:
        """Return what a correction of a call is remembered by; nothing of its words."""
        return self._extractor.features(transcript)

    def conclude(
        self,
        call_id: str,
        transcript: Transcript,
        understood: Understanding,
        *,
        files: Sequence[Path],
        received_at: datetime,
        received_at_source: Literal["given", "file"],
        timings_ms: Mapping[str, int],
    ) -> CallResult:
        """Put a call that was heard and understood together; `files` are its recording."""
        return CallResult(
            call_id=call_id,
            kind=understood.kind,
            profile=self.profile.name,
            provenance=Provenance(
                software=software_version(),
                profile=self.profile.name,
                profile_version=self.profile.full_version,
                models=self._models(transcript),
                engine=self._engine,
                engine_settings=self._engine_settings,
                recording_sha256=file_sha256(*files),
                duration_ms=transcript.duration_ms,
                roles=transcript.roles,
                warnings=transcript.warnings,
                kind_source=understood.kind_source,
                received_at=received_at,
                received_at_source=received_at_source,
                processed_at=datetime.now(CHINA_TIME),
                timings_ms=timings_ms,
            ),
            transcript=transcript,
            extraction=understood.extraction,
            ticket=understood.ticket,
            qa=understood.qa,
            callback=understood.callback,
        )

    def _process(
        self,
        path: Path,
        other_leg: Path | None,
        call_id: str,
        kind: CallKind | None,
        received_at: datetime | None,
        listening: SessionSettings,
        clock: StageClock,
    ) -> CallResult:
        with clock.stage("listen"):
            transcript = self._listen(path, other_leg, listening, clock.heard)
        moment = received_at or recorded_at(path)
        understood = self._understand(transcript, moment, kind, clock)
        return self.conclude(
            call_id,
            transcript,
            understood,
            files=(path,) if other_leg is None else (path, other_leg),
            received_at=moment,
            received_at_source="given" if received_at else "file",
            timings_ms=clock.timings_ms,
        )

    def _listen(
        self, path: Path, other_leg: Path | None, listening: SessionSettings, heard: Progress
    ) -> Transcript:
        with open_recording(path, other_leg) as recording:
            return transcribe_recording(
                recording,
                self.recogniser,
                settings=listening,
                hotwords=self.profile.nlu.hotwords.hotwords,
                vad=self._vad,
                voices=self._voices,
                progress=heard,
            )

    def _understand(
        self,
        transcript: Transcript,
        received_at: datetime,
        kind: CallKind | None,
        clock: StageClock,
        extract: Extract | None = None,
    ) -> Understanding:
        return understand_call(
            transcript,
            self.profile,
            extract or self._extractor.extract,
            received_at=received_at,
            kind=kind,
            clock=clock,
        )

    def _models(self, transcript: Transcript) -> tuple[str, ...]:
        heard_by = {model_with_hash(u.model) for u in transcript.utterances if u.model}
        return tuple(sorted(heard_by | self._models_used))
