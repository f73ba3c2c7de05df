"""What a telephone system's line needs besides a hold on a call: any rate, any piece, no replies.

Nothing may be asked of such a line. It has no acknowledgements and cannot resume, so that
its audio is taken as it comes, and what is wrong with it is told on the call's page.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterator, Mapping

import numpy as np
import soxr

from asr.errors import StreamClosedError
from asr.types import Channel
from serving.errors import MessageOrderError, ResumeError
from serving.ingress.pace import Pace
from serving.live.events import Trouble
from serving.live.line import Line
from serving.live.pcm import Pcm

log = logging.getLogger(__name__)

_HELD_S = 2.0
"""A leg that sent nothing for so long was on hold, and is put on the other leg's clock."""
_SKEW_MS = 100
"""Legs so little apart are in step: their frames come one after the other."""


class PhoneLine:
    """Takes the audio of one connection; whoever serves the connection says when it ends."""

    def __init__(self, line: Line, sample_rate_hz: int) -> None:
        self.line = line
        self.sample_rate_hz = sample_rate_hz
        self._call = line.call
        self._pace: Pace | None = Pace(sample_rate_hz)
        self._heard_at_s = dict.fromkeys(line.channels, -_HELD_S)
        self._resamplers = _resamplers(line.channels, sample_rate_hz, self._call_hz)

    @property
    def _call_hz(self) -> int:
        return self._call.spec.sample_rate_hz

    async def push(self, pcm: Mapping[Channel, Pcm]) -> None:
        """Take samples at the line's rate; a call that is over hears nothing more.

        Raises CallTooLongError, OutputError: the call ends with either.
        """
        now_s = asyncio.get_running_loop().time()
        self._check_pace(pcm, now_s)
        if not self._call.has_ended:
            held = tuple(leg for leg in pcm if now_s - self._heard_at_s[leg] >= _HELD_S)
            await self._call.join(held, tolerance_ms=_SKEW_MS)
        self._heard_at_s |= dict.fromkeys(pcm, now_s)
        await self._hear(self._at_call_rate(pcm))

    async def hang_up(self) -> None:
        """Say that no more audio comes; the call ends with the last of its lines."""
        if self.line.lost.done():
            return
        await self._drain()
        self.line.end()

    async def change_rate(self, sample_rate_hz: int) -> None:
        """Take what comes from here on at another rate; the call keeps its own."""
        await self._drain()
        self.sample_rate_hz = sample_rate_hz
        self._pace = Pace(sample_rate_hz)
        self._resamplers = _resamplers(self.line.channels, sample_rate_hz, self._call_hz)

    async def serve(self, receiving: Coroutine[None, None, None]) -> None:
        """Receive until there is no more, the call is over, or another line has the legs.

        Raises what `receiving` raises, and ResumeError where another line has the legs.
        """
        tasks = [
            asyncio.create_task(receiving, name="receive a line"),
            asyncio.create_task(self._call.until_ended(), name="until the call ends"),
        ]
        try:
            await asyncio.wait([*tasks, self.line.lost], return_when=asyncio.FIRST_COMPLETED)
            if tasks[0].done():
                tasks[0].result()
            elif self.line.lost.done():
                raise ResumeError("another line has taken the place of this one")
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def say(self, code: str, title: str, message: str) -> None:
        """Tell the followers of the call, and the log, what is wrong with the line."""
        log.warning("a telephone line: %s", message)
        self._call.log.publish(Trouble(error=code, title=title, message=message))

    def _check_pace(self, pcm: Mapping[Channel, Pcm], now_s: float) -> None:
        if self._pace is None:
            return
        measured_hz = self._pace.measured_hz(_longest(pcm), now_s)
        if measured_hz is None:
            return
        self._pace = None
        self.say(
            "sample-rate",
            f"音频速度与声明的采样率不符：声明 {self.sample_rate_hz} Hz，实测约 {measured_hz} Hz，"
            "请检查话务系统设置",
            f"{self.sample_rate_hz} Hz were declared and about {measured_hz} Hz came; "
            "correct the rate (or mono and stereo) in the telephone system",
        )

    async def _hear(self, pcm: Mapping[Channel, Pcm]) -> None:
        try:
            for second in _seconds(pcm, self._call_hz):
                if self._call.has_ended:
                    return
                await self.line.push(second)
        except (MessageOrderError, StreamClosedError):
            # Another line may end the call while this one waits for room.
            if not self._call.has_ended:
                raise

    async def _drain(self) -> None:
        """Hear what the resamplers still hold."""
        nothing = dict.fromkeys(self.line.channels, np.zeros(0, dtype=np.int16))
        await self._hear(self._at_call_rate(nothing, last=True))

    def _at_call_rate(
        self, pcm: Mapping[Channel, Pcm], *, last: bool = False
    ) -> dict[Channel, Pcm]:
        if not self._resamplers:
            return dict(pcm)
        return {leg: self._resamplers[leg].resample_chunk(s, last=last) for leg, s in pcm.items()}


def _resamplers(
    legs: tuple[Channel, ...], line_hz: int, call_hz: int
) -> dict[Channel, soxr.ResampleStream]:
    """Return what brings a line to the rate of the call it joins; nothing where it has it."""
    if line_hz == call_hz:
        return {}
    return {leg: soxr.ResampleStream(line_hz, call_hz, 1, dtype="int16") for leg in legs}


def _seconds(pcm: Mapping[Channel, Pcm], rate_hz: int) -> Iterator[dict[Channel, Pcm]]:
    """Yield audio of any length in pieces small enough to be held back between them."""
    for start in range(0, _longest(pcm), rate_hz):
        yield {leg: np.ascontiguousarray(s[start : start + rate_hz]) for leg, s in pcm.items()}


def _longest(pcm: Mapping[Channel, Pcm]) -> int:
    return max(map(len, pcm.values()), default=0)
