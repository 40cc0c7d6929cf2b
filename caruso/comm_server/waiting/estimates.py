"""Learns by facts how long people wait, and tells a waiting caller how long it may still take; or nothing.

How a wait is estimated, and when that is not reliable, is decided in `caruso.comm_server.acd.estimate`. A caller
is told what is left of what was estimated when he came; when that is over, nothing: it never grows while he waits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from caruso.clock import Clock
from caruso.comm_server.acd.estimate import Estimator, Range, WaitEstimates
from caruso.model.facts import AnyFact, ContactLeftQueue, ContactQueued, QueueOutcome, WaitEstimated
from caruso.model.ids import ContactId, QueueId


class Lines(Protocol):
    """Who waits now."""

    def waiting_in(self, queue: QueueId) -> tuple[int, datetime | None]:
        """Return how many wait in a queue, and since when the first of them."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Came:
    at: datetime
    guesses: Mapping[Estimator, float]
    told: Range | None


class Estimates:
    """Of all queues."""

    def __init__(
        self,
        *,
        lines: Lines,
        clock: Clock,
        wanted: Callable[[QueueId], bool],
        publish: Callable[[AnyFact], None],
    ) -> None:
        """Know nothing yet. `wanted`: of which queues waits are to be measured and told.

        `publish` makes known what was estimated, so that it can be held against what came.
        """
        self._publish = publish
        self._wanted = wanted
        self._lines = lines
        self._clock = clock
        self._of: dict[QueueId, WaitEstimates] = defaultdict(WaitEstimates)
        self._came: dict[ContactId, _Came] = {}

    def hear(self, fact: ContactQueued | ContactLeftQueue) -> None:
        """Guess when somebody comes, measure when he is answered."""
        match fact:
            case ContactQueued(queue=queue) | ContactLeftQueue(queue=queue) if not self._wanted(queue):
                pass
            case ContactQueued(in_line_since=None):
                self._guess(fact)
            case ContactLeftQueue(contact=contact, queue=queue, outcome=outcome, waited_seconds=waited):
                came = self._came.pop(contact, None)
                if outcome is QueueOutcome.ANSWERED:
                    others = self._lines.waiting_in(queue)[0] > 0
                    guesses = came.guesses if came is not None else {}
                    now = self._clock.monotonic()
                    self._of[queue].answered(now, waited, others_wait=others, guessed=guesses)
            case _:
                pass

    def left(self, contact: ContactId) -> tuple[float, float] | None:
        """Return between how many seconds a caller will probably still wait; None when nobody knows."""
        came = self._came.get(contact)
        if came is None or came.told is None:
            return None
        waited = (self._clock.now() - came.at).total_seconds()
        if waited >= came.told.most:
            return None
        return max(0.0, came.told.least - waited), came.told.most - waited

    def _guess(self, came: ContactQueued) -> None:
        count, first = self._lines.waiting_in(came.queue)  # with the one who has just come
        longest = max(0.0, (came.at - first).total_seconds()) if first is not None else 0.0
        known = self._of[came.queue]
        guesses = known.guess(ahead=max(0, count - 1), longest=longest)
        told = known.announced(guesses)
        self._came[came.contact] = _Came(at=came.at, guesses=guesses, told=told)
        if guesses:
            self._publish(
                WaitEstimated(
                    at=came.at,
                    contact=came.contact,
                    visit=came.visit,
                    queue=came.queue,
                    guesses={by.value: round(seconds, 1) for by, seconds in guesses.items()},
                    by=told.by.value if told is not None else "",
                    least=round(told.least, 1) if told is not None else 0.0,
                    most=round(told.most, 1) if told is not None else 0.0,
                )
            )
