"""The circuit breaker: after so many failures in a row a service is not asked for a while. Pure.

CLOSED ──failures in a row──► OPEN ──open_seconds later──► HALF OPEN: one call is let through to try
   ▲                            ▲                             │
   └────────── it went well ────┼─────────────────────────────┤
                                └──────────── it failed ──────┘
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerRule:
    """When a service is suspended, and for how long."""

    #: Failures in a row after which it is; 0 for never.
    failures: int = 5
    #: Seconds it is not asked.
    open_seconds: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """What is known about a service that is asked."""

    failures_in_a_row: int = 0
    #: When one call may try again; None while it is asked as usual. Seconds on the monotonic clock.
    open_until: float | None = None
    #: A call is under way that tries whether it works again; when it was let through.
    trying_since: float | None = None


def admit(breaker: Breaker, rule: BreakerRule, now: float) -> Breaker | None:
    """Return the breaker after a call was let through; None when the service is not to be asked.

    A trial that never ends would keep the service suspended for ever: after another `open_seconds` the next may
    try.
    """
    if breaker.open_until is None:
        return breaker
    since = breaker.open_until if breaker.trying_since is None else breaker.trying_since + rule.open_seconds
    return replace(breaker, trying_since=now) if now >= since else None


def succeeded() -> Breaker:
    """Return the breaker after a call that went well: everything is forgotten."""
    return Breaker()


def failed(breaker: Breaker, rule: BreakerRule, now: float) -> Breaker:
    """Return the breaker after a call the service failed in."""
    failures = breaker.failures_in_a_row + 1
    if rule.failures and failures >= rule.failures:
        return Breaker(failures_in_a_row=failures, open_until=now + rule.open_seconds)
    return replace(breaker, failures_in_a_row=failures)
