"""The policy ``cost-index``: a greedy index of expected wait, rank of the agent, urgency and fairness. Pure.

For every pair of a contact and a free agent it asks what letting them talk now is worth, against waiting for an
agent who belongs to the contact's queue:

    weight * (u(waited) + FORESIGHT * (u(waited + expected wait for an own agent) - u(waited)))
    - SLOWNESS * (time lost by a borrowed agent) * (1 + congestion / 2)
    - EMPTINESS * exp(-(ready agents left at home) / (SPREAD * sqrt(staff at home)))      for a borrowed agent

and takes the pair worth most, while that is more than nothing. An optimal assignment of all pairs gains nothing
over taking the best pair first; deciding from the *predicted* wait whether to hold or to borrow gains a fifth of
the cost (`docs/routing.md` has the figures, ``make bench-routing`` measures them).

Among agents of the same kind the least occupied goes first, which keeps the work even.
"""

from __future__ import annotations

import math
from collections.abc import Hashable

from caruso.comm_server.acd.needs import ReadyAgent, Stage, Waiting
from caruso.comm_server.acd.occupancy import share_of
from caruso.comm_server.acd.policy import Circumstances, Key, home_wait, urgency

#: How far a wait that is only expected counts.
FORESIGHT = 0.68
#: What lost time costs, for each part of the handling time.
SLOWNESS = 0.6
#: By how much longer an agent of this rank takes than one who belongs to the queue; the last for all others.
LONGER = (0.0, 0.0, 0.15, 0.3)
#: What it costs to take the last ready agent from where he belongs, and how soon that fades.
EMPTINESS = 0.6
SPREAD = 0.51
#: An own agent is always worth a little.
OWN = 0.01


class CostIndex:
    """Whoever is worth most."""

    name = "cost-index"
    weighs = True

    def key(self, agent: ReadyAgent, stage: Stage) -> Key:
        """Return the load, then since when idle."""
        return (agent.load, agent.idle_since)

    def figure(self, agent: ReadyAgent, stage: Stage, now: float) -> float:
        """Return the occupancy, 0 to 1."""
        return share_of(agent.load, now)

    def group(self, agent: ReadyAgent) -> Hashable:
        """Return where the agent belongs: agents of one home are worth the same."""
        return agent.can.home

    def value(self, waiting: Waiting, stage: Stage, around: Circumstances) -> float:
        """Return what the pair is worth."""
        waited = max(0.0, around.now - waiting.entered)
        now = urgency(waited, stage.target_seconds)
        hold = home_wait(around)
        later = urgency(waited + min(hold, 3600.0), stage.target_seconds)
        worth = stage.weight * (now + FORESIGHT * (later - now))
        if not around.borrowed:
            return worth + OWN
        longer = LONGER[min(around.rank, len(LONGER) - 1)]
        congestion = min(2.0, around.ahead / max(1, around.home_staff))
        emptied = math.exp(-(around.own_ready - 1) / (SPREAD * math.sqrt(max(1, around.own_staff))))
        return worth - SLOWNESS * longer * (1 + 0.5 * congestion) - EMPTINESS * emptied
