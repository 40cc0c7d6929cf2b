"""One running service: what is asked of it goes through here, so that whatever it does wrong stays with it.

STARTING ──► READY ──► DRAINING ──► STOPPED
    └─────────────────────────────────┘  (it did not start, or was not well)
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

import msgspec
import structlog

from caruso.errors import CarusoError
from caruso.ports.scripts import ActionServices
from caruso.service_manager.description import ServiceDescription, description_of
from caruso.service_manager.failures import BadArguments, OutcomeUnknown, ServiceBusy, ServiceFailed
from caruso.service_manager.refusals import ServiceNotWell, ServiceRefused
from caruso.service_manager.service import Operation, Service
from caruso.service_manager.versions import Offer, read_offer

T = TypeVar("T")

#: Seconds a service may take to start, to drain, and to stop.
START_SECONDS = 10.0
STOP_SECONDS = 5.0
#: Seconds it may take to tell whether it is well.
HEALTH_SECONDS = 2.0
#: Whole numbers have no more digits: longer ones are no numbers anybody counts with.
_DIGITS = 19

_log = structlog.get_logger(__name__)


class State(StrEnum):
    """How far a service is."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"
    STOPPED = "stopped"


class Instance:
    """A service and what is under way in it."""

    def __init__(self, service: Service, *, timeout_seconds: float, at_once: int) -> None:
        """Take a service with these limits, unless it has its own; raise `ServiceRefused`."""
        self.service = service
        self.offer, self.operations, self.description = _understood(service)
        self.state = State.STARTING
        #: What it is not well of; empty when it is.
        self.ailment = ""
        self._timeout_seconds = service.timeout_seconds or timeout_seconds
        self._at_once = service.at_once or at_once
        self._under_way: set[asyncio.Task[Any]] = set()
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def under_way(self) -> int:
        """Return how many operations it is at, those that were given up and do not end included."""
        return len(self._under_way)

    # -- Asking -----------------------------------------------------------------------------------------------

    def begin(self, name: str, found: Operation, params: Mapping[str, Any], key: str) -> asyncio.Task[Any]:
        """Begin an operation and return the task that ends with its checked result, or raises `ServiceFailed`.

        Raises:
            BadArguments: it does not take these.
            ServiceBusy: as many as it may have are under way.
        """
        if self.state is not State.READY:
            raise ServiceBusy(f"{self.service.name} is {self.state}")
        arguments = _checked(name, found, params)
        if len(self._under_way) >= self._at_once:
            raise ServiceBusy
        work = asyncio.create_task(_asked(found, arguments, key), name=f"service {name}")
        self._under_way.add(work)
        self._idle.clear()
        work.add_done_callback(self._ended)
        return asyncio.create_task(self._outcome(name, found, work), name=f"outcome of {name}")

    def _ended(self, work: asyncio.Task[Any]) -> None:
        self._under_way.discard(work)
        if not self._under_way:
            self._idle.set()
        if not work.cancelled():
            work.exception()  # whoever waited was told already, or waits no more

    async def _outcome(self, name: str, found: Operation, work: asyncio.Task[Any]) -> Any:
        """Wait for an operation as long as it may take. One that cannot be broken off is left behind."""
        try:
            done, _ = await asyncio.wait({work}, timeout=self._timeout_seconds)
        except asyncio.CancelledError:
            work.cancel()
            raise
        if not done:
            work.cancel()
            raise OutcomeUnknown(f"{name} did not answer within {self._timeout_seconds:g} s")
        if work.cancelled():
            raise OutcomeUnknown(f"{name} was broken off")
        problem = work.exception()
        match problem:
            case None:
                return _result(name, found, work.result())
            case ServiceFailed():
                raise problem
            case CarusoError():  # bad input and the like: told as it is
                raise ServiceFailed(f"{name}: {problem}") from problem
            case _:
                # The guard of services: whatever one does wrong stays with it.
                _log.error("service_raised", service=name, exc_info=problem)
                raise OutcomeUnknown(f"{name} broke off") from problem

    # -- Its life ---------------------------------------------------------------------------------------------

    async def start(self, services: ActionServices) -> None:
        """Start it and see that it is well; raise `ServiceNotWell`, after it was stopped again."""
        try:
            await _within(START_SECONDS, self.service.start(services), "It did not start in time")
            await self.check()
        except ServiceNotWell as problem:
            await self.stop()
            raise ServiceNotWell(f"{self.service.name} {self.service.version}: {problem}") from problem
        self.state = State.READY

    async def check(self) -> None:
        """Ask whether it is well, and remember the answer; raise `ServiceNotWell`."""
        try:
            await _within(HEALTH_SECONDS, self.service.health(), "It did not tell in time whether it is well")
        except ServiceNotWell as problem:
            self.ailment = str(problem)
            raise
        self.ailment = ""

    async def finish(self, seconds: float) -> None:
        """Wait until nothing is under way, `seconds` at most."""
        if self._under_way:
            try:
                async with asyncio.timeout(seconds):
                    await self._idle.wait()
            except TimeoutError:
                _log.warning("service_not_drained", service=self.service.name, under_way=len(self._under_way))

    async def retire(self, seconds: float) -> None:
        """Let what is under way end, `seconds` at most, and stop. Nothing may be asked of it any more."""
        self.state = State.DRAINING
        await self.finish(seconds)
        for work in self._under_way:
            work.cancel()
        await self._tried(self.service.drain(), "drain")
        await self.stop()

    async def stop(self) -> None:
        """Stop it, whatever it does."""
        self.state = State.STOPPED
        await self._tried(self.service.stop(), "stop")

    async def _tried(self, work: Awaitable[None], what: str) -> None:
        try:
            await _within(STOP_SECONDS, work, f"It did not {what} in time")
        except ServiceNotWell as problem:
            _log.warning("service_stopped_badly", service=self.service.name, step=what, reason=str(problem))


