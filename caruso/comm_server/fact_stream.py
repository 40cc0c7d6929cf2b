"""Makes facts known: to every listener, in the order they happened, one at a time.

Two kinds listen. Those who *decide* (presence, lines of waiting callers) hear all facts there are first; then the
`when_quiet` callbacks run (routing is one), so that decisions are made on a consistent whole. Those who *follow*
(journal, screens) hear the same facts in the same order after that: a caller does not wait for what is only shown
or written. A listener may cause further facts; they wait until the present one has been heard.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from caruso.model.facts import AnyFact

log = structlog.get_logger(__name__)

Listener = Callable[[AnyFact], None]


class FactStream:
    """A queue of facts and those who listen, in order of subscription."""

    def __init__(self) -> None:
        """Begin with nobody listening."""
        self._deciding: list[Listener] = []
        self._following: list[Listener] = []
        self._quiet: list[Callable[[], None]] = []
        self._pending: deque[AnyFact] = deque()
        #: What those who decide have heard and those who follow have not.
        self._decided: deque[AnyFact] = deque()
        self._running = False
        self._turns = 0

    def decide(self, listener: Listener) -> None:
        """Call `listener` with every fact from now on, before who follows; when it raises, that is logged."""
        self._deciding.append(listener)

    def follow(self, listener: Listener) -> None:
        """Call `listener` with every fact from now on; when it raises, that is logged."""
        self._following.append(listener)

    def when_quiet(self, callback: Callable[[], None]) -> None:
        """Call `callback` each time all facts have been heard by those who decide."""
        self._quiet.append(callback)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Let those who follow hear the facts of what is done in here only when all of it is done."""
        self._turns += 1
        try:
            yield
        finally:
            self._turns -= 1
            self.publish()

    def publish(self, *facts: AnyFact) -> None:
        """Make facts known; returns after they, and all they caused, were heard, unless called by a listener.

        Within a `turn` only those who decide have heard them then.
        """
        self._pending.extend(facts)
        if self._running:
            return
        self._running = True
        try:
            self._decide()
            if not self._turns:
                self._follow()
        finally:
            self._running = False

    def _follow(self) -> None:
        while self._decided:
            fact = self._decided.popleft()
            for listener in self._following:
                _guarded(listener, fact)
            if self._pending:
                self._decide()

    def _decide(self) -> None:
        """Let those who decide hear everything, until nothing more follows from it."""
        while True:
            while self._pending:
                fact = self._pending.popleft()
                self._decided.append(fact)
                for listener in self._deciding:
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
