"""The services of a server: those built in, those of plug-ins, and changes while it runs.

A plug-in whose services cannot be started is refused with the reason; all others start. One that is not well — the
system it stands in front of is down — is started as soon as it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from caruso.built_in import BUILT_IN, services_of, take_functions
from caruso.config.settings import ServiceSettings
from caruso.errors import CarusoError
from caruso.service_manager.breaker import BreakerRule
from caruso.service_manager.built_in import SERVICES
from caruso.service_manager.consumer import Consumer, Reliance
from caruso.service_manager.figures import OperationFigures
from caruso.service_manager.manager import Change, ServiceManager, ServiceStatus
from caruso.service_manager.parts import Parts
from caruso.service_manager.plugins import Plugins
from caruso.service_manager.refusals import PluginRefused, ServiceMissing, ServiceNotWell
from caruso.service_manager.remote.directory import Directory
from caruso.service_manager.service import Operation, Service

if TYPE_CHECKING:
    from caruso.service_manager.remote.nats_link import NatsLink

#: The server's own are asked as they are: one of their targets that is down says nothing about the others.
NEVER_SUSPENDED = Reliance(breaker=BreakerRule(failures=0))

#: Seconds between attempts to start a service that was not well.
AGAIN_SECONDS = 10.0

T = TypeVar("T")

log = structlog.get_logger(__name__)


class Services:
    """What an admin may ask for (`caruso.web.services_port`), and what `app` starts and stops."""

    def __init__(
        self,
        plugins: Plugins,
        parts: Parts,
        settings: ServiceSettings | None = None,
        *,
        changed: Callable[[Change], None],
    ) -> None:
        """Know plug-ins; nothing is started. `changed` is told what becomes of services once all have started."""
        settings = settings or ServiceSettings()
        self._plugins = plugins
        self._parts = parts
        self._started = False
        self._settled = asyncio.Event()
        #: Plug-ins, each with a service of it that was not well when the server started.
        self._not_well: set[tuple[str, str]] = set()
        self._changed = changed
        self.manager = ServiceManager(changed=self._on_change)
        secrets = {name: secret.reveal().encode() for name, secret in settings.remote_secrets.items()}
        #: Workers elsewhere; None when the settings give nobody a right to be one.
        self.workers = Directory(self.manager, secrets, parts.clock) if secrets else None
        self._nats = _nats_link(settings, self.workers)
        #: Scripts, as somebody who asks services.
        self.scripts = Consumer(
            self.manager, parts.clock, name="scripts", reliances=_reliances(settings), settled=self._settled
        )
        self._changes: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """Start the server's own services, which wait for nobody: calls do not wait for what plug-ins bring."""
        for module in BUILT_IN:
            own = [service for _, service in services_of(self._plugins, self._parts, of=module.__name__)]
            await self.manager.add(*own)

    async def start_others(self) -> None:
        """Start what plug-ins bring, each after what it needs."""
        own = {module.__name__ for module in BUILT_IN}
        waiting = [found for name in self._plugins.names if name not in own for found in self._brought_by(name)]
        while waiting:
            later: list[tuple[str, Service]] = []
            for plugin, service in waiting:
                try:
                    await self.manager.add(service, by=plugin)
                except ServiceMissing as missing:
                    later.append((plugin, service))
                    self._plugins.refused[plugin] = str(missing)
                except CarusoError as problem:
                    self._plugins.refuse(plugin, problem)
                    if isinstance(problem, ServiceNotWell):
                        self._not_well.add((plugin, service.name))
                else:
                    self._plugins.refused.pop(plugin, None)
            if len(later) == len(waiting):
                log.error("services_not_started", services=[service.name for _, service in later])
                break
            waiting = later
        self._started = True
        self._settled.set()

    async def _try_again(self) -> None:
        """Start services that were not well: what they stand in front of may be there by now. For ever."""
        while True:
            await asyncio.sleep(AGAIN_SECONDS)
            await self.start_unwell()

    async def start_unwell(self) -> None:
        """Try once more to start what was not well when the server started."""
        for plugin, name in sorted(self._not_well):
            if name in self.manager.services():  # somebody else was quicker
                self._not_well.discard((plugin, name))
                continue
            for _, service in self._brought_by(plugin):
                if service.name == name:
                    await self._start_now(plugin, service)

    async def _start_now(self, plugin: str, service: Service) -> None:
        try:
            await self.manager.add(service, by=plugin)
        except CarusoError as problem:
            self._plugins.refused[plugin] = str(problem)
        else:
            self._plugins.refused.pop(plugin, None)
            self._not_well.discard((plugin, service.name))

    def _brought_by(self, plugin: str) -> list[tuple[str, Service]]:
        return services_of(self._plugins, self._parts, of=plugin)

    def _on_change(self, change: Change) -> None:
        if self._started:  # what a start brings is no news
            self._changed(change)

    async def run(self) -> None:
        """Look after the services until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.start_others(), name="start_plugins")
            tasks.create_task(self._try_again(), name="start_unwell_services")
            tasks.create_task(self.manager.watch(), name="watch_services")
            if self.workers is not None:
                tasks.create_task(self.workers.run(), name="workers")
            if self._nats is not None:
                tasks.create_task(self._nats.run(), name="nats")

    async def close(self, *, seconds: float) -> None:
        """Let changes that are being made end, then stop all."""
        if self._changes:
            await asyncio.wait(self._changes, timeout=seconds)
        await self.manager.close(seconds=seconds)

    # -- For admins -------------------------------------------------------------------------------------------

    def statuses(self) -> Sequence[ServiceStatus]:
        """Return how all services are."""
        return self.manager.statuses()

    def status(self, service: str) -> ServiceStatus:
        """Return how one is; raise `NotFound`."""
        return self.manager.status(service)

    def figures(self) -> Mapping[str, Mapping[str, OperationFigures]]:
        """Return the figures of all operations that were asked for, by service and operation."""
        return self.manager.figures()

    def operations(self) -> frozenset[str]:
        """Return all that can be asked for, as ``name.operation``."""
        return self.manager.operations()

    def operation(self, name: str) -> Operation:
        """Return the operation ``name.operation``; raise `UnknownService` or `UnknownOperation`."""
        return self.manager.operation(name)

    def plugins(self) -> Mapping[str, str]:
        """Return all plug-ins by name, with the reason why one is not used; empty for one that is."""
        refused = self._plugins.refused | (self.workers.refused if self.workers is not None else {})
        return dict.fromkeys(self._plugins.names, "") | refused

    async def call(self, operation: str, params: Mapping[str, Any], *, key: str) -> Any:
        """Carry out ``name.operation``; raise `ServiceFailed`."""
        return await self.manager.call(operation, params, key=key)

    async def add(self, plugin: str, *, by: str) -> Sequence[str]:
        """Take a plug-in and start its services; return their names. Raise `PluginRefused` or `ServiceRefused`."""
        return await self._undisturbed(self._add(plugin, by))

    async def replace(self, plugin: str, *, by: str) -> Sequence[str]:
        """Read a plug-in anew and put its services in place of those of the same names; return their names."""
        return await self._undisturbed(self._replace(plugin, by))

    async def remove(self, service: str, *, by: str) -> None:
        """Take a service out; raise `NotFound` or `ServiceNeeded`."""
        await self._undisturbed(self.manager.remove(service, by=by))

    async def _add(self, plugin: str, by: str) -> Sequence[str]:
        brought = self._loaded(plugin)
        await self.manager.add(*brought, by=by)
        return [service.name for service in brought]

    async def _replace(self, plugin: str, by: str) -> Sequence[str]:
        brought = self._loaded(plugin)
        present = self.manager.services()
        for service in brought:
            if service.name in present:
                await self.manager.replace(service, by=by)
            else:
                await self.manager.add(service, by=by)
        return [service.name for service in brought]

    def _loaded(self, plugin: str) -> list[Service]:
        self._plugins.load(plugin)
        take_functions(self._plugins, of=plugin)
        brought = [service for _, service in services_of(self._plugins, self._parts, of=plugin)]
        if plugin in self._plugins.refused:
            raise PluginRefused(f"Plug-in “{plugin}”: {self._plugins.refused[plugin]}")
        return brought

    async def _undisturbed(self, change: Coroutine[Any, Any, T]) -> T:
        """Make a change to its end, even when whoever asked for it waits no more."""
        task = asyncio.create_task(change, name="service_change")
        self._changes.add(task)
        task.add_done_callback(self._changes.discard)
        return await asyncio.shield(task)


def _reliances(settings: ServiceSettings) -> Mapping[str, Reliance]:
    own = {kind.name: NEVER_SUSPENDED for kind in SERVICES}
    return own | {
        name: Reliance(
            versions=given.versions,
            timeout_seconds=given.timeout_seconds or None,
            retries=given.retries,
            breaker=BreakerRule(failures=given.failures, open_seconds=given.suspended_seconds),
            fallback=given.fallback,
        )
        for name, given in settings.reliance.items()
    }


def _nats_link(settings: ServiceSettings, workers: Directory | None) -> NatsLink | None:
    if workers is None or not settings.nats_url:
        return None
    from caruso.service_manager.remote.nats_link import NatsLink, NatsServer  # 2 MB: only where there is a NATS

    server = NatsServer(
        url=settings.nats_url,
        user=settings.nats_user,
        password=settings.nats_password.reveal(),
        ca_file=settings.nats_ca_file,
    )
    return NatsLink(server, workers)
