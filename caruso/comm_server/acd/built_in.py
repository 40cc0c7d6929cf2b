"""The policies that come with the server."""

from __future__ import annotations

from collections.abc import Iterable

from caruso.comm_server.acd.cost_index import CostIndex
from caruso.comm_server.acd.policy import LeastOccupied, LongestIdle, MostSkilled, Policies, Policy
from caruso.service_manager.hookspecs import hookimpl


@hookimpl
def routing_policies() -> Iterable[Policy]:
    """Return them; those of plug-ins come beside them."""
    return LongestIdle(), LeastOccupied(), MostSkilled(), CostIndex()


def built_in_policies() -> Policies:
    """Return them by name."""
    return Policies(*routing_policies())
