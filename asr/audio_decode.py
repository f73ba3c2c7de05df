"""One audio file as a stream of float samples at its own rate (PyAV over FFmpeg)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.packet import Packet

from asr.audio_container import READABLE, sniff_container
from asr.audio_samples import frame_to_float, zero_unusable
from asr.errors import AudioDecodeError, AudioEmptyError, ChannelLayoutError
from asr.framing import FloatArray

MAX_DURATION_S = 12 * 3600
"""A damaged index can name the same bytes again and again; no call is as long as this."""

_MIN_RATE_HZ, _MAX_RATE_HZ = 6_000, 192_000
_MAX_GAP_S = 1.0
_TIMESTAMP_SLACK_S = 0.04
_MAX_FILLED_S = 60.0
_CODECS = (
    "pcm_", "adpcm_", "flac", "alac", "mp1", "mp2", "mp3", "aac", "opus", "libopus", "vorbis",
    "amr", "libopencore", "gsm", "libgsm", "g722", "g723", "g726", "g729", "speex", "libspeex",
)  # fmt: skip
# What PyAV raises on damaged input besides its own errors.
DECODER_FAULTS = (av.error.FFmpegError, ValueError, OverflowError, MemoryError, EOFError)


class AudioDecoder:
    """The first audio stream of one file.

    Iterated once, it yields float32 (channels, samples) at `rate_hz`, full scale 1.0.
    A damaged stretch becomes silence of the same length and a line in `warnings`.
    Samples that are not numbers, or more than 12 dB above full scale, become zero.
    """

    def __init__(self, path: Path) -> None:
        """Open `path` and decode its first frame.

        Raises AudioDecodeError, AudioEmptyError or ChannelLayoutError.
        """
        self.path = path
        self.warnings: list[str] = []
        self.decoded_samples = 0
        self._bad_packets = 0
        self._bad_samples = 0
        self._filled_s = 0.0
        self._in_use = threading.Lock()
        self._is_closed = False
        container = sniff_container(path)
        self._file: IO[bytes] = path.open("rb")
        try:
            self._open_container(container)
            self._packets = self._demux()
            self._first = self._first_frame()
            self._check_first()
            self._pieces = self._pieces_after_first()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> AudioDecoder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the file back, once nobody reads from it; reading on then ends the sound."""
        with self._in_use:
            self._is_closed = True
            container = getattr(self, "_container", None)
            if container is not None:
                container.close()
            self._file.close()

    def __iter__(self) -> Iterator[FloatArray]:
        limit = MAX_DURATION_S * self.rate_hz
        piece: FloatArray | None = self._piece_of(self._first)
        while piece is not None:
            piece, unusable = zero_unusable(piece)
            self._bad_samples += unusable
            self.decoded_samples += piece.shape[1]
            yield piece
            if self.decoded_samples > limit:
                self.warnings.append(f"only the first {MAX_DURATION_S // 3600} hours were read")
                break
            piece = self._next_piece()
        self._report()

    def _next_piece(self) -> FloatArray | None:
        # FFmpeg crashes where a file is closed by one thread and read by another.
        with self._in_use:
            return None if self._is_closed else next(self._pieces, None)

    @property
    def declared_s(self) -> float | None:
        """Length that the file's header gives, in seconds; None where it gives none."""
        duration, base = self._stream.duration, self._stream.time_base
        if duration is None or base is None or duration <= 0:
            return None
        return float(duration * base)

    def _open_container(self, container: str) -> None:
        try:
            self._container = av.open(self._file, "r", format=container)
        except DECODER_FAULTS as error:
            raise AudioDecodeError(
                f"{self.path} is damaged: its {container} header cannot be read; "
                "copy or export it again"
            ) from error
        streams = self._container.streams.audio
        if not streams:
            raise AudioDecodeError(f"{self.path} holds no sound; give a {READABLE} recording")
        self._stream: AudioStream = streams[0]
        codec = self._stream.codec_context
        name = codec.name if codec is not None else "an unknown codec"
        if codec is None or not name.startswith(_CODECS):
            raise AudioDecodeError(
                f"{self.path} is coded in {name}, which is not read here; convert it, "
                "for example with: ffmpeg -i IN -c:a pcm_s16le OUT.wav"
            )
        self.codec = name

    def _first_frame(self) -> AudioFrame:
        for packet in self._packets:
            frames = self._decode(packet)
            if frames:
                self._ahead = frames[1:]
                return frames[0]
        if self._bad_packets:
            raise AudioDecodeError(
                f"{self.path} is damaged: nothing in it could be decoded; copy or export it again"
            )
        raise AudioEmptyError(f"{self.path} has a header but no samples; record it again")

    def _check_first(self) -> None:
        self.rate_hz = self._first.sample_rate
        self.channels = self._first.layout.nb_channels
        if not _MIN_RATE_HZ <= self.rate_hz <= _MAX_RATE_HZ:
            raise AudioDecodeError(
                f"{self.path} claims {self.rate_hz} samples a second; "
                "give a recording of 8 to 48 kHz"
            )
        if self.channels not in (1, 2):
            raise ChannelLayoutError(
                f"{self.path} has {self.channels} channels; give a mono recording, a stereo one "
                "with a leg on each side, or one file per leg"
            )
        try:
            frame_to_float(self._first)
        except ValueError as error:
            raise AudioDecodeError(
                f"{self.path} holds samples of the kind {self._first.format.name}, which is not "
                "read here; convert it, for example with: ffmpeg -i IN -c:a pcm_s16le OUT.wav"
            ) from error

    def _demux(self) -> Iterator[Packet[AudioStream]]:
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except DECODER_FAULTS:
                self._bad_packets += 1
                return
            if packet is None:
                return
            yield packet

    def _decode(self, packet: Packet[AudioStream]) -> list[AudioFrame] | None:
        """Return the frames of `packet`, None where it does not decode."""
        try:
            return [frame for frame in packet.decode() if frame.samples]
        except DECODER_FAULTS:
            self._bad_packets += 1
            return None

    def _pieces_after_first(self) -> Iterator[FloatArray]:
        for frame in self._ahead:
            yield self._piece_of(frame)
        for packet in self._packets:
            frames = self._decode(packet)
            if frames is None:
                yield self._silence(min(_duration_s(packet), _MAX_GAP_S))
                continue
            for frame in frames:
                missing_s = self._missing_before_s(frame)
                if missing_s:
                    yield self._silence(missing_s)
                yield self._piece_of(frame)

    def _missing_before_s(self, frame: AudioFrame) -> float:
        """Return what the frame's time says was dropped before it, so that times stay true."""
        if frame.pts is None or self._first.pts is None or frame.time_base is None:
            return 0.0
        due_s = float((frame.pts - self._first.pts) * frame.time_base)
        gap_s = due_s - self.decoded_samples / self.rate_hz
        if not _TIMESTAMP_SLACK_S < gap_s <= _MAX_FILLED_S - self._filled_s:
            return 0.0
        self._filled_s += gap_s
        self._bad_packets += 1
        return gap_s

    def _piece_of(self, frame: AudioFrame) -> FloatArray:
        """Return the frame's samples; silence where it is not of the first frame's kind."""
        if _kind(frame) == _kind(self._first):
            return frame_to_float(frame)
        self._bad_packets += 1
        return self._silence(min(frame.samples / max(frame.sample_rate, 1), _MAX_GAP_S))

    def _silence(self, duration_s: float) -> FloatArray:
        return np.zeros((self.channels, round(duration_s * self.rate_hz)), dtype=np.float32)

    def _report(self) -> None:
        """Turn what went wrong into warnings, or into an error where most of it did."""
        name = self.path.name
        total = self.decoded_samples * self.channels
        if self._bad_samples * 2 > total:
            raise AudioDecodeError(
                f"{self.path}: most samples are not numbers or far beyond full scale; "
                "export it again as 16-bit PCM or with floats between -1 and 1"
            )
        if self._bad_samples:
            self.warnings.append(
                f"{name}: {self._bad_samples} samples were not numbers or far beyond full scale "
                "and were set to zero"
            )
        if self._bad_packets:
            self.warnings.append(f"{name}: {self._bad_packets} damaged places were skipped")
        decoded_s = self.decoded_samples / self.rate_hz
        declared_s = self.declared_s
        if declared_s is not None and decoded_s < 0.98 * declared_s - 0.5:
            self.warnings.append(
                f"{name} is cut off: {decoded_s:.1f} s of {declared_s:.1f} s could be read"
            )


def _kind(frame: AudioFrame) -> tuple[int, int, str]:
    return frame.sample_rate, frame.layout.nb_channels, frame.format.name


def _duration_s(packet: Packet[AudioStream]) -> float:
    if not packet.duration or packet.time_base is None:
        return 0.0
    return max(float(packet.duration * packet.time_base), 0.0)
