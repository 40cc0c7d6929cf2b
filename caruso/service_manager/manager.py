"""Finds the service for an operation and carries it out: checked, within a time, at most once per key.

A service that hangs, raises or is asked too much degrades alone. What was done is remembered in memory, for as
many keys as fit; across a restart the outbox of script runs (`comm_server.runs.outbox`) remembers.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import msgspec
import structlog

from caruso.errors import CarusoError
from caruso.service_manager.failures import (
    BadArguments,
    OutcomeUnknown,
    ServiceBusy,
    ServiceFailed,
    UnknownOperation,
    UnknownService,
)
from caruso.service_manager.service import Operation, Service, operations_of

_NAME = re.compile(r"[a-z][a-z0-9-]*")

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Registered:
    service: Service
    operations: Mapping[str, Operation]


class ServiceManager:
    """Knows the services. Implements `caruso.ports.ActionServices`."""

    def __init__(
        self, *, timeout_seconds: float = 5.0, remembered_keys: int = 10_000, at_once: int = 1_000
    ) -> None:
        """Know no service yet; give each operation `timeout_seconds` and let `at_once` be under way."""
        self._timeout_seconds = timeout_seconds
        self._remembered_keys = remembered_keys
        self._at_once = at_once
        self._services: dict[str, _Registered] = {}
        #: Operations by key, under way or done, oldest first.
        self._by_key: OrderedDict[tuple[str, str], asyncio.Task[Any]] = OrderedDict()
        self._under_way: set[asyncio.Task[Any]] = set()

    def register(self, service: Service) -> None:
        """Add a service; raise `ValueError` when its name is taken or it cannot be asked for anything."""
        if not _NAME.fullmatch(service.name):
            raise ValueError(f"“{service.name}” is no name for a service")
        if service.name in self._services:
            raise ValueError(f"There is a service “{service.name}” already")
        operations = operations_of(service)
        if not operations:
            raise ValueError(f"Service “{service.name}” has no operations")
        self._services[service.name] = _Registered(service, operations)
        _log.info("service_registered", service=service.name, version=service.version)

    def remove(self, name: str) -> None:
        """Take a service out; what it is doing it finishes. Raise `UnknownService`."""
        self._find(name)
        del self._services[name]
        _log.info("service_removed", service=name)

    def services(self) -> Mapping[str, Mapping[str, Operation]]:
        """Return all operations by service and name."""
        return {name: registered.operations for name, registered in sorted(self._services.items())}

    async def call(self, service: str, params: Mapping[str, Any], *, key: str) -> Any:
        """Carry out the operation ``name.operation`` at most once per `key`; raise `ServiceFailed`.

        The same key again returns the same result, or waits for it. What failed for certain may be tried again;
        what ran out of time only if it is repeatable. Whoever stops waiting does not stop the operation.
        """
        known = self._by_key.get((service, key)) if key else None
        if known is None:
            known = self._start(service, params, key)
        return await asyncio.shield(known)

    def repeatable(self, service: str) -> bool:
        """Tell whether doing the operation twice is the same as once; False for one that is not known."""
        name, _, wanted = service.partition(".")
        registered = self._services.get(name)
        found = registered.operations.get(wanted) if registered is not None else None
        return found is not None and found.repeatable

    async def close(self, *, seconds: float = 5.0) -> None:
        """Give what is under way `seconds` to end, break the rest off, and let the services go."""
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        for registered in self._services.values():
            await registered.service.close()

    def _start(self, service: str, params: Mapping[str, Any], key: str) -> asyncio.Task[Any]:
        found = self._operation(service)
        arguments = _checked(service, found, params)
        if len(self._under_way) >= self._at_once:
            raise ServiceBusy
        limit = self._find(service.partition(".")[0]).service.timeout_seconds or self._timeout_seconds
        work = self._carry_out(service, found, arguments, key, limit)
        task = asyncio.create_task(work, name=f"service {service}")
        self._under_way.add(task)
        if key:
            self._by_key[service, key] = task
        task.add_done_callback(lambda done: self._done(service, key, found, done))
        return task

    async def _carry_out(self, service: str, found: Operation, arguments: Any, key: str, limit: float) -> Any:
        try:
            async with asyncio.timeout(limit):
                return await found.method(arguments, key=key)
        except TimeoutError as problem:
            raise OutcomeUnknown(f"{service} did not answer within {limit:g} s") from problem
        except ServiceFailed:
            raise
        except CarusoError as problem:  # bad input and the like: told as it is
            raise ServiceFailed(f"{service}: {problem}") from problem
        except Exception as problem:
            # The guard of services: whatever one does wrong stays with it.
            _log.exception("service_raised", service=service)
            raise OutcomeUnknown(f"{service} broke off") from problem

    def _done(self, service: str, key: str, found: Operation, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        failure = None if task.cancelled() else task.exception()
        if failure is not None:
            code = failure.code if isinstance(failure, CarusoError) else "cancelled"
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

    def _operation(self, service: str) -> Operation:
        name, _, wanted = service.partition(".")
        operations = self._find(name).operations
        if wanted not in operations:
            raise UnknownOperation(_no_such("operation", wanted, operations, f" of service “{name}”"))
        return operations[wanted]

    def _find(self, name: str) -> _Registered:
        if name not in self._services:
            raise UnknownService(_no_such("service", name, self._services))
        return self._services[name]


def _no_such(kind: str, name: str, known: Mapping[str, object], of: str = "") -> str:
    nearest = get_close_matches(name, known, n=1)
    hint = f"; did you mean “{nearest[0]}”?" if nearest else ""
    return f"There is no {kind} “{name[:80]}”{of}{hint}"


def _checked(service: str, found: Operation, params: Mapping[str, Any]) -> Any:
    try:
        return msgspec.convert(dict(params), found.params_type)
    except msgspec.ValidationError as problem:
        raise BadArguments(f"{service}: {problem}") from problem
