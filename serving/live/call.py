"""One live call: its legs heard, its draft kept, its sound recorded."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from asr.errors import AsrError, EngineError
from asr.live import LiveSession
from asr.types import Channel, RoleAssignment, Transcript, TranscriptEvent, Utterance
from serving.contract import UtteranceModel
from serving.errors import CallTooLongError, MessageOrderError
from serving.feed import CallLog
from serving.live.drafting import LiveDraft
from serving.live.events import TranscriptUpdate, Trouble
from serving.live.limits import LiveLimits
from serving.live.metrics import LIVE_AUDIO_SECONDS, LIVE_LAG_SECONDS
from serving.live.pcm import Pcm, full_scale
from serving.live.recorder import LEGS, LegRecorder
from serving.result import CallKind

_ROLES = RoleAssignment("two-leg", "left", "setting", 1.0, "the telephone system names its legs")
_RECOGNISER_FAILED = Trouble(
    error="recogniser-failed",
    title="识别中断，通话仍在录音，结束后将重新转写",
    message="the recogniser failed; the call is still recorded and is transcribed afterwards",
)


@dataclass(frozen=True, slots=True)
class CallSpec:
    """What a telephone system says of a call when it starts."""

    call_id: str
    profile: str
    sample_rate_hz: int
    received_at: datetime
    kind: CallKind | None = None
    hotwords: tuple[str, ...] = ()
    """Words of this call alone, besides the profile's."""
    is_mixed: bool = False
    """Whether both speakers come on the citizen's leg; who is who is found afterwards."""
    dialect: str | None = None
    """What is spoken, where the telephone system or the agent said so."""


@dataclass(frozen=True, slots=True)
class HeardCall:
    """A call that is over: its words, its recording, and what the recogniser failed with."""

    transcript: Transcript
    recording: str
    failure: AsrError | None


@dataclass(slots=True)
class _Leg:
    received: int = 0
    """Samples the telephone system sent: where it goes on after a dropped connection."""
    padded: int = 0
    """Silence put in where a leg joined late or was away, so that both legs share one clock."""

    @property
    def samples(self) -> int:
        return self.received + self.padded


