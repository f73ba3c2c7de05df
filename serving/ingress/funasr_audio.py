"""The bytes of a FunASR client: samples as they come, or a file that is decoded when complete."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from asr.audio import open_recording
from asr.framing import FloatArray
from asr.types import SAMPLE_RATE_HZ, Channel
from serving.errors import UploadTooLargeError
from serving.ingress.funasr_start import FunasrStart
from serving.ingress.wav_header import read_wav_header
from serving.live.pcm import AudioFormat, Pcm
from serving.output import output_error

MONO: tuple[Channel, ...] = ("citizen",)
"""FunASR's protocol has one speaker; here that is who calls."""
TWO_LEGS: tuple[Channel, ...] = ("agent", "citizen")
"""A stereo file: agent left, citizen right, as everywhere here."""


@dataclass(frozen=True, slots=True)
class LineShape:
    """What has to be known of the audio before a call can be opened."""

    channels: tuple[Channel, ...]
    sample_rate_hz: int


class FunasrSamples:
    """Samples without a header as declared, or those after a WAV header as it says.

    Messages may be cut anywhere: what does not make a whole sample waits for the rest.
    """

    def __init__(self, start: FunasrStart) -> None:
        self.shape: LineShape | None = None
        """None until enough has come to tell."""
        self._declared = AudioFormat("s16le", start.sample_rate_hz, MONO)
        self._format: AudioFormat | None = None
        self._waiting = b""

    def decode(self, data: bytes) -> dict[Channel, Pcm]:
        """Return the samples that are whole now; AudioFrameError for a WAV of another kind."""
        data = self._waiting + data
        if self._format is None:
            header = read_wav_header(data)
            if header == "more":
                self._waiting = data
                return {}
            if header == "none":
                self._format = self._declared
            else:
                legs = MONO if header.legs == 1 else TWO_LEGS
                self._format = AudioFormat(header.encoding, header.sample_rate_hz, legs)
                data = data[header.size :]
            self.shape = LineShape(self._format.channels, self._format.sample_rate_hz)
        block = self._format.bytes_per_sample * len(self._format.channels)
        whole = len(data) // block * block
        self._waiting = data[whole:]
        return self._format.decode(data[:whole])


class FunasrFile:
    """A file in any container, gathered on disk and decoded when its last byte has come."""

    shape = LineShape(TWO_LEGS, SAMPLE_RATE_HZ)

    def __init__(self, path: Path, max_bytes: int) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._bytes = 0
        self._file: IO[bytes] | None = None

    async def gather(self, data: bytes) -> None:
        """Take a piece in; raises UploadTooLargeError, OutputError."""
        self._bytes += len(data)
        if self._bytes > self._max_bytes:
            raise UploadTooLargeError(
                f"the file is larger than {self._max_bytes // 2**20} MiB; send samples instead, "
                "or raise JIESU_MAX_UPLOAD_BYTES"
            )
        await asyncio.to_thread(self._write, data)

    async def blocks(self) -> AsyncIterator[dict[Channel, Pcm]]:
        """Yield the legs of the file a second at a time; raises AudioError."""
        await asyncio.to_thread(self._finish)
        recording = await asyncio.to_thread(open_recording, self._path)
        try:
            legs = MONO if recording.legs == 1 else TWO_LEGS
            blocks = iter(recording)
            while (block := await asyncio.to_thread(next, blocks, None)) is not None:
                yield dict(zip(legs, _sixteen_bit(block), strict=True))
        finally:
            recording.close()

    def discard(self) -> None:
        """Close and remove the file; safe to call twice."""
        if self._file is not None:
            self._file.close()
        self._path.unlink(missing_ok=True)

    def _write(self, data: bytes) -> None:
        try:
            if self._file is None:
                self._file = self._path.open("xb")
            self._file.write(data)
        except OSError as error:
            raise output_error(self._path, error) from error

    def _finish(self) -> None:
        try:
            if self._file is not None:
                self._file.close()
        except OSError as error:
            raise output_error(self._path, error) from error


def _sixteen_bit(block: FloatArray) -> Pcm:
    """Return float32 (legs, samples) of full scale 1.0 as int16."""
    whole: Pcm = np.clip(np.round(block * 32_768.0), -32_768, 32_767).astype(np.int16)
    return whole
