"""Whether the two sides of a stereo file are two legs or the same sound twice."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from asr.framing import FloatArray, Framer

_SAME_RATIO = 0.03
"""A difference 30 dB below the sound is what a lossy codec leaves; cross-talk is louder."""

_SILENT_RMS = 1e-4
_ENOUGH_S = 300


def legs_say_the_same(pieces: Iterator[FloatArray], rate_hz: int) -> bool:
    """Return whether float32 (2, samples) `pieces` carry one sound on both sides.

    Reads on until a second differs, which in a call with two legs is the first one in
    which somebody speaks, and gives up after five minutes of equal sound. Silence on
    both sides tells nothing; where there is nothing else, the legs count as two.
    """
    seconds = Framer(rate_hz)
    equal_s = 0
    for piece in pieces:
        for second in seconds.push(piece):
            verdict = _same(second)
            if verdict is False:
                return False
            equal_s += verdict is True
            if equal_s >= _ENOUGH_S:
                return True
    rest = seconds.flush()
    last = _same(rest) if rest is not None else None
    return last is not False and (equal_s > 0 or last is True)


def _same(stretch: FloatArray) -> bool | None:
    """Return whether both rows hold the same sound, None where there is no sound."""
    left, right = stretch.astype(np.float64)
    level = max(_rms(left), _rms(right))
    if level < _SILENT_RMS:
        return None
    return _rms(left - right) < _SAME_RATIO * level


def _rms(samples: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    return float(np.sqrt(np.mean(np.square(samples))))
