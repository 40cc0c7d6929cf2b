"""Timers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class TimerHandle(Protocol):
    """A timer that runs."""

    def cancel(self) -> None:
        """Stop it."""
        ...


class Timers(Protocol):
    """Calls back later, on the monotonic clock."""

    def call_later(self, seconds: float, callback: Callable[[], None]) -> TimerHandle:
        """Call `callback` after `seconds`."""
        ...
