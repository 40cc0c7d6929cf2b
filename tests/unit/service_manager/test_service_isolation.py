"""A service that hangs, raises, fills up, answers garbage or will not end degrades alone."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from caruso.service_manager import OutcomeUnknown, Service, ServiceBusy, ServiceManager, operation
from caruso.service_manager.refusals import ServiceRefused


class Bad(Service):
    """Does whatever a service must not do."""

    name, version = "bad", "1.0"
    timeout_seconds = 0.05
    at_once = 3

    def __init__(self) -> None:
        self.let_go = asyncio.Event()

    @operation(repeatable=True)
    async def hang(self, params: Mapping[str, Any], *, key: str) -> None:
        """Never answer."""
        await self.let_go.wait()

    @operation(repeatable=True)
    async def stay(self, params: Mapping[str, Any], *, key: str) -> None:
        """Not even end when it is broken off."""
        while not self.let_go.is_set():
            try:
                await self.let_go.wait()
            except asyncio.CancelledError:
                continue

    @operation(repeatable=True)
    async def fail(self, params: Mapping[str, Any], *, key: str) -> None:
        """Raise."""
        raise ZeroDivisionError

    @operation(repeatable=True)
    async def leave(self, params: Mapping[str, Any], *, key: str) -> None:
        """End the program."""
        sys.exit(3)

    @operation(repeatable=True)
    async def garbage(self, params: Mapping[str, Any], *, key: str) -> int:
        """Answer what it does not say it would."""
        answer: Any = {"object": "not a number", "time": datetime(2026, 1, 1, tzinfo=UTC)}
        return answer  # type: ignore[no-any-return]

    @operation(repeatable=True)
    async def thing(self, params: Mapping[str, Any], *, key: str) -> Any:
        """Answer with what is no value at all."""
        return object()

    @operation(repeatable=True)
    async def endless(self, params: Mapping[str, Any], *, key: str) -> Any:
        """Answer with a list that holds itself."""
        answer: list[Any] = []
        answer.append(answer)
        return answer


class Good(Service):
    """Does what it is asked."""

    name, version = "good", "1.0"

    @operation(repeatable=True)
    async def add(self, params: dict[str, Decimal], *, key: str) -> Decimal:
        """Add numbers."""
        return sum(params.values(), Decimal(0))


@pytest.fixture
async def manager() -> AsyncIterator[ServiceManager]:
    manager, bad = ServiceManager(), Bad()
    await manager.add(bad, Good())
    yield manager
    bad.let_go.set()
    await manager.close()


async def works(manager: ServiceManager) -> None:
    assert await manager.call("good.add", {"a": 0.5, "b": 2}, key="") == Decimal("2.5")


@pytest.mark.parametrize("wrong", ["hang", "stay", "fail", "leave", "garbage", "thing", "endless"])
async def test_whatever_one_does_wrong_is_an_unknown_outcome_and_the_others_work(
    manager: ServiceManager, wrong: str
) -> None:
    with pytest.raises(OutcomeUnknown):
        await manager.call(f"bad.{wrong}", {}, key="")
    await works(manager)


async def test_one_that_never_ends_fills_its_own_places_only(manager: ServiceManager) -> None:
    for _ in range(3):
        with pytest.raises(OutcomeUnknown, match="did not answer within"):
            await manager.call("bad.stay", {}, key="")
    assert manager.status("bad").under_way == 3
    for _ in range(5):
        with pytest.raises(ServiceBusy):
            await manager.call("bad.fail", {}, key="")
    await works(manager)
    assert manager.status("bad").figures["fail"].outcomes["service-busy"] == 5


async def test_a_flood_on_one_is_refused_and_the_others_are_asked_meanwhile(manager: ServiceManager) -> None:
    flood = [asyncio.create_task(manager.call("bad.hang", {}, key="")) for _ in range(500)]
    await works(manager)
    answers = await asyncio.gather(*flood, return_exceptions=True)
    assert sum(isinstance(answer, ServiceBusy) for answer in answers) == 497
    assert sum(isinstance(answer, OutcomeUnknown) for answer in answers) == 3
    assert manager.status("bad").under_way == 0, "what was broken off is gone"


class Odd(Service):
    """Has a type nobody could send anywhere."""

    name, version = "odd", "1.0"

    @operation(repeatable=True)
    async def ask(self, params: Mapping[str, Any], *, key: str) -> asyncio.Lock:
        """Return a lock."""
        return asyncio.Lock()


class Lost(Service):
    """Names a type there is none of."""

    name, version = "lost", "1.0"

    @operation(repeatable=True)
    async def ask(self, params: Nowhere, *, key: str) -> None:  # type: ignore[name-defined]  # noqa: F821
        """Ask."""


class Nameless(Service):
    """Has no name."""

    version = "1.0"

    @operation(repeatable=True)
    async def ask(self, params: Mapping[str, Any], *, key: str) -> None:
        """Ask."""


@pytest.mark.parametrize("kind", [Odd, Lost, Nameless])
async def test_what_cannot_be_described_is_refused_when_it_comes(kind: type[Service]) -> None:
    with pytest.raises(ServiceRefused, match="cannot be described"):
        await ServiceManager().add(kind())
