"""Audio bytes as they come over a wire, to 16-bit samples of each leg.

G.711 after ITU-T G.711: each byte is one sample of a logarithmic scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from asr.types import Channel, Samples
from serving.errors import AudioFrameError

Encoding = Literal["s16le", "alaw", "mulaw"]
Pcm = npt.NDArray[np.int16]
"""int16 (samples,) of one leg."""

_BYTES: dict[Encoding, int] = {"s16le": 2, "alaw": 1, "mulaw": 1}


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """How a connection sends its audio; `channels` are interleaved in this order."""

    encoding: Encoding
    sample_rate_hz: int
    channels: tuple[Channel, ...]

    @property
    def bytes_per_sample(self) -> int:
        """Bytes of one sample of one leg."""
        return _BYTES[self.encoding]

    def decode(self, data: bytes) -> dict[Channel, Pcm]:
        """Return the samples of each leg; AudioFrameError where they are not whole."""
        block = self.bytes_per_sample * len(self.channels)
        if len(data) % block:
            raise AudioFrameError(
                f"{len(data)} bytes of audio are not a whole number of samples: {self.encoding} "
                f"with {len(self.channels)} leg(s) comes in multiples of {block} bytes"
            )
        samples = _decoded(data, self.encoding).reshape(-1, len(self.channels))
        return {
            channel: np.ascontiguousarray(samples[:, index])
            for index, channel in enumerate(self.channels)
        }


def full_scale(pcm: Pcm) -> Samples:
    """Return 16-bit samples as float32 of full scale 1.0."""
    return pcm.astype(np.float32) / np.float32(32_768.0)


def _decoded(data: bytes, encoding: Encoding) -> Pcm:
    if encoding == "s16le":
        return np.frombuffer(data, dtype="<i2").astype(np.int16)
    table = _alaw_table() if encoding == "alaw" else _mulaw_table()
    decoded: Pcm = table[np.frombuffer(data, dtype=np.uint8)]
    return decoded


@cache
def _alaw_table() -> Pcm:
    code = np.arange(256) ^ 0x55
    segment, mantissa = (code >> 4) & 0x07, code & 0x0F
    # Segment 0 is linear; the others carry a leading one and half a step.
    magnitude = (mantissa << 4) + 8 + np.where(segment > 0, 0x100, 0)
    magnitude = magnitude << np.maximum(segment - 1, 0)
    table: Pcm = np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)
    return table


@cache
def _mulaw_table() -> Pcm:
    code = ~np.arange(256) & 0xFF
    segment, mantissa = (code >> 4) & 0x07, code & 0x0F
    magnitude = (((mantissa << 3) + 0x84) << segment) - 0x84
    table: Pcm = np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)
    return table


def encode_alaw(pcm: Pcm) -> bytes:
    """Return 16-bit samples as A-law bytes, each the nearest there is."""
    return _nearest(pcm, _alaw_table())


def encode_mulaw(pcm: Pcm) -> bytes:
    """Return 16-bit samples as µ-law bytes, each the nearest there is."""
    return _nearest(pcm, _mulaw_table())


def _nearest(pcm: Pcm, table: Pcm) -> bytes:
    order = np.argsort(table, kind="stable")
    levels = table[order].astype(np.int32)
    halfway = (levels[1:] + levels[:-1]) / 2
    return order[np.searchsorted(halfway, pcm.astype(np.int32))].astype(np.uint8).tobytes()
