"""From a connection's first message to the call it is about and the audio it will bring."""

from __future__ import annotations

import asyncio
from datetime import datetime

from serving.call_id import new_call_id
from serving.clock import CHINA_TIME
from serving.errors import MessageFormatError
from serving.hotlines import Hotlines
from serving.ingress.leg_audio import LegAudio
from serving.ingress.messages import Resume, Start
from serving.live.call import CallSpec, LiveCall
from serving.live.calls import LiveCalls


async def open_call(
    first: Start | Resume, live: LiveCalls, hotlines: Hotlines
) -> tuple[LiveCall, LegAudio]:
    """Start a call, bring the other leg of one, or take one up again.

    Raises ProfileError, CallStateError (the id is taken), ResumeError, BusyError,
    CapacityError, MessageFormatError, OutputError.
    """
    if isinstance(first, Resume):
        call = live.resume(first.call_id, first.token)
    elif first.token is not None and first.call_id is not None:
        call = await _join(first, live.resume(first.call_id, first.token))
    else:
        call = await _start(first, live, hotlines)
    audio = LegAudio(
        tuple(first.channels),
        first.encoding,
        call.spec.sample_rate_hz,
        is_prefixed=first.framing == "prefixed",
    )
    return call, audio


async def _start(start: Start, live: LiveCalls, hotlines: Hotlines) -> LiveCall:
    pipeline = await asyncio.to_thread(hotlines.get, start.profile)
    spec = CallSpec(
        call_id=start.call_id or new_call_id(),
        profile=hotlines.check(start.profile),
        sample_rate_hz=start.sample_rate_hz,
        received_at=datetime.now(CHINA_TIME),
        kind=start.kind,
    )
    return await live.open(spec, pipeline, "live")


async def _join(start: Start, call: LiveCall) -> LiveCall:
    if start.sample_rate_hz != call.spec.sample_rate_hz:
        raise MessageFormatError(
            f"the other leg has {call.spec.sample_rate_hz} Hz; both need the same"
        )
    await call.join(tuple(start.channels))
    return call
