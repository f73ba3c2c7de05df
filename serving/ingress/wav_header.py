"""A WAV header at the start of a stream of bytes that comes in pieces of any size."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Literal

from serving.errors import AudioFrameError
from serving.live.pcm import Encoding

_LONGEST_HEADER = 1 << 16
_PCM, _ALAW, _MULAW, _EXTENSIBLE = 1, 6, 7, 0xFFFE
_ENCODINGS: dict[tuple[int, int], Encoding] = {
    (_PCM, 16): "s16le",
    (_ALAW, 8): "alaw",
    (_MULAW, 8): "mulaw",
}


@dataclass(frozen=True, slots=True)
class WavHeader:
    """What a header says of the samples after it, which begin at byte `size`."""

    encoding: Encoding
    sample_rate_hz: int
    legs: int
    size: int


def read_wav_header(data: bytes) -> WavHeader | Literal["more", "none"]:
    """Return the header at the start of `data`.

    `more`: too little has come to tell; `none`: this is no WAV file. Raises
    AudioFrameError for one whose samples are not read here.
    """
    if len(data) < 12:
        return "more" if b"RIFF".startswith(data[:4]) else "none"
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        return "none"
    form: tuple[Encoding, int, int] | None = None
    place = 12
    while place + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, place)
        place += 8
        if name == b"data":
            if form is None:
                raise AudioFrameError("the WAV file has no `fmt ` chunk before its samples")
            return WavHeader(*form, place)
        if name == b"fmt ":
            if size < 16:
                raise AudioFrameError("the `fmt ` chunk of the WAV file is too short")
            if place + min(size, 40) > len(data):
                break
            form = _form(data[place : place + size])
        place += size + size % 2
    if place > _LONGEST_HEADER:
        raise AudioFrameError("the WAV file has no samples after its header")
    return "more"


def _form(chunk: bytes) -> tuple[Encoding, int, int]:
    """Return encoding, sample rate and legs of a `fmt ` chunk."""
    tag, legs, rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if tag == _EXTENSIBLE and len(chunk) >= 26:
        (tag,) = struct.unpack_from("<H", chunk, 24)
    encoding = _ENCODINGS.get((tag, bits))
    if encoding is None or legs not in (1, 2) or not 8_000 <= rate_hz <= 48_000:
        raise AudioFrameError(
            f"the WAV header says format {tag} with {bits} bits, {legs} leg(s) at {rate_hz} Hz; "
            "send 16-bit samples, A-law or µ-law of one or two legs at 8000 to 48000 Hz, "
            "or name another `wav_format`, which is decoded as a file"
        )
    return encoding, rate_hz, legs
