"""Who is at work: told once where a request or command comes in, and found in the audit of what it changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Somebody, or something, that changes records."""

    #: Id of the user; of the system's user for a command.
    user: str = ""
    #: Role at that time; empty where there are none.
    role: str = ""
    #: ``web``, ``console``, ``cli``; ``server`` for what the server does by itself.
    channel: str = "server"
    #: IP address, where there is one.
    address: str = ""


_actor: ContextVar[Actor | None] = ContextVar("actor", default=None)


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    """Let everything within, and the tasks begun there, be done by `actor`."""
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)


def who_acts() -> Actor:
    """Return who is at work."""
    return _actor.get() or Actor()
