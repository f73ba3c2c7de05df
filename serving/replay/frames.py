"""A recording as the frames a telephone line brings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from asr.audio import Recording, open_recording
from asr.errors import ChannelLayoutError
from asr.types import SAMPLE_RATE_HZ, Channel
from serving.live.pcm import Pcm

FRAME_MS = 20
FRAME_SAMPLES = SAMPLE_RATE_HZ * FRAME_MS // 1000

LegFrame = dict[Channel, Pcm]
"""20 ms of both legs, int16 at 16 kHz; the last frame is shorter."""


def open_two_legs(path: Path) -> Recording:
    """Open a recording with the agent left and the citizen right; raises AudioError."""
    recording = open_recording(path)
    if recording.layout == "mono":
        recording.close()
        raise ChannelLayoutError(
            f"{path} has one leg; a live call has two, the agent left and the citizen right"
        )
    return recording


def leg_frames(recording: Recording) -> Iterator[list[LegFrame]]:
    """Yield the frames of an open two-leg recording, a second of them at a time."""
    for block in recording:
        pcm = np.clip(np.round(block * 32_768.0), -32_768, 32_767).astype(np.int16)
        yield [
            {"agent": pcm[0, start : start + FRAME_SAMPLES],
             "citizen": pcm[1, start : start + FRAME_SAMPLES]}
            for start in range(0, pcm.shape[1], FRAME_SAMPLES)
        ]  # fmt: skip
