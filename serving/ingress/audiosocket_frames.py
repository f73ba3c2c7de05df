"""Frames of Asterisk's AudioSocket: kind (1 byte), length (2 bytes, big-endian), payload."""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

RATES_HZ: Final[dict[int, int]] = {
    0x10: 8_000,
    0x11: 12_000,
    0x12: 16_000,
    0x13: 24_000,
    0x14: 32_000,
    0x15: 44_100,
    0x16: 48_000,
    0x17: 96_000,
    0x18: 192_000,
}
"""Kinds of 16-bit little-endian mono, by sample rate; before 20.17 all audio came as 10."""

_HEADER = struct.Struct("!BH")


class Kind(IntEnum):
    """Kinds of frames that carry no audio."""

    HANG_UP = 0x00
    UUID = 0x01
    DTMF = 0x03
    ERROR = 0xFF


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame as it came; kinds that are not known are for the reader to skip."""

    kind: int
    payload: bytes


def write_frame(frame: Frame) -> bytes:
    """Return a frame's bytes; its payload has at most 65,535."""
    return _HEADER.pack(frame.kind, len(frame.payload)) + frame.payload


HANG_UP = write_frame(Frame(Kind.HANG_UP, b""))


async def read_frame(reader: asyncio.StreamReader) -> Frame | None:
    """Return the next frame, in however many pieces it comes; None at the end.

    A frame that the end cuts short keeps what came of it. Raises OSError where the
    connection broke.
    """
    try:
        kind, length = _HEADER.unpack(await reader.readexactly(_HEADER.size))
    except asyncio.IncompleteReadError:
        return None
    try:
        return Frame(kind, await reader.readexactly(length))
    except asyncio.IncompleteReadError as cut:
        return Frame(kind, cut.partial) if cut.partial else None
