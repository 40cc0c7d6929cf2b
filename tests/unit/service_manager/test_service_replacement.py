"""Services come, are replaced and go while they are asked: nothing fails, or is lost."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caruso.ports.scripts import ActionServices
from caruso.service_manager import OutcomeUnknown, Service, ServiceManager, UnknownService, operation
from caruso.service_manager.instance import State
from caruso.service_manager.manager import Change
from caruso.service_manager.refusals import (
    NoSuchService,
    ServiceMissing,
    ServiceNeeded,
    ServiceNotWell,
    ServiceRefused,
)


class Number(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    n: int


class Tariff(Service):
    """Doubles numbers, and notices when it is asked after it stopped."""

    name = "tariff"

    def __init__(self, version: str = "1.0", *, pause: float = 0.0, ill: str = "", requires: str = "") -> None:
        self.version = version
        self.requires = (requires,) if requires else ()
        self.pause, self.ill = pause, ill
        self.started = self.drained = self.stopped = False
        self.served = 0
        self.wrongs: list[str] = []
        self.held: asyncio.Event | None = None
        self.looked_at = asyncio.Event()

    async def start(self, services: ActionServices) -> None:
        await asyncio.sleep(self.pause)
        if self.ill == "start":
            raise RuntimeError("no database")
        self.started = True

    async def health(self) -> None:
        self.looked_at.set()
        if self.ill == "health" or (self.ill == "later" and self.served):
            raise RuntimeError("the disk is full")

    async def drain(self) -> None:
        self.drained = True

    async def stop(self) -> None:
        self.stopped = True

    @operation(repeatable=False)
    async def double(self, params: Number, *, key: str) -> tuple[str, int]:
        """Return this version, and twice the number."""
        self._look("begun")
        self.served += 1
        await asyncio.sleep(self.pause)
        if self.held is not None:
            await self.held.wait()
        self._look("ended")
        return self.version, 2 * params.n

    def _look(self, when: str) -> None:
        if not self.started or self.stopped or self.drained:
            self.wrongs.append(when)


async def test_two_hundred_calls_a_second_through_fifty_replacements() -> None:
    instances = [Tariff(f"1.{number}", pause=0.01) for number in range(51)]
    manager = ServiceManager()
    await manager.add(instances[0])
    answers: list[Any] = []
    calling = True

    async def call(number: int) -> None:
        answers.append((number, await manager.call("tariff.double", {"n": number}, key=f"k{number}")))

    async def caller() -> int:
        number = 0
        async with asyncio.TaskGroup() as calls:
            while calling:
                calls.create_task(call(number))
                number += 1
                await asyncio.sleep(1 / 200)
        return number

    asked = asyncio.create_task(caller())
    for instance in instances[1:]:
        await manager.replace(instance)
        await asyncio.sleep(0.02)
    calling = False
    number = await asked
    assert number > 200
    assert sorted((n, answer[1]) for n, answer in answers) == [(n, 2 * n) for n in range(number)], "none lost"
    assert [instance.wrongs for instance in instances] == [[]] * 51, "none served by a stopped instance"
    assert sum(instance.served for instance in instances) == number, "none twice"
    assert all(instance.stopped for instance in instances[:-1])
    assert not instances[-1].stopped
    assert sum(1 for instance in instances if instance.served) > 25, "it was asked while it was replaced"


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.sampled_from(["call", "replace", "broken", "ill", "later", "remove", "add", "wait"]),
        min_size=1,
        max_size=25,
    )
)
def test_whatever_comes_in_whatever_order_what_is_asked_is_answered_right(steps: list[str]) -> None:
    asyncio.run(led_through(steps))


async def led_through(steps: list[str]) -> None:
    manager = ServiceManager()
    made: list[Tariff] = []

    def new(ill: str = "") -> Tariff:
        made.append(Tariff(f"1.{len(made)}", pause=0.001, ill=ill))
        return made[-1]

    async def tried(change: Any) -> None:
        with contextlib.suppress(ServiceRefused, NoSuchService):
            await change

    async def called(number: int) -> None:
        try:
            _, twice = await manager.call("tariff.double", {"n": number}, key=f"k{number}")
        except UnknownService:
            return  # there was none: told at once, nothing begun
        assert twice == 2 * number

    async with asyncio.TaskGroup() as work:
        for number, step in enumerate(steps):
            match step:
                case "call":
                    work.create_task(called(number))
                case "replace":
                    work.create_task(tried(manager.replace(new())))
                case "broken":
                    work.create_task(tried(manager.replace(new("start"))))
                case "ill":
                    work.create_task(tried(manager.replace(new("health"))))
                case "later":
                    work.create_task(tried(manager.replace(new("later"))))
                case "remove":
                    work.create_task(tried(manager.remove("tariff")))
                case "add":
                    work.create_task(tried(manager.add(new())))
                case _:
                    await asyncio.sleep(0.002)
    in_use = set(manager.services())
    await manager.close()
    assert in_use <= {"tariff"}
    assert [service.wrongs for service in made if service.wrongs] == []
    assert [service for service in made if service.started and not service.stopped] == []


@pytest.mark.parametrize("ill", ["start", "health"])
async def test_a_new_version_that_is_not_well_changes_nothing(ill: str) -> None:
    changes: list[Change] = []
    manager = ServiceManager(changed=changes.append)
    old, new = Tariff("1.0"), Tariff("2.0", ill=ill)
    await manager.add(old)
    with pytest.raises(ServiceNotWell, match=r"tariff 2\.0: (no database|the disk is full)"):
        await manager.replace(new)
    assert new.stopped
    assert not old.stopped
    assert (await manager.call("tariff.double", {"n": 1}, key=""))[0] == "1.0"
    assert [change.kind for change in changes] == ["added"]


async def test_a_new_version_that_falls_ill_while_the_old_one_is_drained_is_rolled_back() -> None:
    changes: list[Change] = []
    manager = ServiceManager(changed=changes.append)
    old, new = Tariff("1.0"), Tariff("2.0", ill="later")
    old.held = asyncio.Event()
    await manager.add(old)
    under_way = asyncio.create_task(manager.call("tariff.double", {"n": 1}, key="old"))
    await asyncio.sleep(0)
    replacing = asyncio.create_task(manager.replace(new, by="alex"))
    await asyncio.wait_for(new.looked_at.wait(), 10)
    for _ in range(20):
        await asyncio.sleep(0)
    assert (await manager.call("tariff.double", {"n": 2}, key=""))[0] == "2.0"
    old.held.set()
    with pytest.raises(ServiceNotWell, match=r"tariff 2\.0 is not well: the disk is full"):
        await replacing
    assert (await under_way)[0] == "1.0"
    assert (await manager.call("tariff.double", {"n": 1}, key=""))[0] == "1.0"
    assert (old.stopped, new.stopped) == (False, True)
    assert [(c.kind, c.version, c.before, c.by) for c in changes[1:]] == [("rolled-back", "1.0", "2.0", "alex")]


async def test_what_does_not_end_is_broken_off_and_its_outcome_unknown() -> None:
    manager = ServiceManager()
    slow = Tariff("1.0")
    await manager.add(slow)
    slow.pause = 60.0
    under_way = asyncio.create_task(manager.call("tariff.double", {"n": 1}, key="k"))
    await asyncio.sleep(0.01)
    await manager.replace(Tariff("2.0"), drain_seconds=0.01)
    with pytest.raises(OutcomeUnknown, match="broken off"):
        await under_way
    assert slow.stopped
    assert manager.status("tariff").state is State.READY


class Billing(Tariff):
    name = "billing"


async def test_services_start_after_those_they_need_and_keep_them() -> None:
    manager = ServiceManager()
    with pytest.raises(ServiceMissing, match=r"billing needs tariff<2,>=1"):
        await manager.add(Billing(requires="tariff>=1,<2"))
    tariff, billing = Tariff("1.4"), Billing(requires="tariff>=1,<2")
    await manager.add(billing, tariff)
    with pytest.raises(ServiceNeeded, match="billing needs tariff"):
        await manager.remove("tariff")
    with pytest.raises(ServiceNeeded, match="billing needs tariff"):
        await manager.replace(Tariff("2.0"))
    await manager.replace(Tariff("1.5"))
    await manager.remove("billing")
    await manager.remove("tariff")
    assert manager.statuses() == ()
    with pytest.raises(NoSuchService, match="There is no service “tariff”"):
        await manager.replace(Tariff("2.0"))


async def test_those_that_need_each_other_are_refused() -> None:
    with pytest.raises(ServiceRefused, match="need each other"):
        await ServiceManager().add(Billing(requires="tariff"), Tariff(requires="billing"))


async def test_a_service_that_never_starts_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("caruso.service_manager.instance.START_SECONDS", 0.01)
    manager = ServiceManager()
    with pytest.raises(ServiceNotWell, match="did not start in time"):
        await manager.add(Tariff(pause=60.0))
    assert manager.statuses() == ()
