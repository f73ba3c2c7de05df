"""Whether audio comes as fast as its declared sample rate says."""

from __future__ import annotations

from dataclasses import dataclass

_SURE_AFTER_S = 10.0
_PAUSE_S = 0.5
_FAST = 1.5
_SLOW = 0.67
_BURST_S = 3.0
"""Audio that may come at once: what a telephone system had held back."""


@dataclass(slots=True)
class Pace:
    """Compares one leg's samples with the wall clock; a wrong rate is off by a factor of two.

    Too much audio is judged by all the time that passed, since a stall is followed by a
    burst; too little by the time in which audio came, since a leg on hold sends none.
    """

    declared_hz: int
    _samples: int = 0
    _began_s: float | None = None
    _last_s: float = 0.0
    _active_s: float = 0.0

    def measured_hz(self, samples: int, now_s: float) -> int | None:
        """Take note of `samples` that came at `now_s`; return the rate they really have.

        None while it is not known, and where it is what was declared.
        """
        if self._began_s is None:
            # The first piece took its time before this clock began.
            self._began_s = self._last_s = now_s
            return None
        gap_s, self._last_s = now_s - self._last_s, now_s
        self._samples += samples
        self._active_s += gap_s if gap_s <= _PAUSE_S else 0.0
        passed_s = now_s - self._began_s
        audio_s = self._samples / self.declared_hz
        if passed_s >= _SURE_AFTER_S and audio_s > _FAST * passed_s + _BURST_S:
            return _round(self._samples / passed_s)
        if self._active_s >= _SURE_AFTER_S and audio_s < _SLOW * self._active_s:
            return _round(self._samples / self._active_s)
        return None


def _round(rate_hz: float) -> int:
    """To the thousand, as rates are given."""
    return max(round(rate_hz / 1000), 1) * 1000
