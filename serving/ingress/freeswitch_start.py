"""The beginning of a FreeSWITCH stream: audio held back until its rate and channels are clear."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.websockets import WebSocketDisconnect

from serving.errors import IdleCallError, MessageFormatError
from serving.ingress.freeswitch_options import FreeSwitchOptions, is_end, read_metadata
from serving.ingress.phone_socket import PhoneWire

_HOLD_S = 1.0
_HOLD_BYTES = 1 << 20
"""More than a second of two legs at 192 kHz: what comes on is no telephone's pace."""


@dataclass(frozen=True, slots=True)
class Held:
    """What is known of a stream, and the audio that came before it was."""

    options: FreeSwitchOptions
    audio: bytes
    fault: str | None = None
    """What is wrong with the metadata, which is then left aside."""
    has_ended: bool = False
    """Whether FreeSWITCH said already that this was all."""
    closed: WebSocketDisconnect | None = None
    """Set where the connection closed while its audio was held back."""


async def hold_until_known(
    wire: PhoneWire, query: FreeSwitchOptions, start_within_s: float, *, is_fork: bool
) -> Held:
    """Wait for the metadata, but no longer than a moment after the first audio.

    Raises IdleCallError where nothing comes, WebSocketDisconnect where nothing came.
    """
    loop = asyncio.get_running_loop()
    audio = bytearray()
    deadline_s = loop.time() + start_within_s
    while len(audio) <= _HOLD_BYTES:
        try:
            message = await wire.receive(max(deadline_s - loop.time(), 0.0))
        except IdleCallError:
            if audio:
                break
            raise
        except WebSocketDisconnect as gone:
            if not audio:
                raise
            return Held(query, bytes(audio), closed=gone)
        if isinstance(message, str):
            return _known(query, bytes(audio), message)
        if not message and is_fork:
            return Held(query, bytes(audio), has_ended=True)
        if message and not audio:
            deadline_s = loop.time() + _HOLD_S
        audio += message
    return Held(query, bytes(audio))


def _known(query: FreeSwitchOptions, audio: bytes, text: str) -> Held:
    if is_end(text):
        return Held(query, audio, has_ended=True)
    try:
        said = read_metadata(text)
    except MessageFormatError as error:
        return Held(query, audio, fault=str(error))
    return Held(query.then(said) if said is not None else query, audio)
