"""From a connection's first message to its line into a call and the audio it will bring."""

from __future__ import annotations

from serving.ingress.leg_audio import LegAudio
from serving.ingress.messages import Resume, Start
from serving.live.line import Line, LineRequest, Lines


async def open_line(first: Start | Resume, lines: Lines) -> tuple[Line, LegAudio]:
    """Start a call, bring the other leg of one, or take one up again.

    Raises ProfileError, CallStateError (the id is taken), ResumeError, BusyError,
    CapacityError, MessageFormatError, OutputError.
    """
    channels = tuple(first.channels)
    if isinstance(first, Resume):
        line = lines.resume(first.call_id, first.token, channels)
    elif first.token is not None and first.call_id is not None:
        line = await lines.join(first.token, _request(first))
    else:
        line = await lines.open(_request(first))
    audio = LegAudio(
        channels,
        first.encoding,
        line.call.spec.sample_rate_hz,
        is_prefixed=first.framing == "prefixed",
    )
    return line, audio


def _request(start: Start) -> LineRequest:
    return LineRequest(
        channels=tuple(start.channels),
        sample_rate_hz=start.sample_rate_hz,
        call_id=start.call_id,
        profile=start.profile,
        kind=start.kind,
        dialect=start.dialect,
    )
