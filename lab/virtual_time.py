"""An event loop on which time passes only when nothing else is left to do: a day of a centre in seconds.

Everything that waits on the loop (`asyncio.sleep`, `asyncio.timeout`, `call_later`) waits in virtual time, so
runs are fast and repeat exactly. Nothing on it may wait for a process or a socket;
what is meant for a thread is done at once.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import datetime, timedelta
from typing import Any, TypeVar, TypeVarTuple

from caruso.ports.timers import TimerHandle

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")


class NothingLeft(Exception):
    """Something waits, but no timer runs that could ever wake it."""


class _Skipping(selectors.DefaultSelector):
    """Does not sleep: tells how long it would have."""

    def __init__(self, pass_by: Callable[[float], None]) -> None:
        super().__init__()
        self._pass_by = pass_by

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready now, after letting `timeout` pass."""
        if timeout is None:
            raise NothingLeft
        if timeout > 0:
            self._pass_by(timeout)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop with a clock of its own."""

    def __init__(self) -> None:
        """Begin at 0."""
        self._virtual = 0.0
        super().__init__(_Skipping(self._pass_by))

    def time(self) -> float:
        """Return the virtual seconds since the beginning."""
        return self._virtual

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*_Ts], _T], *args: *_Ts
    ) -> asyncio.Future[_T]:
        """Call `func` here and now: while a thread worked, nobody knows how much time would pass."""
        done: asyncio.Future[_T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 -- it is raised where it is awaited
            done.set_exception(error)
        return done

    def _pass_by(self, seconds: float) -> None:
        self._virtual += seconds


class VirtualClock:
    """A `Clock` that goes with the running loop; like a real one it never shows the same time twice."""

    def __init__(self, start: datetime) -> None:
        """Show `start` when the loop's time is 0."""
        self._start = start
        self._last = start

    def now(self) -> datetime:
        """Return the wall time."""
        time = self._start + timedelta(seconds=self.monotonic())
        self._last = max(time, self._last + timedelta(microseconds=1))
        return self._last

    def jump(self, seconds: float) -> None:
        """Set the wall time ahead, or (negative) back."""
        self._start += timedelta(seconds=seconds)
        self._last = self._start

    def monotonic(self) -> float:
        """Return the loop's time."""
        return asyncio.get_running_loop().time()


class LoopTimers:
    """`Timers` of the running loop that can all be stopped, as the end of a process would."""

    def __init__(self) -> None:
        """Begin with none."""
        self._running: set[asyncio.TimerHandle] = set()

    def __len__(self) -> int:
        """Return how many run."""
        now = asyncio.get_running_loop().time()
        self._running = {h for h in self._running if not h.cancelled() and h.when() > now}
        return len(self._running)

    def __str__(self) -> str:
        """Name those that run."""
        return ", ".join(repr(handle) for handle in self._running) if len(self) else "none"

    def call_later(self, seconds: float, callback: Callable[[], None]) -> TimerHandle:
        """Call `callback` after `seconds`."""
        if len(self._running) > 1_000:
            len(self)
        handle = asyncio.get_running_loop().call_later(seconds, callback)
        self._running.add(handle)
        return handle

    def stop_all(self) -> None:
        """Stop every timer."""
        for handle in self._running:
            handle.cancel()
        self._running.clear()


def run_in_virtual_time(main: Callable[[], Any]) -> None:
    """Run the coroutine function `main` on a loop of its own."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(main())
