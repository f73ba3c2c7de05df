"""How busy the recogniser is, and what one more call would cost."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from types import TracebackType

from asr.errors import CapacityError


class LoadMeter:
    """Busy time against call time, over a sliding window.

    All times are seconds of one monotonic clock that the caller reads.
    """

    def __init__(self, window_s: float, call_load_guess: float) -> None:
        self.calls = 0
        self._window_s = window_s
        self._guess = call_load_guess
        self._busy: deque[tuple[float, float]] = deque()
        self._calls_since: deque[tuple[float, int]] = deque()

    def set_guess(self, call_load: float) -> None:
        """Set what a call is taken to cost until calls have shown it."""
        self._guess = call_load

    def record_busy(self, started_s: float, ended_s: float) -> None:
        """Note that the recogniser worked from `started_s` to `ended_s`."""
        self._busy.append((started_s, ended_s))
        while self._busy and self._busy[0][1] < ended_s - self._window_s:
            self._busy.popleft()

    def set_calls(self, calls: int, now_s: float) -> None:
        """Note that from now on `calls` are being served."""
        self.calls = calls
        self._calls_since.append((now_s, calls))
        while len(self._calls_since) > 1 and self._calls_since[1][0] < now_s - self._window_s:
            self._calls_since.popleft()

    def load(self, now_s: float) -> float:
        """Return the share of the window in which the recogniser worked, 0 to 1."""
        return self._busy_s(now_s) / self._window_s

    def load_with_one_more(self, now_s: float) -> float:
        """Return the load to expect if one more call came; beyond 1 it cannot be served."""
        call_s = self._call_s(now_s)
        seen = min(call_s / self._window_s, 1.0)
        # A young call has not spoken much: until a window of call time is seen, the guess
        # fills what is missing.
        per_call = self._busy_s(now_s) / call_s if call_s else 0.0
        return (self.calls + 1) * (seen * per_call + (1.0 - seen) * self._guess)

    def _busy_s(self, now_s: float) -> float:
        since = now_s - self._window_s
        return sum(max(ended - max(started, since), 0.0) for started, ended in self._busy)

    def _call_s(self, now_s: float) -> float:
        since = now_s - self._window_s
        total, until = 0.0, now_s
        for started, calls in reversed(self._calls_since):
            total += calls * max(until - max(started, since), 0.0)
            until = started
            if started < since:
                break
        return total


class CallDesk:
    """Admits calls while one more could be served in time; used by any thread.

    `max_calls` is a fixed limit, None for none; `max_load` the load above which a call is
    refused, going by what the calls so far have cost.
    """

    def __init__(
        self, clock: Callable[[], float], *, window_s: float, max_load: float, max_calls: int | None
    ) -> None:
        self._clock = clock
        self._max_load = max_load
        self._max_calls = max_calls
        self._lock = threading.Lock()
        self._meter = LoadMeter(window_s, call_load_guess=0.0)

    @property
    def calls(self) -> int:
        """Calls admitted now."""
        return self._meter.calls

    @property
    def load(self) -> float:
        """Share of the last window in which work was done, 0 to 1."""
        with self._lock:
            return self._meter.load(self._clock())

    def set_guess(self, call_load: float) -> None:
        """Set what a call is taken to cost until calls have shown it."""
        with self._lock:
            self._meter.set_guess(call_load)

    def record_busy(self, started_s: float, ended_s: float) -> None:
        """Note that work was done for calls from `started_s` to `ended_s`."""
        with self._lock:
            self._meter.record_busy(started_s, ended_s)

    def admit(self) -> Admission:
        """Take one more call on; raise CapacityError where it could not be served in time."""
        now_s = self._clock()
        limit = self._max_calls
        with self._lock:
            calls = self._meter.calls
            if limit is not None and calls >= limit:
                raise CapacityError(
                    f"all {limit} places are taken; try again when a call has ended"
                )
            expected = self._meter.load_with_one_more(now_s)
            # The first call is always taken: there is nothing that could be waited for.
            if calls and expected > self._max_load:
                raise CapacityError(
                    f"with one more call the recogniser would be {expected:.0%} busy; "
                    "try again when a call has ended, or add a replica"
                )
            self._meter.set_calls(calls + 1, now_s)
        return Admission(self._release)

    def _release(self) -> None:
        with self._lock:
            self._meter.set_calls(self._meter.calls - 1, self._clock())


class Admission:
    """A call's place at the recogniser, given back once by `release` or at the end of `with`."""

    def __init__(self, give_back: Callable[[], None]) -> None:
        self._give_back: Callable[[], None] | None = give_back

    def __enter__(self) -> Admission:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def release(self) -> None:
        """Give the place back; a second time does nothing."""
        give_back, self._give_back = self._give_back, None
        if give_back is not None:
            give_back()
