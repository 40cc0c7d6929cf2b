"""What one evaluation may cost. Quantifiers, look-ups in lists and patterns count; what takes too long is null.

Everything else is bounded by the length of the source: 4,000 characters, each evaluated at most once.
"""

from __future__ import annotations

from typing import Protocol

#: Steps of one evaluation: elements looked at, times the size of what is done with each.
MOST_WORK = 2_000_000


class Worker(Protocol):
    """Whoever keeps count."""

    #: Steps that are left.
    work: int


class TooMuchWork(Exception):
    """The evaluation costs more than it may; its value is null."""


def charge(worker: Worker, steps: int) -> None:
    """Count `steps`; raise `TooMuchWork` when there are none left."""
    worker.work -= steps
    if worker.work < 0:
        raise TooMuchWork
