"""One telephone line into a live call, whatever protocol brings it: what every ingress uses.

lines.open(request) ─> Line ── push(legs), flush() ──> the call: heard, drafted, stored
                         │ <── events(): words, drafts, states ──┘
                         └── end() where the caller hung up; then leave() or hang_up()
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from asr.types import Channel
from serving.call_id import new_call_id
from serving.clock import CHINA_TIME
from serving.errors import BusyError, CallTooLongError, MessageFormatError, OutputError
from serving.feed import LoggedEvent
from serving.hotlines import Hotlines
from serving.live.call import CallSpec, LiveCall
from serving.live.calls import LiveCalls
from serving.live.pcm import Pcm
from serving.result import CallKind


@dataclass(frozen=True, slots=True)
class LineRequest:
    """What a telephone system says of the call that it brings."""

    channels: tuple[Channel, ...]
    """The legs that come on this connection; a mono line without roles is the `citizen`."""
    sample_rate_hz: int
    call_id: str | None = None
    """Chosen by the service where the telephone system has none."""
    profile: str | None = None
    """Name of the hotline; the service's default for None."""
    kind: CallKind | None = None
    hotwords: tuple[str, ...] = ()
    """Words to listen for in this call, besides those of the profile."""
    is_mixed: bool = False
    """Whether both speakers come on the citizen's leg."""
    dialect: str | None = None
    """What is spoken, where the seat or the number dialled tells."""


class Line:
    """A connection's hold on a live call: its legs in, what comes of them out.

    Whoever opened it ends it with `leave`, after which the call is kept for a while for
    somebody to take up again, or with `hang_up`, after which it is brought to its end.
    Both are safe at any time and after each other.
    """

    def __init__(self, live: LiveCalls, call: LiveCall, channels: tuple[Channel, ...]) -> None:
        self.call = call
        self.channels = channels
        self.limits = live.limits
        self.lost = call.take_legs(channels)
        """Done when another connection has taken these legs up."""
        self._live = live
        self._is_attached = True
        live.attach(call)

    @property
    def received(self) -> dict[Channel, int]:
        """Samples received of each leg of this line."""
        return {leg: self.call.received[leg] for leg in self.channels}

    async def push(self, pcm: Mapping[Channel, Pcm]) -> None:
        """Take samples, and hold the sender back while too many wait to be heard.

        Raises MessageOrderError after the end of the call; CallTooLongError, CapacityError,
        and OutputError where the recording cannot be written. The first and the last of
        these three end the call with what has come so far.
        """
        try:
            await self.call.push(pcm)
        except (CallTooLongError, OutputError):
            self.call.end()
            raise

    def flush(self) -> None:
        """End the utterances that are going on: the line is on hold."""
        self.call.flush()

    def events(self, after: int = 0) -> AsyncGenerator[LoggedEvent]:
        """Return what happens to the call, until its result is stored.

        `event.event` is an object of serving.live.events: TranscriptUpdate, DraftUpdate,
        StateUpdate and so on. The words are complete when a StateUpdate comes whose
        `has_heard_all` is true. Raises BusyError when too many follow the call.
        """
        return self.call.log.follow(after)

    def end(self) -> None:
        """Say that no more audio comes on this line; the call ends with its last leg."""
        self.call.end_legs(self.channels)

    def leave(self) -> None:
        """Let go of the call; it is kept for a while if nobody else is connected to it."""
        if self._is_attached:
            self._is_attached = False
            self._live.detach(self.call)

    def hang_up(self) -> None:
        """End this line's legs and let go of the call: nobody could take them up again."""
        if self._is_attached and not self.lost.done():
            self.end()
        self.leave()


class Lines:
    """Opens lines into live calls for every ingress of the service."""

    def __init__(self, live: LiveCalls, hotlines: Hotlines) -> None:
        self.limits = live.limits
        self._live = live
        self._hotlines = hotlines
        self._visitors = 0

    @property
    def is_closing(self) -> bool:
        """Whether the service is going down: calls end without their callers' doing."""
        return self._live.is_closing

    @contextmanager
    def visit(self) -> Iterator[None]:
        """Count a connection, with or without a call; BusyError where there are too many."""
        if self._visitors >= self.limits.max_connections:
            raise BusyError(
                f"{self._visitors} connections are open; try again when some have closed"
            )
        self._visitors += 1
        try:
            yield
        finally:
            self._visitors -= 1

    async def open(self, request: LineRequest) -> Line:
        """Start a call.

        Raises BusyError, ClosingError and CapacityError where there is no room,
        ProfileError, CallStateError (the id is taken), OutputError.
        """
        pipeline = await asyncio.to_thread(self._hotlines.get, request.profile)
        spec = CallSpec(
            call_id=request.call_id or new_call_id(),
            profile=self._hotlines.check(request.profile),
            sample_rate_hz=request.sample_rate_hz,
            received_at=datetime.now(CHINA_TIME),
            kind=request.kind,
            hotwords=request.hotwords,
            is_mixed=request.is_mixed,
            dialect=request.dialect,
        )
        call = await self._live.open(spec, pipeline, "live")
        return Line(self._live, call, request.channels)

    async def join(self, token: str, request: LineRequest) -> Line:
        """Bring another leg of the call `request.call_id`, which has this token.

        Raises ResumeError, MessageFormatError (another sample rate), OutputError.
        """
        call = self._live.resume(request.call_id or "", token)
        if request.sample_rate_hz != call.spec.sample_rate_hz:
            raise MessageFormatError(
                f"the other leg has {call.spec.sample_rate_hz} Hz; both need the same"
            )
        await call.join(request.channels)
        return Line(self._live, call, request.channels)

    def resume(self, call_id: str, token: str, channels: tuple[Channel, ...]) -> Line:
        """Take legs up again after a dropped connection; ResumeError if the call is over."""
        return Line(self._live, self._live.resume(call_id, token), channels)
