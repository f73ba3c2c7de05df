"""Telephone recordings joined to one of any length, without decoding them."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from serving.errors import BenchError


@dataclass(frozen=True, slots=True)
class WavParts:
    """The format chunk of a WAV file and its sound."""

    format_chunk: bytes
    data: bytes

    @property
    def bytes_per_second(self) -> int:
        """Rate of the sound."""
        rate: int = struct.unpack_from("<I", self.format_chunk, 8)[0]
        return rate


def join_wavs(sources: Sequence[Path], target: Path, duration_s: float) -> None:
    """Write the sources one after the other, again and again, until `duration_s` is filled.

    Raises `BenchError` when there are none or their formats differ.
    """
    if not sources:
        raise BenchError("no WAV recordings to join")
    parts = [read_wav_parts(source) for source in sources]
    first = parts[0]
    if any(part.format_chunk != first.format_chunk for part in parts):
        raise BenchError("the recordings to join have different formats")
    left = int(duration_s * first.bytes_per_second)
    with target.open("wb") as file:
        file.write(b"RIFF" + struct.pack("<I", 4 + 8 + len(first.format_chunk) + 8 + left))
        file.write(b"WAVEfmt " + struct.pack("<I", len(first.format_chunk)) + first.format_chunk)
        file.write(b"data" + struct.pack("<I", left))
        for part in cycle(parts):
            file.write(part.data[:left])
            left -= len(part.data)
            if left <= 0:
                return


def read_wav_parts(path: Path) -> WavParts:
    """Read a WAV file's format and sound; raises `BenchError` for anything else."""
    data = path.read_bytes()
    chunks: dict[bytes, bytes] = {}
    at = 12
    while data[:4] == b"RIFF" and at + 8 <= len(data):
        name, size = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        chunks[name] = data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    if b"fmt " not in chunks or b"data" not in chunks:
        raise BenchError(f"{path} is not a WAV recording")
    return WavParts(chunks[b"fmt "], chunks[b"data"])
