"""The codecs of Asterisk that hold one leg of telephone speech, to samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, Protocol

import av
import numpy as np

from asr.types import Channel
from serving.errors import MessageFormatError
from serving.ingress.pcm_stream import PcmStream
from serving.live.pcm import AudioFormat, Encoding, Pcm


@dataclass(frozen=True, slots=True)
class Codec:
    """How bytes become samples."""

    encoding: Encoding | Literal["g722"]
    sample_rate_hz: int

    @property
    def bytes_per_s(self) -> int:
        """Bytes of a second; G.722 packs two samples into a byte."""
        if self.encoding == "g722":
            return self.sample_rate_hz // 2
        return self.sample_rate_hz * (2 if self.encoding == "s16le" else 1)


_SLIN_HZ = (8_000, 12_000, 16_000, 24_000, 32_000, 44_100, 48_000, 96_000, 192_000)

CODECS: Final[dict[str, Codec]] = {
    "slin": Codec("s16le", 8_000),
    **{f"slin{rate_hz // 1000}": Codec("s16le", rate_hz) for rate_hz in _SLIN_HZ[1:]},
    "ulaw": Codec("mulaw", 8_000),
    "alaw": Codec("alaw", 8_000),
    "g722": Codec("g722", 16_000),
}
"""By the name that Asterisk gives them."""


class Decoder(Protocol):
    """Bytes of one leg in, samples out; pieces may end anywhere."""

    def decode(self, data: bytes) -> dict[Channel, Pcm]:
        """Return the samples that are whole by now."""


def find_codec(name: str) -> Codec:
    """Return a codec by Asterisk's name; MessageFormatError says which are heard."""
    if name not in CODECS:
        raise MessageFormatError(
            f"codec {name[:32]!r} is not heard; dial with c(slin16) or one of: {', '.join(CODECS)}"
        )
    return CODECS[name]


def decoder(codec: Codec, leg: Channel) -> Decoder:
    """Return what decodes one leg."""
    if codec.encoding == "g722":
        return G722Stream(leg)
    return PcmStream(AudioFormat(codec.encoding, codec.sample_rate_hz, (leg,)))


class G722Stream:
    """Decodes ITU-T G.722 at 64 kbit/s, each byte two samples at 16 kHz; its state runs on."""

    def __init__(self, leg: Channel) -> None:
        self._leg = leg
        self._decoder = av.AudioCodecContext.create("g722", "r")
        self._decoder.sample_rate = CODECS["g722"].sample_rate_hz
        self._decoder.layout = "mono"

    def decode(self, data: bytes) -> dict[Channel, Pcm]:
        """Return the samples of `data`."""
        frames = self._decoder.decode(av.Packet(data)) if data else []
        pieces = [frame.to_ndarray().reshape(-1) for frame in frames]
        pcm: Pcm = np.concatenate([np.zeros(0, dtype=np.int16), *pieces])
        return {self._leg: pcm}
