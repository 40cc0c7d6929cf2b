"""Finds the service for an operation and carries it out: checked, within a time, at most once per key.

Services come, are replaced and go while they are asked. From one line to the next a name means another
instance; what was asked of the old one ends there, and nothing is asked of an instance that is not ready. A
service that hangs,
raises or is asked too much degrades alone (`caruso.service_manager.instance`). What was done is remembered in
memory, for as many keys as fit; across a restart the outbox of script runs (`comm_server.runs.outbox`) remembers.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import structlog

from caruso.errors import CarusoError
from caruso.service_manager.description import ServiceDescription
from caruso.service_manager.failures import (
    OutcomeUnknown,
    ServiceFailed,
    ServiceUnavailable,
    UnknownOperation,
    UnknownService,
)
from caruso.service_manager.figures import DONE, OperationFigures
from caruso.service_manager.instance import Instance, State
from caruso.service_manager.refusals import (
    NoSuchService,
    ServiceMissing,
    ServiceNeeded,
    ServiceNotWell,
    ServiceRefused,
)
from caruso.service_manager.service import Operation, Service
from caruso.service_manager.versions import Offer, Wish, granted, read_wish, start_order, unmet

#: Seconds that operations of a service that is replaced or removed have to end.
DRAIN_SECONDS = 30.0
#: Seconds between looks whether services are well.
WATCH_SECONDS = 10.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A service came, was replaced or went."""

    #: ``added``, ``replaced``, ``removed``, ``rolled-back``.
    kind: str
    service: str
    #: Version from now on, and before; empty for none.
    version: str
    before: str
    #: A person's user name, a plug-in, or ``server``.
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStatus:
    """How a service is."""

    description: ServiceDescription
    state: State
    #: What it is not well of; empty when it is.
    ailment: str
    under_way: int
    #: Where it runs, for people: ``here``, or how a remote one is reached.
    place: str
    #: By operation, since the server's start.
    figures: Mapping[str, OperationFigures]


