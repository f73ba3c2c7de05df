"""Recordings made on the spot, in every container and codec that is read."""

from __future__ import annotations

import struct
from pathlib import Path

import av
import numpy as np
import soxr
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream

from asr.framing import FloatArray
from asr.types import SAMPLE_RATE_HZ
from tests.asr.doubles import silence, voice

DURATION_S = 3.0


def two_voices() -> FloatArray:
    """float32 (2, samples) at 16 kHz: the left leg speaks, then the right one."""
    left = np.concatenate([silence(0.3), voice(1.0), silence(1.7)])
    right = np.concatenate([silence(1.6), voice(1.0, level=0.2), silence(0.4)])
    return np.stack([left, right])


def encode(
    path: Path, legs: FloatArray, codec: str, rate_hz: int, container: str | None = None
) -> Path:
    """Write float32 (1 or 2, samples) at 16 kHz to `path` in `codec` at `rate_hz`."""
    layout = "mono" if len(legs) == 1 else "stereo"
    at_rate = soxr.resample(legs.T, SAMPLE_RATE_HZ, rate_hz).T.astype(np.float32)
    with av.open(str(path), "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate_hz, layout=layout)
        assert isinstance(stream, AudioStream)
        if codec == "libopencore_amrnb":
            stream.codec_context.bit_rate = 12_200
        if codec == "vorbis":
            stream.codec_context.options = {"strict": "experimental"}
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(at_rate), "fltp", layout)
        frame.sample_rate = rate_hz
        stream.codec_context.open()
        frame_size = stream.codec_context.frame_size or 1024
        resampler = AudioResampler(stream.codec_context.format, layout, rate_hz, frame_size)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            output.mux(stream.encode(piece))
        output.mux(stream.encode(None))
    return path


def wav_bytes(
    data: bytes,
    *,
    format_tag: int = 1,
    channels: int = 1,
    rate_hz: int = 8_000,
    bits: int = 16,
    declared: int | None = None,
) -> bytes:
    """A WAV file around `data`, with whatever the header should claim."""
    align = channels * bits // 8
    header = struct.pack("<HHIIHH", format_tag, channels, rate_hz, rate_hz * align, align, bits)
    size = len(data) if declared is None else declared
    body = b"WAVE" + b"fmt " + struct.pack("<I", len(header)) + header
    body += b"data" + struct.pack("<I", size) + data
    return b"RIFF" + struct.pack("<I", min(len(body), 0xFFFFFFFF)) + body


def pcm16(legs: FloatArray) -> bytes:
    """Interleaved 16-bit samples of float32 (legs, samples)."""
    scaled: bytes = (np.clip(legs.T, -1, 1) * 32767).astype("<i2").tobytes()
    return scaled
