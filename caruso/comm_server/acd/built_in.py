"""The policies that come with the server."""

from __future__ import annotations

from caruso.comm_server.acd.cost_index import CostIndex
from caruso.comm_server.acd.policy import LeastOccupied, LongestIdle, MostSkilled, Policies


def built_in_policies() -> Policies:
    """Return them; others can be registered with them."""
    return Policies(LongestIdle(), LeastOccupied(), MostSkilled(), CostIndex())
