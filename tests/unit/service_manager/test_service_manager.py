"""Finding services and carrying out operations at most once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from caruso.errors import NotFound
from caruso.service_manager import (
    BadArguments,
    OutcomeUnknown,
    Service,
    ServiceBusy,
    ServiceFailed,
    ServiceManager,
    UnknownOperation,
    UnknownService,
    operation,
)
from caruso.service_manager.refusals import NoSuchService, ServiceRefused


class Sum(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    a: int
    b: int = 0


class Counter(Service):
    """Counts how often it was asked."""

    name = "counter"
    version = "1.0"

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.let_go = asyncio.Event()
        self.failures: list[Exception] = []

    @operation(repeatable=False)
    async def add(self, params: Sum, *, key: str) -> int:
        """Add two numbers."""
        self.asked.append(key)
        if self.failures:
            raise self.failures.pop()
        return params.a + params.b

    @operation(repeatable=False)
    async def wait_once(self, params: Mapping[str, Any], *, key: str) -> str:
        """Wait."""
        self.asked.append(key)
        await self.let_go.wait()
        return "waited"

    @operation(repeatable=True)
    async def wait(self, params: Mapping[str, Any], *, key: str) -> str:
        """Wait."""
        return await self.wait_once(params, key=key)

    async def hidden(self, params: Mapping[str, Any], *, key: str) -> None:
        """Not an operation."""


async def manager_with(counter: Counter, **how: Any) -> ServiceManager:
    manager = ServiceManager(**how)
    await manager.add(counter)
    return manager


async def test_an_operation_is_found_checked_and_carried_out() -> None:
    assert await (await manager_with(Counter())).call("counter.add", {"a": 1, "b": 2}, key="k") == 3


async def test_numbers_of_scripts_are_whole_where_whole_ones_are_wanted() -> None:
    manager = await manager_with(Counter())
    assert await manager.call("counter.add", {"a": Decimal("1.00"), "b": Decimal(2)}, key="") == 3
    for wrong in ("1.5", "1e30", "NaN", "Infinity"):
        with pytest.raises(BadArguments, match=r"decimal.*\$\.b"):
            await manager.call("counter.add", {"a": Decimal(1), "b": Decimal(wrong)}, key="")


async def test_the_same_key_is_carried_out_once_and_answered_twice() -> None:
    counter = Counter()
    manager = await manager_with(counter)
    assert await manager.call("counter.add", {"a": 1}, key="k") == 1
    assert await manager.call("counter.add", {"a": 1}, key="k") == 1
    assert await manager.call("counter.add", {"a": 1}, key="other") == 1
    assert counter.asked == ["k", "other"]


async def test_an_empty_key_is_carried_out_every_time() -> None:
    counter = Counter()
    manager = await manager_with(counter)
    for _ in range(2):
        await manager.call("counter.add", {"a": 1}, key="")
    assert counter.asked == ["", ""]


async def test_the_same_key_while_it_is_under_way_waits_for_the_one() -> None:
    counter = Counter()
    manager = await manager_with(counter)
    both = [asyncio.create_task(manager.call("counter.wait-once", {}, key="k")) for _ in range(2)]
    await asyncio.sleep(0)
    counter.let_go.set()
    assert await asyncio.gather(*both) == ["waited", "waited"]
    assert counter.asked == ["k"]


async def test_who_stops_waiting_does_not_stop_the_operation() -> None:
    counter = Counter()
    manager = await manager_with(counter)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await manager.call("counter.wait-once", {}, key="k")
    counter.let_go.set()
    assert await manager.call("counter.wait-once", {}, key="k") == "waited"
    assert counter.asked == ["k"]


@pytest.mark.parametrize(
    ("service", "params", "failure", "words"),
    [
        ("couter.add", {}, UnknownService, "did you mean “counter”?"),
        ("", {}, UnknownService, "There is no service"),
        ("counter", {}, UnknownOperation, "There is no operation “” of service “counter”"),
        ("counter.ad", {}, UnknownOperation, "did you mean “add”?"),
        ("counter.hidden", {}, UnknownOperation, "There is no operation"),
        ("counter.__init__", {}, UnknownOperation, "There is no operation"),
        ("counter.add", {}, BadArguments, "missing required field `a`"),
        ("counter.add", {"a": "x"}, BadArguments, r"at `\$.a`"),
        ("counter.add", {"a": 1, "c": 1}, BadArguments, "unknown field `c`"),
    ],
)
async def test_what_cannot_be_asked_for_is_told(
    service: str, params: dict[str, Any], failure: type[ServiceFailed], words: str
) -> None:
    counter = Counter()
    with pytest.raises(failure, match=words) as raised:
        await (await manager_with(counter)).call(service, params, key="k")
    assert raised.value.code == failure.code
    assert counter.asked == []


async def test_what_failed_for_certain_may_be_tried_again() -> None:
    counter = Counter()
    manager = await manager_with(counter)
    for problem in (ServiceFailed("no line"), NotFound("no such record")):
        counter.failures.append(problem)
        with pytest.raises(ServiceFailed, match=str(problem)):
            await manager.call("counter.add", {"a": 1}, key="k")
    assert await manager.call("counter.add", {"a": 1}, key="k") == 1


async def test_what_broke_off_is_not_tried_again() -> None:
    counter = Counter()
    manager = await manager_with(counter)
    counter.failures.append(RuntimeError("boom"))
    for _ in range(2):
        with pytest.raises(OutcomeUnknown, match="broke off"):
            await manager.call("counter.add", {"a": 1}, key="k")
    assert counter.asked == ["k"]


async def test_a_service_that_hangs_is_given_up_and_its_key_is_spent() -> None:
    counter = Counter()
    manager = await manager_with(counter, timeout_seconds=0.01)
    for _ in range(2):
        with pytest.raises(OutcomeUnknown, match=r"within 0\.01 s"):
            await manager.call("counter.wait-once", {}, key="k")
    assert counter.asked == ["k"]


async def test_what_is_repeatable_may_be_tried_again_after_its_time() -> None:
    counter = Counter()
    manager = await manager_with(counter, timeout_seconds=0.01)
    with pytest.raises(OutcomeUnknown):
        await manager.call("counter.wait", {}, key="k")
    counter.let_go.set()
    assert await manager.call("counter.wait", {}, key="k") == "waited"


async def test_too_many_at_once_are_refused_and_harm_nobody() -> None:
    counter = Counter()
    manager = await manager_with(counter, at_once=1)
    first = asyncio.create_task(manager.call("counter.wait-once", {}, key="1"))
    await asyncio.sleep(0)
    with pytest.raises(ServiceBusy):
        await manager.call("counter.add", {"a": 1}, key="2")
    counter.let_go.set()
    assert await first == "waited"
    assert await manager.call("counter.add", {"a": 1}, key="2") == 1


async def test_the_oldest_keys_are_forgotten_but_none_under_way() -> None:
    counter = Counter()
    manager = await manager_with(counter, remembered_keys=2)
    slow = asyncio.create_task(manager.call("counter.wait-once", {}, key="slow"))
    await asyncio.sleep(0)
    for key in ("1", "2", "3"):
        await manager.call("counter.add", {"a": 1}, key=key)
    again = asyncio.create_task(manager.call("counter.wait-once", {}, key="slow"))
    await manager.call("counter.add", {"a": 1}, key="3")
    await manager.call("counter.add", {"a": 1}, key="1")
    counter.let_go.set()
    await asyncio.gather(slow, again)
    assert counter.asked == ["slow", "1", "2", "3", "1"]


async def test_closing_lets_what_is_under_way_end() -> None:
    counter = Counter()
    manager = await manager_with(counter)
    task = asyncio.create_task(manager.call("counter.wait-once", {}, key="k"))
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_later(0.01, counter.let_go.set)
    await manager.close()
    assert await task == "waited"


async def test_a_removed_service_is_unknown_and_its_name_is_free() -> None:
    manager = await manager_with(Counter())
    await manager.remove("counter")
    with pytest.raises(UnknownService):
        await manager.call("counter.add", {"a": 1}, key="k")
    with pytest.raises(NoSuchService):
        await manager.remove("counter")
    await manager.add(Counter())


class Empty(Service):
    name = "empty"
    version = "1"


class Odd(Counter):
    name = "an odd.name"


async def test_what_cannot_be_registered_is_refused() -> None:
    manager = ServiceManager()
    with pytest.raises(ServiceRefused, match="no operations"):
        await manager.add(Empty())


async def test_names_are_unique_and_plain() -> None:
    manager = await manager_with(Counter())
    with pytest.raises(ServiceRefused, match="already"):
        await manager.add(Counter())
    with pytest.raises(ServiceRefused, match="is no name"):
        await manager.add(Odd())
    described = manager.services()["counter"]
    assert sorted(described) == ["add", "wait", "wait-once"]
    assert described["add"].documentation == "Add two numbers."
    assert described["wait"].repeatable


async def test_closing_breaks_off_what_takes_too_long() -> None:
    manager, counter = ServiceManager(), Counter()
    await manager.add(counter)
    waiting = asyncio.create_task(manager.call("counter.wait-once", {}, key="k"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert counter.asked == ["k"]
    await manager.close(seconds=0.01)
    with pytest.raises(asyncio.CancelledError):
        await waiting