def _understood(service: Service) -> tuple[Offer, Mapping[str, Operation], ServiceDescription]:
    """Return what a service says about itself; raise `ServiceRefused` whatever is wrong with that."""
    try:
        offer = read_offer(service.name, service.version, service.provides, service.requires)
        operations = service.operations()
        description = description_of(service)
    except ServiceRefused:
        raise
    except Exception as problem:  # the guard of services
        name = getattr(service, "name", type(service).__name__)
        raise ServiceRefused(f"Service “{name}” cannot be described: {problem}") from problem
    if not operations:
        raise ServiceRefused(f"Service “{service.name}” has no operations")
    return offer, operations, description


async def _asked(found: Operation, arguments: Any, key: str) -> Any:
    try:
        return await found.method(arguments, key=key)
    except SystemExit as problem:  # would end the server
        raise RuntimeError("It tried to end the server") from problem


async def _within(seconds: float, work: Awaitable[T], too_late: str) -> T:
    """Wait for a step of a service's life, however stubborn; raise `ServiceNotWell` whatever goes wrong."""
    task = asyncio.ensure_future(work)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
    except asyncio.CancelledError:
        task.cancel()
        raise
    if not done:
        task.cancel()
        raise ServiceNotWell(f"{too_late} ({seconds:g} s)")
    if task.cancelled():
        raise ServiceNotWell("It broke off")
    problem = task.exception()
    if problem is not None:
        raise ServiceNotWell(" ".join(str(problem).split()) or type(problem).__name__) from problem
    return task.result()


def _checked(name: str, found: Operation, params: Mapping[str, Any]) -> Any:
    try:
        return msgspec.convert(dict(params), found.params_type)
    except msgspec.ValidationError:
        # Scripts know one kind of numbers, decimal ones; where whole ones are wanted, 3 is one.
        try:
            return msgspec.convert(_with_whole_numbers(params), found.params_type)
        except msgspec.ValidationError as problem:
            raise BadArguments(f"{name}: {problem}") from problem


def _with_whole_numbers(value: Any) -> Any:
    match value:
        case Decimal() if value.is_finite() and value == value.to_integral_value() and value.adjusted() < _DIGITS:
            return int(value)
        case Mapping():
            return {name: _with_whole_numbers(part) for name, part in value.items()}
        case list() | tuple():
            return [_with_whole_numbers(part) for part in value]
        case _:
            return value


def _result(name: str, found: Operation, answered: Any) -> Any:
    """Return a result as plain values, the same wherever the service is; numbers stay exact."""
    try:
        plain = msgspec.to_builtins(answered, builtin_types=(Decimal,), str_keys=True)
        msgspec.convert(plain, found.result_type)
    except (msgspec.ValidationError, TypeError, RecursionError) as problem:
        raise OutcomeUnknown(f"{name} answered what it should not: {problem}") from problem
    return plain