class LiveCall:
    """Takes the audio of both legs and publishes what comes of it on `log`."""

    def __init__(
        self,
        spec: CallSpec,
        session: LiveSession,
        recorder: LegRecorder,
        log: CallLog,
        limits: LiveLimits,
    ) -> None:
        self.spec = spec
        self.log = log
        self.token = secrets.token_urlsafe(16)
        """Proves that who resumes the call is who started it."""
        self._session = session
        self._recorder = recorder
        self._limits = limits
        self._legs: dict[Channel, _Leg] = {leg: _Leg() for leg in LEGS}
        self._finals: dict[str, Utterance] = {}
        self._holders: dict[Channel, asyncio.Future[None]] = {}
        self._ended_legs: set[Channel] = set()
        self._ended = asyncio.Event()
        self._is_heard = True

    @property
    def received(self) -> dict[Channel, int]:
        """Samples received of each leg."""
        return {channel: leg.received for channel, leg in self._legs.items()}

    @property
    def has_ended(self) -> bool:
        """Whether no more audio is taken."""
        return self._ended.is_set()

    def take_legs(self, channels: tuple[Channel, ...]) -> asyncio.Future[None]:
        """Take legs for a connection; whoever had them is told by the future it got then."""
        mine = asyncio.get_running_loop().create_future()
        for channel in channels:
            before = self._holders.get(channel)
            if before is not None and not before.done():
                before.set_result(None)
            self._holders[channel] = mine
        return mine

    def end_legs(self, channels: tuple[Channel, ...]) -> None:
        """Say that no more audio comes on these legs; the call ends with the last of them."""
        self._ended_legs.update(channels)
        if self._ended_legs >= self._holders.keys():
            self.end()

    async def until_ended(self) -> None:
        """Wait until no more audio is taken."""
        await self._ended.wait()

    async def join(self, channels: tuple[Channel, ...], *, tolerance_ms: int = 0) -> None:
        """Put legs that start now, or come back, on the clock of those that go on already.

        A leg that is behind by no more than `tolerance_ms` stays where it is.
        """
        now = max(leg.samples for leg in self._legs.values())
        most = round(self._limits.max_join_wait_s * self.spec.sample_rate_hz)
        self._ended_legs.difference_update(channels)
        for channel in channels:
            leg = self._legs[channel]
            missing = min(now - leg.samples, most)
            if missing * 1000 > tolerance_ms * self.spec.sample_rate_hz:
                leg.padded += missing
                await self._take({channel: np.zeros(missing, dtype=np.int16)})

    async def push(self, pcm: Mapping[Channel, Pcm]) -> None:
        """Take samples of one leg or both, and hold the sender back while too many wait.

        Raises MessageOrderError after the end, CallTooLongError, CapacityError and
        OutputError when the recording cannot be written.
        """
        if self.has_ended:
            raise MessageOrderError("audio after the end of the call; start a new one")
        await self._session.room()
        for channel, samples in pcm.items():
            leg = self._legs[channel]
            if leg.samples + len(samples) > self._limits.max_call_s * self.spec.sample_rate_hz:
                raise CallTooLongError(
                    f"a call ends after {self._limits.max_call_s / 3600:g} hours; "
                    "it is stored as it is, start a new one"
                )
            leg.received += len(samples)
            LIVE_AUDIO_SECONDS.inc(len(samples) / self.spec.sample_rate_hz)
        await self._take(pcm)

    def flush(self) -> None:
        """End the utterances that are going on here."""
        self._session.flush()

    def end(self) -> None:
        """Say that no more audio comes; safe to call twice."""
        self._ended.set()
        self._session.end()

    async def hear(self, draft: LiveDraft) -> HeardCall:
        """Follow the call to its end; raises OutputError where it could not be recorded.

        When the recogniser fails, the call is still recorded to its end.
        """
        drafting = asyncio.create_task(draft.keep(), name="live draft")
        failure: AsrError | None = None
        try:
            async for event in self._session:
                self._publish(event)
                if event.kind == "final":
                    draft.touch()
        except AsrError as error:
            failure = error
            self._is_heard = False
            self.log.publish(_RECOGNISER_FAILED)
            await self._ended.wait()
        finally:
            drafting.cancel()
            await asyncio.gather(drafting, return_exceptions=True)
            self._ended.set()
            await self._session.aclose()
            recording = await self._recorder.finish()
        return HeardCall(self.transcript(), recording, failure)

    def final(self, utterance_id: str) -> Utterance | None:
        """Return a final utterance with its timed words; None where there is none."""
        return self._finals.get(utterance_id)

    def transcript(self) -> Transcript:
        """Return all that is final so far."""
        longest = max(leg.samples for leg in self._legs.values())
        return Transcript(
            utterances=tuple(
                sorted(self._finals.values(), key=lambda u: (u.start_ms, u.end_ms, u.channel))
            ),
            duration_ms=longest * 1000 // self.spec.sample_rate_hz,
            roles=_ROLES,
        )

    async def _take(self, pcm: Mapping[Channel, Pcm]) -> None:
        for channel, samples in pcm.items():
            if self._is_heard:
                try:
                    self._session.push(channel, full_scale(samples))
                except EngineError:
                    # `hear` is told as well; the call goes on being recorded.
                    self._is_heard = False
        await self._recorder.push(pcm)

    def _publish(self, event: TranscriptEvent) -> None:
        utterance = event.utterance
        if event.kind == "final":
            if utterance.text:
                self._finals[utterance.id] = utterance
            LIVE_LAG_SECONDS.observe(self._session.lag_ms / 1000)
        self.log.publish(
            TranscriptUpdate(
                kind=event.kind,
                revision=event.revision,
                stable_chars=event.stable_chars,
                utterance=UtteranceModel(
                    id=utterance.id,
                    channel=utterance.channel,
                    start_ms=utterance.start_ms,
                    end_ms=utterance.end_ms,
                    text=utterance.text,
                    confidence=utterance.confidence,
                ),
            )
        )
