"""What the web edge asks of the services on behalf of admins. `caruso.services` implements it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from caruso.service_manager.figures import OperationFigures
from caruso.service_manager.manager import ServiceStatus
from caruso.service_manager.service import Operation


class Services(Protocol):
    """Services and plug-ins."""

    def statuses(self) -> Sequence[ServiceStatus]:
        """Return how all services are."""
        ...

    def status(self, service: str) -> ServiceStatus:
        """Return how one is; raise `NotFound`."""
        ...

    def figures(self) -> Mapping[str, Mapping[str, OperationFigures]]:
        """Return the figures of all operations that were asked for, by service and operation."""
        ...

    def operations(self) -> frozenset[str]:
        """Return all that can be asked for, as ``name.operation``."""
        ...

    def operation(self, name: str) -> Operation:
        """Return the operation ``name.operation``; raise `UnknownService` or `UnknownOperation`."""
        ...

    async def call(self, operation: str, params: Mapping[str, Any], *, key: str) -> Any:
        """Carry out ``name.operation``; raise `ServiceFailed`."""
        ...

    def plugins(self) -> Mapping[str, str]:
        """Return all plug-ins, with the reason why one is not used; empty for one that is."""
        ...

    async def add(self, plugin: str, *, by: str) -> Sequence[str]:
        """Take a plug-in and start its services; return their names. Raise `PluginRefused` or `ServiceRefused`."""
        ...

    async def replace(self, plugin: str, *, by: str) -> Sequence[str]:
        """Read a plug-in anew and put its services in place of those of the same names; return their names."""
        ...

    async def remove(self, service: str, *, by: str) -> None:
        """Take a service out; raise `NotFound` or `ServiceNeeded`."""
        ...
