"""Audio bytes in whatever pieces they come, to samples."""

from __future__ import annotations

from asr.types import Channel
from serving.live.pcm import AudioFormat, Pcm


class PcmStream:
    """Decodes a stream whose pieces may end within a sample: the rest waits for the next piece."""

    def __init__(self, audio_format: AudioFormat) -> None:
        self.format = audio_format
        self.has_torn_pieces = False
        """Whether a piece ever ended within a sample."""
        self._rest = b""

    def decode(self, data: bytes) -> dict[Channel, Pcm]:
        """Return the samples of each leg that are whole by now."""
        joined = self._rest + data
        block = self.format.bytes_per_sample * len(self.format.channels)
        whole = len(joined) - len(joined) % block
        self._rest = joined[whole:]
        self.has_torn_pieces |= bool(self._rest)
        return self.format.decode(joined[:whole])
