"""The REST operations about services and plug-ins, for admins; asking one is for its operation's role."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import structlog
from msgspec import Meta, field

from caruso.errors import NotAllowed
from caruso.model.centre import Role
from caruso.service_manager.description import OperationDescription
from caruso.service_manager.failures import BadArguments
from caruso.service_manager.figures import BUCKETS, OperationFigures
from caruso.service_manager.manager import ServiceStatus
from caruso.web.binding import operation, rejected
from caruso.web.call import Call
from caruso.web.resources import Request, Resource
from caruso.web.services_port import Services

PluginName = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z][A-Za-z0-9_.-]*(?![\s\S])")]

_log = structlog.get_logger(__name__)


class PluginBody(Request, frozen=True, kw_only=True):
    """Which plug-in: a file of the plug-ins' folder without ``.py``, or an installed one."""

    plugin: PluginName


class CallBody(Request, frozen=True, kw_only=True):
    """What an operation is asked."""

    params: dict[str, Any] = field(default_factory=dict)
    #: The same key again is answered without doing it again; none: it is done each time.
    key: Annotated[str, Meta(max_length=200)] = ""


class CallResult(Resource, frozen=True, kw_only=True):
    """What an operation answered."""

    result: Any


class ServiceNames(Resource, frozen=True, kw_only=True):
    """Services that were started."""

    services: list[str]


class OperationLine(Resource, frozen=True, kw_only=True):
    """The figures of an operation since the server's start."""

    name: str
    calls: int
    errors: int
    #: Calls by how they ended: ``done`` or a code.
    outcomes: dict[str, int]
    #: Half of all calls, and 99 of 100, took no longer, seconds (upper end of a bucket); null when not known.
    median_seconds: float | None
    slow_seconds: float | None


class ServiceLine(Resource, frozen=True, kw_only=True):
    """A service and how it is."""

    name: str
    version: str
    state: str
    #: What it is not well of; empty when it is.
    ailment: str
    under_way: int
    #: Where it runs.
    place: str
    calls: int
    errors: int


class ServiceCard(Resource, frozen=True, kw_only=True):
    """All about a service."""

    line: ServiceLine
    provides: tuple[str, ...]
    requires: tuple[str, ...]
    documentation: str
    operations: tuple[OperationDescription, ...]
    #: Upper ends of the buckets of `histograms`, seconds; above the last is one more.
    buckets: tuple[float, ...]
    #: Calls by time, by operation.
    histograms: dict[str, list[int]]
    figures: list[OperationLine]


class PluginLine(Resource, frozen=True, kw_only=True):
    """A plug-in."""

    name: str
    #: Why it is not used; empty for one that is.
    refused: str


class ServicesApi:
    """Looking at services, changing them, and asking them."""

    def __init__(self, services: Services) -> None:
        """Know them."""
        self._services = services

    @operation("GET", "/api/services", role=Role.ADMIN)
    async def services(self, call: Call) -> list[ServiceLine]:
        """List all services."""
        return [_line(status) for status in self._services.statuses()]

    @operation("GET", "/api/services/{service}", role=Role.ADMIN)
    async def service(self, call: Call, service: str) -> ServiceCard:
        """Return all about a service: its operations with their schemas, and figures."""
        status = self._services.status(service)
        return ServiceCard(
            line=_line(status),
            provides=status.description.provides,
            requires=status.description.requires,
            documentation=status.description.documentation,
            operations=status.description.operations,
            buckets=BUCKETS,
            histograms={name: figures.histogram for name, figures in status.figures.items()},
            figures=[_figures(name, figures) for name, figures in sorted(status.figures.items())],
        )

    @operation("DELETE", "/api/services/{service}", role=Role.ADMIN, status=204)
    async def remove_service(self, call: Call, service: str) -> None:
        """Take a service out; what it is at it ends."""
        await self._services.remove(service, by=call.who.user.id)

    @operation("POST", "/api/services/{service}/{name}", role=Role.AGENT)
    async def call_operation(self, call: Call, service: str, name: str, body: CallBody) -> CallResult:
        """Ask an operation of a service, if its role allows."""
        wanted = f"{service}.{name}"
        if not call.who.may(self._services.operation(wanted).role):
            raise NotAllowed
        key = f"by-hand/{call.who.user.id}/{body.key}" if body.key else ""
        _log.info("service_asked_by_hand", service=wanted, by=call.who.user.id)
        try:
            result = await self._services.call(wanted, body.params, key=key)
        except BadArguments as problem:
            raise rejected(str(problem)) from problem
        return CallResult(result=msgspec.to_builtins(result))

    @operation("GET", "/api/plugins", role=Role.ADMIN)
    async def plugins(self, call: Call) -> list[PluginLine]:
        """List all plug-ins, those that are not used with the reason."""
        found = self._services.plugins()
        return [PluginLine(name=name, refused=refused) for name, refused in sorted(found.items())]

    @operation("POST", "/api/plugins", role=Role.ADMIN, status=201)
    async def add_plugin(self, call: Call, body: PluginBody) -> ServiceNames:
        """Take a plug-in into use and start its services."""
        return ServiceNames(services=list(await self._services.add(body.plugin, by=call.who.user.id)))

    @operation("POST", "/api/plugins/replace", role=Role.ADMIN)
    async def replace_plugin(self, call: Call, body: PluginBody) -> ServiceNames:
        """Read a plug-in anew and put its services in place of those of the same names, while they are asked.

        A service that does not start or is not well changes nothing.
        """
        return ServiceNames(services=list(await self._services.replace(body.plugin, by=call.who.user.id)))


def _line(status: ServiceStatus) -> ServiceLine:
    return ServiceLine(
        name=status.description.name,
        version=status.description.version,
        state=status.state,
        ailment=status.ailment,
        under_way=status.under_way,
        place=status.place,
        calls=sum(figures.calls for figures in status.figures.values()),
        errors=sum(figures.errors for figures in status.figures.values()),
    )


def _figures(name: str, figures: OperationFigures) -> OperationLine:
    return OperationLine(
        name=name,
        calls=figures.calls,
        errors=figures.errors,
        outcomes=dict(figures.outcomes),
        median_seconds=figures.within(0.5),
        slow_seconds=figures.within(0.99),
    )
