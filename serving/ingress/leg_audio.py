"""Audio messages of one connection, told apart by leg."""

from __future__ import annotations

from asr.types import Channel
from serving.errors import AudioFrameError
from serving.live.pcm import AudioFormat, Encoding, Pcm


class LegAudio:
    """Decodes messages that carry the legs interleaved, or one leg named by the first byte."""

    def __init__(
        self,
        channels: tuple[Channel, ...],
        encoding: Encoding,
        sample_rate_hz: int,
        *,
        is_prefixed: bool = False,
    ) -> None:
        self.channels = channels
        self._is_prefixed = is_prefixed
        groups = [(leg,) for leg in channels] if is_prefixed else [channels]
        self._formats = [AudioFormat(encoding, sample_rate_hz, group) for group in groups]

    def decode(self, data: bytes) -> dict[Channel, Pcm]:
        """Return the samples of each leg in a message; AudioFrameError where they are not whole."""
        if not self._is_prefixed:
            return self._formats[0].decode(data)
        if not data or data[0] >= len(self._formats):
            raise AudioFrameError(
                "the first byte of an audio message names its leg: "
                + ", ".join(f"{index} {leg}" for index, leg in enumerate(self.channels))
            )
        return self._formats[data[0]].decode(data[1:])
