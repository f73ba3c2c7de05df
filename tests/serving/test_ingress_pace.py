"""Whether a declared sample rate is told from a wrong one by the clock."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr.types import Channel
from serving.ingress.pace import Pace
from serving.ingress.pcm_stream import PcmStream
from serving.live.pcm import AudioFormat

FRAME_S = 0.02


def played(pace: Pace, real_hz: int, seconds: float, start_s: float = 0.0) -> list[int]:
    """What a line that really has `real_hz` is measured to have, 20 ms at a time."""
    found = []
    for index in range(round(seconds / FRAME_S)):
        measured = pace.measured_hz(round(real_hz * FRAME_S), start_s + index * FRAME_S)
        if measured is not None:
            found.append(measured)
    return found


@pytest.mark.parametrize("declared_hz", [8_000, 16_000, 44_100])
def test_the_declared_rate_is_believed(declared_hz: int) -> None:
    assert played(Pace(declared_hz), declared_hz, 120) == []


@pytest.mark.parametrize(("declared_hz", "real_hz"), [(8_000, 16_000), (16_000, 8_000)])
def test_a_wrong_rate_is_found_within_seconds(declared_hz: int, real_hz: int) -> None:
    assert played(Pace(declared_hz), real_hz, 20)[0] == real_hz


def test_a_line_on_hold_is_not_slow() -> None:
    pace = Pace(8_000)
    for start_s in range(0, 600, 60):
        assert played(pace, 8_000, 5, float(start_s)) == []


def test_what_a_stall_held_back_is_not_fast() -> None:
    pace = Pace(8_000)
    assert played(pace, 8_000, 20) == []
    for _ in range(round(5 / FRAME_S)):
        assert pace.measured_hz(160, 25.0) is None
    assert played(pace, 8_000, 20, 25.02) == []


def test_frames_of_uneven_length_and_time_are_no_reason() -> None:
    pace, chance, sent, now_s = Pace(8_000), np.random.default_rng(1), 0, 0.0
    while now_s < 60:
        now_s += float(chance.uniform(0.0, 0.3))
        due = round(now_s * 8_000)
        assert pace.measured_hz(due - sent, now_s) is None
        sent = due


@given(st.lists(st.integers(1, 700), min_size=1, max_size=30), st.integers(1, 2))
def test_samples_are_whole_however_the_bytes_are_cut(sizes: list[int], legs: int) -> None:
    both: tuple[Channel, ...] = ("agent", "citizen")
    channels = both[:legs]
    data = np.arange(sum(sizes), dtype=np.uint8).tobytes()
    stream = PcmStream(AudioFormat("s16le", 8_000, channels))
    pieces, start = [], 0
    for size in sizes:
        pieces.append(stream.decode(data[start : start + size]))
        start += size
    whole = np.frombuffer(data[: len(data) // (2 * legs) * 2 * legs], "<i2").reshape(-1, legs)
    for index, channel in enumerate(channels):
        joined = np.concatenate([piece[channel] for piece in pieces])
        np.testing.assert_array_equal(joined, whole[:, index])
