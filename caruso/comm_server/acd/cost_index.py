"""The policy ``cost-index``: a greedy index of what it costs to let a contact wait for an agent of its own. Pure.

For a contact and a free agent it asks what letting them talk now is worth, against waiting for an agent who
belongs to the contact's queue:

    weight * (chance of missing the target while waiting for an own agent + chance of giving up meanwhile)
    - SLOWNESS * the part of the time that a borrowed agent loses                       for a borrowed agent
    - EMPTINESS * exp(-(ready agents at his home - 1) / (SPREAD * sqrt(staff there)))   for a borrowed agent
    - OWN_EMPTINESS * part of their contacts that weighs more * the same exp(...)       for an own agent

(the last in the first `RESERVED_SECONDS` of a wait: a few own agents are kept for what weighs more) and takes the
pair worth most, while that is more than nothing. Own agents become free one after the other, each after an
exponential time: the chance that fewer than needed do so before the target is Poisson's. Priority goes before any
weighing, so of two contacts that wait the more important is served, and the index decides whether to hold or to
borrow.

When more contacts come than can be served some will give up whatever is done; what can be chosen is which. Then
agents are kept longer and more firmly, and are lent less readily, for each lent one serves fewer. That this is so
is told by the agents' occupancy (`STRAINED`), which needs an hour to rise, not by who happens to wait.

Among agents of the same kind the least occupied goes first, but in busy times who can do less goes before who can
do more (`BREADTH`): so those stay free who can be lent.
"""

from __future__ import annotations

import math
from functools import lru_cache

from caruso.comm_server.acd.needs import ReadyAgent, Stage, Waiting
from caruso.comm_server.acd.occupancy import share_of
from caruso.comm_server.acd.policy import Circumstances, Group, Key

#: Agents are under strain from the first of these occupancies of the last hour on, and wholly from the second on.
#: Of what goes by it the first figure holds without strain and the second under it.
STRAINED = (0.95, 0.975)
#: What lost time costs, for each part of the handling time.
SLOWNESS = (1.0, 2.0)
#: By how much longer an agent of this rank takes than one who belongs to the queue; the last for all others.
LONGER = (0.0, 0.0, 0.15, 0.3)
#: What it costs to take the last ready agent from where he belongs, and how soon that fades.
EMPTINESS = 0.5
SPREAD = 0.51
#: The same for one who belongs to the queue if all who come weighed more, and for how much of a wait it holds.
OWN_EMPTINESS = (0.05, 0.3)
RESERVED_SECONDS = (12.0, 200.0)
#: How long people wait on average before they give up, seconds.
PATIENCE_SECONDS = 150.0
#: A contact whose target is missed cannot miss it again, but goes on becoming more urgent, by this part of its
#: weight for each target more.
LATE, MOST_LATE = 0.02, 5.0
#: An agent who can take contacts of other homes as well stands so much behind, in terms of `Occupancy.load`, for
#: each time as many queues as his home has; the busier he is, the more, so that quiet times stay even.
BREADTH, BUSY = 0.26, 8
#: Terms of a sum that are looked at; what comes after so many is certain anyhow.
_MOST_TERMS = 60
#: An own agent is always worth a little.
_OWN = 0.001


class CostIndex:
    """Whoever is worth most."""

    name = "cost-index"
    weighs = True

    def key(self, agent: ReadyAgent, stage: Stage) -> Key:
        """Return load and breadth, then since when idle."""
        return (agent.load + BREADTH * agent.occupancy**BUSY * agent.can.breadth, agent.idle_since)

    def figure(self, agent: ReadyAgent, stage: Stage, now: float) -> float:
        """Return the occupancy, 0 to 1."""
        return share_of(agent.load, now)

    def worth(self, waiting: Waiting, stage: Stage, around: Circumstances) -> float:
        """Return what talking now is worth against waiting for an own agent."""
        waited, target = around.waited_seconds, stage.target_seconds
        if waited < target:
            return stage.weight * (missing(target - waited, around) + giving_up(around))
        return stage.weight * giving_up(around) + LATE * stage.weight * min(MOST_LATE, waited / max(1.0, target))

    def price(self, agent: ReadyAgent, group: Group, stage: Stage, around: Circumstances) -> float:
        """Return what is lost by borrowing the agent, or by not keeping an own one."""
        strain, staff = strain_of(agent.occupancy), group.staff
        if group.borrowed:
            return borrowing(group.rank, strain, staff.ready, staff.on_duty)
        if around.outweighing and around.waited_seconds < _between(RESERVED_SECONDS, strain):
            kept = _between(OWN_EMPTINESS, strain) * around.outweighing
            return kept * emptied(staff.ready, staff.on_duty) - _OWN
        return -_OWN


def strain_of(occupancy: float) -> float:
    """Return how far an agent's occupancy tells that more contacts come than can be served, 0 to 1."""
    low, high = STRAINED
    return min(1.0, (occupancy - low) / (high - low)) if occupancy > low else 0.0


def _between(figures: tuple[float, float], strain: float) -> float:
    return figures[0] + strain * (figures[1] - figures[0])


@lru_cache(maxsize=4096)
def borrowing(rank: int, strain: float, ready: int, on_duty: int) -> float:
    """Return what is lost by borrowing an agent of this rank, who is one of so many ready where he belongs."""
    lost = _between(SLOWNESS, strain) * LONGER[min(rank, len(LONGER) - 1)]
    return lost + EMPTINESS * emptied(ready, on_duty)


def emptied(ready: int, on_duty: int) -> float:
    """Return how far taking one of the ready agents leaves none where he belongs, 0 to 1."""
    return math.exp((1 - ready) / (SPREAD * math.sqrt(max(1, on_duty))))


def missing(slack: float, around: Circumstances) -> float:
    """Return how likely the target is missed by waiting for an own agent, with `slack` seconds left.

    It is met when more of them become free within that time than contacts are ahead.
    """
    if not around.staff.on_duty:
        return 1.0
    expected = slack * around.staff.on_duty / around.handling_seconds
    term = total = 1.0
    for number in range(1, min(around.ahead, _MOST_TERMS) + 1):
        term *= expected / number
        total += term
    return min(1.0, total * math.exp(-min(expected, 600.0)))


def giving_up(around: Circumstances) -> float:
    """Return how likely the caller gives up before an own agent is free, be it the next one only.

    Each of them is free after an exponential time, so the next of them comes after the mean handling time divided
    by their number; so it goes for each contact that is ahead.
    """
    staff = around.staff
    if not staff.on_duty:
        return 1.0
    turns = max(1, around.ahead - staff.ready + 1)
    return min(1.0, turns * around.handling_seconds / staff.on_duty / PATIENCE_SECONDS)
