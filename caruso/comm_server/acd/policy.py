"""Policies: which of the qualified agents is asked first. Pure.

A policy orders agents by a key that does not change while an agent is ready; before it goes the agent's rank for
the queue. A policy that also weighs one contact against another, and may let a contact wait though somebody is
free, has a `value` for a pair (`caruso.comm_server.acd.cost_index`).

A policy of one's own is an object of this shape, brought by a plug-in (`routing_policies`).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Protocol

import msgspec

from caruso.comm_server.acd.needs import ReadyAgent, Stage, Waiting
from caruso.comm_server.acd.occupancy import share_of

#: What agents are sorted by; the least first.
Key = tuple[float, ...]


class Circumstances(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the floor tells a policy that weighs pairs."""

    #: Seconds on the monotonic clock.
    now: float
    #: Agents who belong to the contact's queue: on duty, and ready.
    home_staff: int
    home_ready: int
    #: Contacts that those agents would take before this one.
    ahead: int
    #: What part of the contacts that those agents take are of queues that weigh more, 0 to 1.
    outweighing: float
    #: What a contact of the queue keeps an agent busy, on average.
    handling_seconds: float
    #: The same two of where the agent belongs.
    own_staff: int
    own_ready: int
    #: What part of the last hour the agent was busy, 0 to 1.
    occupancy: float
    #: The agent's rank for the contact, and whether he belongs elsewhere.
    rank: int
    borrowed: bool


class Policy(Protocol):
    """Who is asked first."""

    @property
    def name(self) -> str:
        """Return what it is called in ``centre.toml``."""
        ...

    @property
    def weighs(self) -> bool:
        """Tell whether pairs have a value."""
        ...

    def key(self, agent: ReadyAgent, stage: Stage) -> Key:
        """Return what agents of the same rank are sorted by."""
        ...

    def figure(self, agent: ReadyAgent, stage: Stage, now: float) -> float:
        """Return the same as a figure for people."""
        ...

    def group(self, agent: ReadyAgent) -> Hashable:
        """Return whom the agent is sorted among; the first of each group is looked at."""
        ...

    def value(self, waiting: Waiting, stage: Stage, around: Circumstances) -> float:
        """Return what it is worth to let the pair talk now; 0 or less to wait."""
        ...


class Ordered:
    """A policy that only orders agents."""

    weighs = False

    def group(self, agent: ReadyAgent) -> Hashable:
        """Return one group for all."""
        return None

    def value(self, waiting: Waiting, stage: Stage, around: Circumstances) -> float:
        """Weigh nothing."""
        return 1.0


class LongestIdle(Ordered):
    """Whoever has been idle longest, across all queues."""

    name = "longest-idle"

    def key(self, agent: ReadyAgent, stage: Stage) -> Key:
        """Return since when."""
        return (agent.idle_since,)

    def figure(self, agent: ReadyAgent, stage: Stage, now: float) -> float:
        """Return since when, in seconds since 1970."""
        return agent.idle_since


class LeastOccupied(Ordered):
    """Whoever was least busy in the last hour, which evens out a shift."""

    name = "least-occupied"

    def key(self, agent: ReadyAgent, stage: Stage) -> Key:
        """Return the load, then since when idle."""
        return (agent.load, agent.idle_since)

    def figure(self, agent: ReadyAgent, stage: Stage, now: float) -> float:
        """Return the occupancy, 0 to 1."""
        return share_of(agent.load, now)


class MostSkilled(Ordered):
    """Whoever can do best what is needed; among equals whoever has been idle longest."""

    name = "most-skilled"

    def key(self, agent: ReadyAgent, stage: Stage) -> Key:
        """Return the levels beyond what is needed, negative."""
        return (-self.figure(agent, stage, 0.0), agent.idle_since)

    def figure(self, agent: ReadyAgent, stage: Stage, now: float) -> float:
        """Return the sum of the levels in the skills that are needed."""
        return float(sum(agent.can.skills.get(skill, 0) for skill, _ in stage.need.skills))


class Policies:
    """The policies there are, by name."""

    def __init__(self, *policies: Policy) -> None:
        """Know these."""
        self._known: dict[str, Policy] = {}
        for policy in policies:
            self.register(policy)

    def register(self, policy: Policy) -> None:
        """Add a policy; raise `ValueError` when its name is taken."""
        if policy.name in self._known:
            raise ValueError(f"There is a policy “{policy.name}” already")
        self._known[policy.name] = policy

    @property
    def names(self) -> frozenset[str]:
        """Return what they are called."""
        return frozenset(self._known)

    @property
    def by_name(self) -> Mapping[str, Policy]:
        """Return them all."""
        return self._known

    def get(self, name: str) -> Policy:
        """Return one; the default for a name that is not known any more."""
        return self._known.get(name) or self._known[LongestIdle.name]


def home_wait(around: Circumstances) -> float:
    """Return for how long one of the agents who belong to the queue is to be waited for, in seconds.

    Each of them is free after an exponential time, so the next of `home_staff` comes after the mean handling time
    divided by their number; so it goes for each contact that is ahead.
    """
    if around.home_ready > around.ahead:
        return 0.0
    if not around.home_staff:
        return math.inf
    return (around.ahead - around.home_ready + 1) * around.handling_seconds / around.home_staff
