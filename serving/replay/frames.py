"""A recording as the frames a telephone line brings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soxr

from asr.audio import Recording, open_recording
from asr.errors import ChannelLayoutError
from asr.types import SAMPLE_RATE_HZ, Channel
from serving.live.pcm import Pcm

FRAME_MS = 20
_TELEPHONE_HZ = 8_000

LegFrame = dict[Channel, Pcm]
"""20 ms of both legs, int16; the last frame is shorter."""


def open_two_legs(path: Path) -> Recording:
    """Open a recording with the agent left and the citizen right; raises AudioError."""
    recording = open_recording(path)
    if recording.layout == "mono":
        recording.close()
        raise ChannelLayoutError(
            f"{path} has one leg; a live call has two, the agent left and the citizen right"
        )
    return recording


def line_rate_hz(recording: Recording) -> int:
    """Return the rate at which a recording is played: a telephone's where it came from one."""
    return _TELEPHONE_HZ if recording.source_rate_hz <= _TELEPHONE_HZ else SAMPLE_RATE_HZ


def leg_frames(recording: Recording) -> Iterator[list[LegFrame]]:
    """Yield the frames of an open two-leg recording at its line rate, some of them at a time."""
    rate_hz = line_rate_hz(recording)
    length = rate_hz * FRAME_MS // 1000
    rest = np.zeros((2, 0), dtype=np.int16)
    for pcm in _line_pcm(recording, rate_hz):
        joined = np.concatenate([rest, pcm], axis=1)
        full = joined.shape[1] // length * length
        yield [_frame(joined[:, at : at + length]) for at in range(0, full, length)]
        rest = joined[:, full:]
    if rest.shape[1]:
        yield [_frame(rest)]


def _line_pcm(recording: Recording, rate_hz: int) -> Iterator[Pcm]:
    """Yield int16 (legs, samples) at the line's rate."""
    if rate_hz == SAMPLE_RATE_HZ:
        for block in recording:
            yield _int16(block)
        return
    stream = soxr.ResampleStream(SAMPLE_RATE_HZ, rate_hz, 2, dtype="float32")
    for block in recording:
        yield _int16(stream.resample_chunk(np.ascontiguousarray(block.T)).T)
    yield _int16(stream.resample_chunk(np.zeros((0, 2), dtype=np.float32), last=True).T)


def _int16(block: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> Pcm:
    return np.clip(np.round(block * 32_768.0), -32_768, 32_767).astype(np.int16)


def _frame(pcm: Pcm) -> LegFrame:
    return {"agent": pcm[0], "citizen": pcm[1]}
