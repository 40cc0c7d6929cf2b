"""Erlang's formulas, as an oracle: written down from the textbooks, knowing nothing of the code under test."""

from __future__ import annotations

import math


def erlang_b(agents: int, load: float) -> float:
    """Return the part of calls that are blocked (recursion of Erlang B)."""
    blocked = 1.0
    for number in range(1, agents + 1):
        blocked = load * blocked / (number + load * blocked)
    return blocked


def erlang_c(agents: int, load: float) -> float:
    """Return the part of callers who wait, when all stay."""
    blocked = erlang_b(agents, load)
    return blocked / (1 - load / agents * (1 - blocked))


def waits_longer(agents: int, load: float, handling: float, seconds: float) -> float:
    """Return the part of callers who wait longer than `seconds` (M/M/n)."""
    return erlang_c(agents, load) * math.exp(-(agents - load) * seconds / handling)


def erlang_a(agents: int, load: float, handling: float, patience: float) -> tuple[float, float]:
    """Return the part who give up, and the mean time in queue of all, by the steady state of M/M/n+M."""
    service, leaving, arrivals = 1 / handling, 1 / patience, load / handling
    weights = [1.0]
    for number in range(1, agents + 3_000):
        out = min(number, agents) * service + max(0, number - agents) * leaving
        weights.append(weights[-1] * arrivals / out)
        if number > agents and weights[-1] < 1e-15 * max(weights):
            break
    total = sum(weights)
    queued = sum((number - agents) * weight for number, weight in enumerate(weights) if number > agents) / total
    return queued * leaving / arrivals, queued / arrivals
