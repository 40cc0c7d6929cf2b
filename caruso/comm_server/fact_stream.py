"""Makes facts known: to every listener, in the order they happened, one at a time.

A listener may cause further facts; they wait until all listeners have heard the present one. When everything has
been heard, the `when_quiet` callbacks run (routing is one): decisions are made on a consistent whole.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import structlog

from caruso.model.facts import AnyFact

log = structlog.get_logger(__name__)

Listener = Callable[[AnyFact], None]


class FactStream:
    """A queue of facts and those who listen, in order of subscription."""

    def __init__(self) -> None:
        """Begin with nobody listening."""
        self._listeners: list[Listener] = []
        self._quiet: list[Callable[[], None]] = []
        self._pending: deque[AnyFact] = deque()
        self._running = False

    def subscribe(self, listener: Listener) -> None:
        """Call `listener` with every fact from now on; when it raises, that is logged."""
        self._listeners.append(listener)

    def when_quiet(self, callback: Callable[[], None]) -> None:
        """Call `callback` each time all facts have been heard."""
        self._quiet.append(callback)

    def publish(self, *facts: AnyFact) -> None:
        """Make facts known; returns after they, and all they caused, were heard, unless called by a listener."""
        self._pending.extend(facts)
        if self._running:
            return
        self._running = True
        try:
            self._run()
        finally:
            self._running = False

    def _run(self) -> None:
        while True:
            while self._pending:
                fact = self._pending.popleft()
                for listener in self._listeners:
                    _guarded(listener, fact)
            for callback in self._quiet:
                _guarded(callback)
            if not self._pending:
                return


def _guarded(callback: Callable[..., None], *arguments: AnyFact) -> None:
    """Call one of many: what fails here must not keep the others from hearing the fact."""
    try:
        callback(*arguments)
    except Exception:
        log.exception("listener_failed", listener=getattr(callback, "__qualname__", repr(callback)))
