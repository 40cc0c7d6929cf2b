"""Decide when a waiting caller overflows, and to where. Pure: knows no clock and nobody's presence.

The first rule of the queue whose conditions all hold is carried out.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from caruso.model.centre import Overflow
from caruso.model.ids import QueueId


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """How it is in the queue for one caller."""

    #: Callers who are before him.
    ahead: int
    waited_seconds: float
    #: Agents of the queue who are signed in, whatever they do.
    signed_in: int
    #: Queues he has waited in during this call: nobody is sent in a circle.
    been_in: Collection[QueueId] = ()
    #: Queues a supervisor has closed: nobody is sent there.
    closed: Collection[QueueId] = ()


def overflows(rules: Sequence[Overflow], now: Situation) -> Overflow | None:
    """Return the rule by which the caller leaves the queue; None while he waits on."""
    return next((rule for rule in rules if _applies(rule, now)), None)


def look_again_after(rules: Sequence[Overflow], waited_seconds: float) -> float | None:
    """Return the waiting time at which a rule may begin to apply, in seconds; None when there is none ahead."""
    ahead = [rule.after_seconds for rule in rules if rule.after_seconds > waited_seconds]
    return min(ahead, default=None)


def _applies(rule: Overflow, now: Situation) -> bool:
    return (
        now.waited_seconds >= rule.after_seconds
        and (rule.ahead is None or now.ahead >= rule.ahead)
        and not (rule.nobody_signed_in and now.signed_in)
        and rule.queue not in now.been_in
        and rule.queue not in now.closed
    )
