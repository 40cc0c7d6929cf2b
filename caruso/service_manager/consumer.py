"""Asks services on behalf of one consumer, by its own rules: time-out, retries, circuit breaker, fall-back.

    call ─► suspended? ──yes──────────────────────────────┐
              │ no                                        ▼
              ▼                                     the service named as
            asked, within the time ──failed──► again? ─no─► fall-back, else the failure
                                        ▲        │
                                        └──yes───┘

A retry asks under the same key, so what was done once is not done twice; what is not repeatable is not asked again
when its outcome is unknown. A fall-back is another service with the same operation, asked under a key of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import structlog

from caruso.clock import Clock
from caruso.service_manager.breaker import Breaker, BreakerRule, admit, failed, succeeded
from caruso.service_manager.failures import OutcomeUnknown, ServiceFailed, ServiceSuspended, UnknownService
from caruso.service_manager.manager import ServiceManager

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliance:
    """How a consumer relies on a service."""

    #: Versions that fit, like ``>=2,<3``; every one when empty.
    versions: str = ""
    #: Seconds it waits; None: as long as the operation may take.
    timeout_seconds: float | None = None
    #: How often it asks again, and the pause before, seconds; each pause is twice the one before.
    retries: int = 0
    retry_seconds: float = 0.1
    breaker: BreakerRule = field(default_factory=BreakerRule)
    #: Service that is asked instead when this one is at fault, or suspended; empty for none.
    fallback: str = ""


class Consumer:
    """Somebody who asks services. Implements `caruso.ports.scripts.ActionServices`."""

    def __init__(
        self,
        services: ServiceManager,
        clock: Clock,
        *,
        name: str,
        reliances: Mapping[str, Reliance] = MappingProxyType({}),
        usual: Reliance | None = None,
        settled: asyncio.Event | None = None,
    ) -> None:
        """Ask `services` as `reliances` say, by the service's name; as `usual` says where they say nothing.

        Until `settled` is set services still start: one that is not there yet is waited for.
        """
        self._services = services
        self._clock = clock
        self._name = name
        self._reliances = reliances
        self._usual = usual or Reliance()
        self._settled = settled
        self._breakers: dict[str, Breaker] = {}

    async def call(self, service: str, params: Mapping[str, Any], *, key: str) -> Any:
        """Carry out the operation ``name.operation``; raise `ServiceFailed`."""
        name, _, operation = service.partition(".")
        if self._settled is not None and not self._settled.is_set() and service not in self._services.operations():
            await self._settled.wait()
        reliance = self._reliances.get(name, self._usual)
        try:
            return await self._asked(name, service, params, key, reliance)
        except ServiceFailed as problem:
            away = problem.blames_service or isinstance(problem, (ServiceSuspended, UnknownService))
            if not reliance.fallback or not away or not self._may_go_elsewhere(service, problem):
                raise
            _log.info("service_fallback", consumer=self._name, service=service, code=problem.code)
            elsewhere = f"{reliance.fallback}.{operation}"
            return await self._services.call(elsewhere, params, key=f"{key}/{reliance.fallback}" if key else "")

    def repeatable(self, service: str) -> bool:
        """Tell whether doing the operation twice is the same as once; False for one that is not known."""
        return self._services.repeatable(service)

    def suspended(self) -> Mapping[str, float]:
        """Return the services that are not asked at present, with the seconds until one call may try."""
        now = self._clock.monotonic()
        opened = {name: breaker.open_until for name, breaker in self._breakers.items()}
        return {name: max(0.0, until - now) for name, until in opened.items() if until is not None}

    def _may_go_elsewhere(self, service: str, problem: ServiceFailed) -> bool:
        """What may have been done must not be done by somebody else as well."""
        return not isinstance(problem, OutcomeUnknown) or self._services.repeatable(service)

    async def _asked(
        self, name: str, service: str, params: Mapping[str, Any], key: str, reliance: Reliance
    ) -> Any:
        for attempt in range(reliance.retries + 1):
            try:
                return await self._once(name, service, params, key, reliance)
            except ServiceFailed as problem:
                again = problem.blames_service and self._may_go_elsewhere(service, problem)
                if attempt == reliance.retries or not again:
                    raise
            await asyncio.sleep(reliance.retry_seconds * 2**attempt)
        raise AssertionError("the last attempt returns or raises")

    async def _once(self, name: str, service: str, params: Mapping[str, Any], key: str, reliance: Reliance) -> Any:
        admitted = admit(self._breakers.get(name, Breaker()), reliance.breaker, self._clock.monotonic())
        if admitted is None:
            raise ServiceSuspended(f"{name} failed again and again; it is not asked for a moment")
        self._breakers[name] = admitted
        try:
            async with asyncio.timeout(reliance.timeout_seconds):
                result = await self._services.call(service, params, key=key, versions=reliance.versions)
        except TimeoutError as problem:
            self._failed(name, reliance)
            raise OutcomeUnknown(f"{service} did not answer within {reliance.timeout_seconds:g} s") from problem
        except ServiceFailed as problem:
            if problem.blames_service:
                self._failed(name, reliance)
            else:
                self._breakers[name] = succeeded()
            raise
        self._breakers[name] = succeeded()
        return result

    def _failed(self, name: str, reliance: Reliance) -> None:
        before = self._breakers.get(name, Breaker())
        after = failed(before, reliance.breaker, self._clock.monotonic())
        self._breakers[name] = after
        if after.open_until is not None and before.open_until is None:
            _log.warning("service_suspended", consumer=self._name, service=name, failures=after.failures_in_a_row)
