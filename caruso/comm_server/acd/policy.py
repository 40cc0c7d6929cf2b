"""Policies: which of the qualified agents is asked first. Pure.

A policy orders agents by a key that does not change while an agent is ready; before it goes the agent's rank for
the queue. A policy that also weighs one contact against another, and may let a contact wait though somebody is
free, `weighs`: what a pair is worth is the worth of the contact less the price of the agent, and a pair that is
worth nothing is not made (`caruso.comm_server.acd.cost_index`). Of the agents who belong to the same queues and
have the same rank only the first by the key is looked at.

A policy of one's own is an object of this shape, brought by a plug-in (`routing_policies`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from caruso.comm_server.acd.needs import ReadyAgent, Stage, Waiting
from caruso.comm_server.acd.occupancy import share_of

#: What agents are sorted by; the least first.
Key = tuple[float, ...]


class Staff(msgspec.Struct, gc=False):
    """The agents who belong to a queue, as many as there are at the moment."""

    on_duty: int = 0
    ready: int = 0


class Group(msgspec.Struct, frozen=True, gc=False):
    """Agents who belong to the same queues and take a contact at the same rank."""

    rank: int
    #: They belong to other queues than the contact's.
    borrowed: bool
    #: Everybody who belongs where these do.
    staff: Staff


class Circumstances(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the floor tells of a contact to a policy that weighs."""

    waited_seconds: float
    #: The agents who belong to the contact's queue.
    staff: Staff
    #: Contacts that those agents would take before this one.
    ahead: int
    #: What part of the contacts that those agents take are of queues that weigh more, 0 to 1.
    outweighing: float
    #: What a contact of the queue keeps an agent busy, on average.
    handling_seconds: float


class Policy(Protocol):
    """Who is asked first."""

    @property
    def name(self) -> str:
        """Return what it is called in ``centre.toml``."""
        ...

    @property
    def weighs(self) -> bool:
        """Tell whether contacts have a worth and agents a price."""
        ...

    def key(self, agent: ReadyAgent, stage: Stage) -> Key:
        """Return what agents of the same rank are sorted by."""
        ...

    def figure(self, agent: ReadyAgent, stage: Stage, now: float) -> float:
        """Return the same as a figure for people."""
        ...

    def worth(self, waiting: Waiting, stage: Stage, around: Circumstances) -> float:
        """Return what it is worth that the contact talks now; asked once, whoever could be asked."""
        ...

    def price(self, agent: ReadyAgent, group: Group, stage: Stage, around: Circumstances) -> float:
        """Return what it costs to take the agent, who is the first of a group by `key`."""
        ...


class Ordered:
    """A policy that only orders agents."""

    weighs = False

    def worth(self, waiting: Waiting, stage: Stage, around: Circumstances) -> float:
        """Weigh nothing."""
        return 1.0

    def price(self, agent: ReadyAgent, group: Group, stage: Stage, around: Circumstances) -> float:
        """Weigh nothing."""
        return 0.0


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
