"""Makes facts known: to every listener, in the order they happened, one at a time.

Two kinds listen. Those who *decide* (presence, lines of waiting callers) hear all facts there are first; then the
`when_quiet` callbacks run (routing is one), so that decisions are made on a consistent whole. Those who *follow*
(journal, screens) hear the same facts in the same order after that: a caller does not wait for what is only shown
or written. A listener may cause further facts; they wait until the present one has been heard.

A listener hears the kinds of facts its parameter is annotated with, as `functools.singledispatch` does it, and all
where it says nothing. A call has a dozen facts and two dozen parts listen, most of them to one kind or two:
calling all of them with everything took a tenth of what a call costs.
"""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, get_args, get_type_hints

import structlog

from caruso.model.facts import AnyFact, Fact

log = structlog.get_logger(__name__)

#: Takes a fact of the kinds it is annotated with; must not wait.
Listener = Callable[[Any], None]


class _Listeners:
    """Those who listen, and which of them a fact is for; in order of subscription."""

    def __init__(self) -> None:
        self._all: list[tuple[tuple[type, ...], Listener]] = []
        self._of: dict[type, tuple[Listener, ...]] = {}

    def add(self, listener: Listener) -> None:
        self._all.append((kinds_heard(listener), listener))
        self._of.clear()

    def of(self, fact: AnyFact) -> tuple[Listener, ...]:
        kind = type(fact)
        known = self._of.get(kind)
        if known is None:
            known = tuple(listener for kinds, listener in self._all if issubclass(kind, kinds))
            self._of[kind] = known
        return known


class FactStream:
    """A queue of facts and those who listen, in order of subscription."""

    def __init__(self) -> None:
        """Begin with nobody listening."""
        self._deciding = _Listeners()
        self._following = _Listeners()
        self._quiet: list[Callable[[], None]] = []
        self._pending: deque[AnyFact] = deque()
        #: What those who decide have heard and those who follow have not.
        self._decided: deque[AnyFact] = deque()
        self._running = False
        #: How many turns are under way, one within the other.
        self.turns = 0
        self._turn = _Turn(self)

    def decide(self, listener: Listener) -> None:
        """Call `listener` with its facts from now on, before who follows; when it raises, that is logged."""
        self._deciding.add(listener)

    def follow(self, listener: Listener) -> None:
        """Call `listener` with its facts from now on; when it raises, that is logged."""
        self._following.add(listener)

    def when_quiet(self, callback: Callable[[], None]) -> None:
        """Call `callback` each time all facts have been heard by those who decide."""
        self._quiet.append(callback)

    def turn(self) -> AbstractContextManager[None]:
        """Let those who follow hear the facts of what is done in here only when all of it is done."""
        return self._turn

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
            if not self.turns:
                self._follow()
        finally:
            self._running = False

    def _follow(self) -> None:
        while self._decided:
            fact = self._decided.popleft()
            for listener in self._following.of(fact):
                try:
                    listener(fact)
                except Exception:
                    log.exception("listener_failed", listener=_name(listener))
            if self._pending:
                self._decide()

    def _decide(self) -> None:
        """Let those who decide hear everything, until nothing more follows from it."""
        while True:
            while self._pending:
                fact = self._pending.popleft()
                self._decided.append(fact)
                for listener in self._deciding.of(fact):
                    try:
                        listener(fact)
                    except Exception:
                        log.exception("listener_failed", listener=_name(listener))
            for callback in self._quiet:
                try:
                    callback()
                except Exception:
                    log.exception("listener_failed", listener=_name(callback))
            if not self._pending:
                return


class _Turn:
    """The turns of a stream, one within the other; one object, for there are twenty of them in a call."""

    def __init__(self, stream: FactStream) -> None:
        self._stream = stream

    def __enter__(self) -> None:
        self._stream.turns += 1

    def __exit__(self, *_: object) -> None:
        self._stream.turns -= 1
        if not self._stream.turns:
            self._stream.publish()


def kinds_heard(listener: Listener) -> tuple[type, ...]:
    """Return the kinds of facts a listener hears: those its parameter is annotated with, all where it is not."""
    function = inspect.unwrap(getattr(listener, "__func__", listener))
    hints = get_type_hints(function) if inspect.isfunction(function) else {}
    hints.pop("return", None)
    hint = next(iter(hints.values()), Fact)
    return get_args(hint) or (hint,)


def _name(callback: Callable[..., None]) -> str:
    return str(getattr(callback, "__qualname__", repr(callback)))
