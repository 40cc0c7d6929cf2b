"""A clock on which time passes only from one thing that happens to the next. Implements `Clock` and `Timers`."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta


class Due:
    """Something that happens at a moment, unless it is cancelled."""

    __slots__ = ("callback",)

    def __init__(self, callback: Callable[[], None]) -> None:
        """Be due for `callback`."""
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Do not happen."""
        self.callback = None


class Schedule:
    """Everything that is still to happen, in order; at the same moment in the order it was planned."""

    def __init__(self, start: datetime) -> None:
        """Begin at `start` with nothing to happen."""
        self._start = start
        self._seconds = 0.0
        self._heap: list[tuple[float, int, Due]] = []
        self._planned = 0

    def now(self) -> datetime:
        """Return the wall time."""
        return self._start + timedelta(seconds=self._seconds)

    def monotonic(self) -> float:
        """Return the seconds since the start."""
        return self._seconds

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Due:
        """Call `callback` after `seconds`."""
        return self.call_at(self._seconds + max(0.0, seconds), callback)

    def call_at(self, at: float, callback: Callable[[], None]) -> Due:
        """Call `callback` at a second since the start."""
        due = Due(callback)
        self._planned += 1
        heapq.heappush(self._heap, (at, self._planned, due))
        return due

    def run(self, until: float) -> None:
        """Let everything happen that is due before `until`, seconds since the start."""
        while self._heap and self._heap[0][0] < until:
            at, _, due = heapq.heappop(self._heap)
            if due.callback is not None:
                self._seconds = at
                callback, due.callback = due.callback, None
                callback()
        self._seconds = max(self._seconds, until)