class ServiceManager:
    """Knows the services. Implements `caruso.ports.scripts.ActionServices`."""

    def __init__(
        self,
        *,
        timeout_seconds: float = 5.0,
        remembered_keys: int = 10_000,
        at_once: int = 200,
        changed: Callable[[Change], None] = lambda change: None,
    ) -> None:
        """Know no service yet; give each operation `timeout_seconds`, and let a service be at `at_once` of them.

        `changed` is told of each service that comes, is replaced or goes.
        """
        self._timeout_seconds = timeout_seconds
        self._remembered_keys = remembered_keys
        self._at_once = at_once
        self._changed = changed
        self._instances: dict[str, Instance] = {}
        #: One change at a time, or two of them could fit the services there are but not each other.
        self._changing = asyncio.Lock()
        #: Operations by key, under way or done, oldest first.
        self._by_key: OrderedDict[tuple[str, str], asyncio.Task[Any]] = OrderedDict()
        self._under_way: set[asyncio.Task[Any]] = set()
        self._figures: defaultdict[str, dict[str, OperationFigures]] = defaultdict(dict)

    # -- Coming and going -------------------------------------------------------------------------------------

    async def add(self, *services: Service, by: str = "server") -> None:
        """Start services, each after those it needs, and let them be asked.

        Raises:
            ServiceRefused: one has a name that is taken, or needs what is not there, or did not start; those that
                were started for it are there nevertheless.
        """
        async with self._changing:
            instances = [self._instance(service) for service in services]
            coming = {instance.offer.service: instance for instance in instances}
            taken = sorted(coming.keys() & self._instances.keys())
            if taken or len(coming) < len(services):
                names = ", ".join(taken) or ", ".join(service.name for service in services)
                raise ServiceRefused(f"There is a service of this name already: {names}")
            order = start_order((instance.offer for instance in coming.values()), self._offers())
            for name in order:
                await coming[name].start(self)
                self._instances[name] = coming[name]
                self._tell("added", name, coming[name].service.version, "", by)

    async def replace(self, service: Service, *, by: str = "server", drain_seconds: float = DRAIN_SECONDS) -> None:
        """Put another version in a service's place, while it is asked.

        The new one is started and has to be well; from then on it alone is asked. When what the old one was
        asked has ended and the new one is still well, the old one stops; else it comes back.

        Raises:
            NoSuchService: there is none of this name.
            ServiceRefused: the new one does not fit, did not start or is not well. The old one is asked as before.
        """
        async with self._changing:
            new, old = self._instance(service), self._known(service.name)
            before = old.service.version
            self._check_needs(new.offer, replaced=old)
            await new.start(self)
            self._instances[service.name] = new
            await old.finish(drain_seconds)
            try:
                await new.check()
            except ServiceNotWell as problem:
                self._instances[service.name] = old
                await new.retire(drain_seconds)
                self._tell("rolled-back", service.name, before, service.version, by)
                raise ServiceNotWell(f"{service.name} {service.version} is not well: {problem}") from problem
            self._tell("replaced", service.name, service.version, before, by)
            await old.retire(drain_seconds)

    async def remove(self, name: str, *, by: str = "server", drain_seconds: float = DRAIN_SECONDS) -> None:
        """Take a service out: nothing is asked of it any more, what it is at it ends, and it stops.

        Raises:
            NoSuchService: there is none of this name.
            ServiceNeeded: another service cannot do without it.
        """
        async with self._changing:
            instance = self._known(name)
            self._refuse_needed(name, [o for o in self._offers() if o.service != name])
            del self._instances[name]
            self._tell("removed", name, "", instance.service.version, by)
            await instance.retire(drain_seconds)

    async def watch(self) -> None:
        """Ask all services again and again whether they are well; for ever."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            await asyncio.gather(*map(self.look_at, list(self._instances)))

    async def look_at(self, name: str) -> str:
        """Ask a service whether it is well; return what it is not well of, empty when it is."""
        instance = self._instances.get(name)
        if instance is None:
            return "it is not there"
        was = instance.ailment
        try:
            await instance.check()
        except ServiceNotWell as problem:
            if not was:
                _log.warning("service_not_well", service=instance.service.name, reason=str(problem))
        else:
            if was:
                _log.info("service_well_again", service=instance.service.name)
        return instance.ailment

    async def close(self, *, seconds: float = 5.0) -> None:
        """Give what is under way `seconds` to end, break the rest off, and let the services go."""
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        going, self._instances = list(reversed(self._instances.values())), {}
        for instance in going:
            await instance.retire(0.0)

    def _instance(self, service: Service) -> Instance:
        return Instance(service, timeout_seconds=self._timeout_seconds, at_once=self._at_once)

    def _check_needs(self, new: Offer, *, replaced: Instance) -> None:
        others = [offer for offer in self._offers() if offer.service != replaced.service.name]
        missing = unmet(new, others)
        if missing:
            raise ServiceMissing(f"{new.service} needs {', '.join(map(str, missing))}, which is not there")
        self._refuse_needed(new.service, [*others, new])

    def _refuse_needed(self, name: str, remaining: Iterable[Offer]) -> None:
        """Refuse to go on with `remaining` when one of them cannot."""
        known = tuple(remaining)
        for offer in known:
            missing = unmet(offer, known)
            if offer.service != name and missing:
                raise ServiceNeeded(f"{offer.service} needs {', '.join(map(str, missing))}")

    def _tell(self, kind: str, service: str, version: str, before: str, by: str) -> None:
        change = Change(kind=kind, service=service, version=version, before=before, by=by)
        _log.info("service_changed", change=kind, service=service, version=version, before=before, by=by)
        self._changed(change)

    # -- Looking ----------------------------------------------------------------------------------------------

    def services(self) -> Mapping[str, Mapping[str, Operation]]:
        """Return all operations by service and name."""
        return {name: instance.operations for name, instance in sorted(self._instances.items())}

    def operations(self) -> frozenset[str]:
        """Return all that can be asked for, as ``name.operation``, by services' names and by interfaces'."""
        return frozenset(
            f"{name}.{operation}"
            for instance in self._instances.values()
            for name in instance.offer.versions
            for operation in instance.operations
        )

    def statuses(self) -> tuple[ServiceStatus, ...]:
        """Return how all services are, by name."""
        return tuple(self.status(name) for name in sorted(self._instances))

    def status(self, name: str) -> ServiceStatus:
        """Return how a service is; raise `NoSuchService`."""
        instance = self._known(name)
        return ServiceStatus(
            description=instance.description,
            state=instance.state,
            ailment=instance.ailment,
            under_way=instance.under_way,
            place=instance.service.place,
            figures=self._figures.get(name, {}),
        )

    def figures(self) -> Mapping[str, Mapping[str, OperationFigures]]:
        """Return the figures of all operations that were asked for, by service and operation."""
        return self._figures

    def found(self, wanted: str) -> str:
        """Return the name of the service that ``crm>=2,<3`` means at present; raise `ServiceUnavailable`."""
        return self._granted(read_wish(wanted)).service.name

    # -- Asking -----------------------------------------------------------------------------------------------

    async def call(self, service: str, params: Mapping[str, Any], *, key: str, versions: str = "") -> Any:
        """Carry out the operation ``name.operation`` at most once per `key`; raise `ServiceFailed`.

        The same key again returns the same result, or waits for it. What failed for certain may be tried again;
        what ran out of time only if it is repeatable. Whoever stops waiting does not stop the operation.
        `versions` says which fit, like ``>=2,<3``; without it every one does.
        """
        known = self._by_key.get((service, key)) if key else None
        if known is None:
            known = self._begin(service, params, key, versions)
        return await asyncio.shield(known)

    def repeatable(self, service: str) -> bool:
        """Tell whether doing the operation twice is the same as once; False for one that is not known."""
        try:
            return self.operation(service).repeatable
        except ServiceFailed:
            return False

    def operation(self, service: str) -> Operation:
        """Return the operation ``name.operation``; raise `UnknownService` or `UnknownOperation`."""
        return self._operation(service, "")[1]

    def _begin(self, service: str, params: Mapping[str, Any], key: str, versions: str) -> asyncio.Task[Any]:
        # Nothing is awaited from here until the instance knows of it: it cannot be replaced in between.
        instance, found = self._operation(service, versions)
        figures = self._figures[instance.service.name].setdefault(found.name, OperationFigures())
        started = time.monotonic()
        try:
            task = instance.begin(service, found, params, key)
        except ServiceFailed as problem:
            figures.add(problem.code, 0.0)
            raise
        self._under_way.add(task)
        if key:
            self._by_key[service, key] = task
        task.add_done_callback(lambda done: self._done(service, key, found, figures, started, done))
        return task

    def _done(
        self,
        service: str,
        key: str,
        found: Operation,
        figures: OperationFigures,
        started: float,
        task: asyncio.Task[Any],
    ) -> None:
        self._under_way.discard(task)
        failure = None if task.cancelled() else task.exception()
        code = failure.code if isinstance(failure, CarusoError) else "cancelled" if task.cancelled() else DONE
        figures.add(code, time.monotonic() - started)
        if failure is not None:
            _log.warning("service_failed", service=service, key=key, code=code)
        unknown = task.cancelled() or isinstance(failure, OutcomeUnknown)
        if (found.repeatable and unknown) or (failure is not None and not unknown):
            self._by_key.pop((service, key), None)
        self._forget()

    def _forget(self) -> None:
        """Forget the oldest keys that are too many, but none that is under way."""
        too_many = len(self._by_key) - self._remembered_keys
        if too_many > 0:
            done = (name for name, task in self._by_key.items() if task.done())
            for name in [name for name, _ in zip(done, range(too_many), strict=False)]:
                del self._by_key[name]

    def _operation(self, service: str, versions: str) -> tuple[Instance, Operation]:
        name, _, wanted = service.partition(".")
        instance = self._instances.get(name)
        if instance is None or versions:
            instance = self._granted_or_unknown(name, versions)
        found = instance.operations.get(wanted)
        if found is None:
            raise UnknownOperation(_no_such("operation", wanted, instance.operations, f" of service “{name}”"))
        return instance, found

    def _granted_or_unknown(self, name: str, versions: str) -> Instance:
        names = {known for offer in self._offers() for known in offer.versions}
        if name not in names:
            raise UnknownService(_no_such("service", name, names))
        return self._granted(read_wish(f"{name}{versions}"))

    def _granted(self, wish: Wish) -> Instance:
        offer = granted(wish, self._offers())
        if offer is None:
            raise ServiceUnavailable(f"There is no {wish}")
        return self._instances[offer.service]

    def _offers(self) -> list[Offer]:
        return [instance.offer for instance in self._instances.values()]

    def _known(self, name: str) -> Instance:
        instance = self._instances.get(name)
        if instance is None:
            raise NoSuchService(_no_such("service", name, self._instances))
        return instance


def _no_such(kind: str, name: str, known: Iterable[str], of: str = "") -> str:
    nearest = get_close_matches(name, list(known), n=1)
    hint = f"; did you mean “{nearest[0]}”?" if nearest else ""
    return f"There is no {kind} “{name[:80]}”{of}{hint}"
