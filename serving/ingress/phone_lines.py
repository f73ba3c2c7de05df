"""The lines of telephone systems, whatever protocol they speak, found by the call's name.

Two lines that name the same call bring one leg each. Unlike our own protocol there is no
token: who may connect as a telephone system is for the network to say.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace

from asr.types import Channel
from serving.call_id import new_call_id
from serving.errors import CallStateError
from serving.ingress.phone_line import PhoneLine
from serving.live.call import LiveCall
from serving.live.line import Line, LineRequest, Lines
from serving.result import CallKind

_CALLS_OF_ONE_NAME = 9


@dataclass(frozen=True, slots=True)
class PhoneCall:
    """What a telephone system says of a line when it starts."""

    sample_rate_hz: int
    legs: tuple[Channel, ...] | None = None
    """Without it the citizen's, or the agent's where the citizen's is there already."""
    call_id: str | None = None
    profile: str | None = None
    kind: CallKind | None = None
    is_mixed: bool = False
    """Whether both speakers come on one leg."""


@dataclass(slots=True)
class _Shared:
    """A call by its name, and the lines that are on it."""

    lines: list[Line] = field(default_factory=list)
    call: LiveCall | None = None
    opening: asyncio.Lock = field(default_factory=asyncio.Lock)


class PhoneLines:
    """All lines of this process that telephone systems brought."""

    def __init__(self, lines: Lines) -> None:
        self.limits = lines.limits
        self._lines = lines
        self._shared: dict[str, _Shared] = {}

    def visit(self) -> AbstractContextManager[None]:
        """Count a connection, with or without a call; BusyError where there are too many."""
        return self._lines.visit()

    @property
    def is_closing(self) -> bool:
        """Whether the service is going down: calls end though nobody hung up."""
        return self._lines.is_closing

    @asynccontextmanager
    async def connect(self, wanted: PhoneCall) -> AsyncIterator[PhoneLine]:
        """Yield a line of a new call, or of one that another line brought.

        A call whose line breaks without `PhoneLine.hang_up` goes on for a moment, so that
        the telephone system can connect again.

        Raises ProfileError, BusyError, ClosingError, CapacityError, CallStateError,
        OutputError.
        """
        name = wanted.call_id or new_call_id()
        shared = self._shared.setdefault(name, _Shared())
        line: Line | None = None
        try:
            async with shared.opening:
                line = await self._line(name, wanted, shared)
                shared.lines.append(line)
            yield PhoneLine(line, wanted.sample_rate_hz)
        finally:
            if line is not None:
                shared.lines.remove(line)
                line.leave()
            self._forget_ended()

    async def _line(self, name: str, wanted: PhoneCall, shared: _Shared) -> Line:
        legs = wanted.legs or _free_leg(shared)
        call = shared.call
        if call is None or call.has_ended:
            line = await self._open(name, wanted, legs)
            shared.call = line.call
            return line
        request = LineRequest(legs, call.spec.sample_rate_hz, call.spec.call_id)
        return await self._lines.join(call.token, request)

    async def _open(self, name: str, wanted: PhoneCall, legs: tuple[Channel, ...]) -> Line:
        """Open a call; where one of this name is over, a number makes the name a new one."""
        request = LineRequest(
            legs,
            wanted.sample_rate_hz,
            name,
            profile=wanted.profile,
            kind=wanted.kind,
            is_mixed=wanted.is_mixed,
        )
        for number in range(1, _CALLS_OF_ONE_NAME + 1):
            try:
                return await self._lines.open(
                    request if number == 1 else replace(request, call_id=f"{name}-{number}")
                )
            except CallStateError:
                continue
        raise CallStateError(
            f"there are {_CALLS_OF_ONE_NAME} calls {name!r} already; give each call its own id"
        )

    def _forget_ended(self) -> None:
        for name, shared in list(self._shared.items()):
            is_over = shared.call is None or shared.call.has_ended
            if is_over and not shared.lines and not shared.opening.locked():
                del self._shared[name]


def _free_leg(shared: _Shared) -> tuple[Channel, ...]:
    on_it = [line for line in shared.lines if line.call is shared.call]
    taken = {leg for line in on_it if not line.call.has_ended for leg in line.channels}
    return ("agent",) if "citizen" in taken and "agent" not in taken else ("citizen",)
