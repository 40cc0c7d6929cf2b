"""How a consumer relies on services: time-outs, retries, the circuit breaker and the fall-back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caruso.service_manager import OutcomeUnknown, Service, ServiceFailed, ServiceManager, operation
from caruso.service_manager.breaker import Breaker, BreakerRule, admit, failed, succeeded
from caruso.service_manager.consumer import Consumer, Reliance
from caruso.service_manager.failures import ServiceSuspended, ServiceUnavailable

RULE = BreakerRule(failures=3, open_seconds=10.0)


class HandClock:
    """A clock that stands until it is put forward."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> datetime:
        return datetime(2026, 11, 23, 9, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.seconds


class Crm(Service):
    """Finds customers, when it is in the mood."""

    name = "crm"
    version = "2.1"

    def __init__(self) -> None:
        self.asked = 0
        self.failures: list[Exception] = []
        self.hangs = False

    @operation(repeatable=True)
    async def find(self, params: Mapping[str, Any], *, key: str) -> str:
        """Return the name of a customer."""
        return await self._answer()

    @operation(repeatable=False)
    async def order(self, params: Mapping[str, Any], *, key: str) -> str:
        """Order something."""
        return await self._answer()

    async def _answer(self) -> str:
        self.asked += 1
        if self.hangs:
            await asyncio.sleep(60)
        if self.failures:
            raise self.failures.pop(0)
        return self.name


class Copy(Crm):
    name = "crm-copy"


class House:
    """A CRM, its copy, and one who asks."""

    def __init__(self, **reliance: Any) -> None:
        self.crm, self.copy, self.clock = Crm(), Copy(), HandClock()
        self.manager = ServiceManager()
        given = Reliance(**{"breaker": RULE, **reliance})
        self.consumer = Consumer(self.manager, self.clock, name="scripts", reliances={"crm": given})

    async def opened(self) -> House:
        await self.manager.add(self.crm, self.copy)
        return self

    async def ask(self, operation: str = "find", key: str = "") -> Any:
        return await self.consumer.call(f"crm.{operation}", {}, key=key)


async def test_after_failures_in_a_row_it_is_not_asked_until_one_call_tried() -> None:
    house = await House().opened()
    house.crm.failures = [ServiceUnavailable() for _ in range(4)]
    for _ in range(3):
        with pytest.raises(ServiceUnavailable):
            await house.ask()
    for _ in range(5):
        with pytest.raises(ServiceSuspended):
            await house.ask()
    assert house.crm.asked == 3
    assert house.consumer.suspended() == {"crm": 10.0}
    house.clock.seconds += 10
    with pytest.raises(ServiceUnavailable):
        await house.ask()
    with pytest.raises(ServiceSuspended):
        await house.ask()
    house.clock.seconds += 10
    assert await house.ask() == "crm"
    assert await house.ask() == "crm"
    assert house.consumer.suspended() == {}


async def test_only_one_call_tries_whether_it_works_again() -> None:
    house = await House(timeout_seconds=30.0).opened()
    house.crm.failures = [ServiceUnavailable() for _ in range(3)]
    for _ in range(3):
        with pytest.raises(ServiceUnavailable):
            await house.ask()
    house.clock.seconds += 10
    house.crm.hangs = True
    trial = asyncio.create_task(house.ask())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    with pytest.raises(ServiceSuspended):
        await house.ask()
    trial.cancel()
    house.crm.hangs = False
    house.clock.seconds += 10
    assert await house.ask() == "crm", "a trial that never ended keeps nobody out for ever"
    await house.manager.close(seconds=0.0)


async def test_what_the_request_is_to_blame_for_suspends_nobody() -> None:
    house = await House().opened()
    house.crm.failures = [ServiceFailed("no such customer") for _ in range(10)]
    for _ in range(10):
        with pytest.raises(ServiceFailed, match="no such customer"):
            await house.ask()
    assert await house.ask() == "crm"


async def test_the_fall_back_is_asked_when_the_service_is_at_fault_or_suspended() -> None:
    house = await House(fallback="crm-copy").opened()
    house.crm.failures = [ServiceUnavailable() for _ in range(3)]
    assert [await house.ask() for _ in range(5)] == ["crm-copy"] * 5
    assert (house.crm.asked, house.copy.asked) == (3, 5)
    house.clock.seconds += 10
    assert await house.ask() == "crm"


async def test_a_slow_service_is_waited_for_so_long_only() -> None:
    house = await House(timeout_seconds=0.01, fallback="crm-copy").opened()
    house.crm.hangs = True
    assert await house.ask() == "crm-copy"
    with pytest.raises(OutcomeUnknown):
        await house.ask("order")
    assert house.copy.asked == 1, "what may have been done is not done elsewhere as well"
    await house.manager.close(seconds=0.0)


async def test_it_is_asked_again_only_when_that_is_harmless() -> None:
    house = await House(retries=2, retry_seconds=0.0).opened()
    house.crm.failures = [ServiceUnavailable(), OutcomeUnknown()]
    assert await house.ask(key="k") == "crm"
    assert house.crm.asked == 3
    house.crm.failures = [ServiceUnavailable(), OutcomeUnknown(), OutcomeUnknown()]
    with pytest.raises(OutcomeUnknown):
        await house.ask("order", key="k2")
    assert house.crm.asked == 5


async def test_a_version_that_does_not_fit_is_not_asked() -> None:
    house = await House(versions=">=3").opened()
    with pytest.raises(ServiceUnavailable, match="There is no crm>=3"):
        await house.ask()
    assert house.crm.asked == 0


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 20)), max_size=60))
def test_a_breaker_never_lets_more_through_than_its_rule_says(history: list[tuple[bool, float]]) -> None:
    breaker, now, in_a_row, trials = Breaker(), 0.0, 0, list[float]()
    for works, pause in history:
        now += pause
        admitted = admit(breaker, RULE, now)
        if admitted is None:
            assert in_a_row >= RULE.failures
            continue
        if in_a_row >= RULE.failures:
            assert not trials or now - trials[-1] >= RULE.open_seconds
            trials.append(now)
        breaker = succeeded() if works else failed(admitted, RULE, now)
        in_a_row = 0 if works else in_a_row + 1
        if in_a_row == RULE.failures:
            trials = [now]
    assert admit(breaker, RULE, now + RULE.open_seconds) is not None, "it is tried again some time"
