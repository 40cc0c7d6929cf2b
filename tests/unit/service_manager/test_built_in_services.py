"""Customers and notes, through the service manager and on the ports."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from caruso.config import HttpSettings, MailSettings
from caruso.errors import NotFound
from caruso.model.centre import Role
from caruso.model.conditions import Condition, holds
from caruso.model.ids import CustomerId, RunId
from caruso.model.records import Customer
from caruso.service_manager import BadArguments, ServiceFailed, ServiceManager
from caruso.service_manager.built_in import OPERATIONS, services
from caruso.service_manager.note_service import MAX_NOTES
from caruso.service_manager.parts import Parts
from lab.fake_callbacks import MemoryCallbacks


class FakeCustomers:
    """Customers in memory, as both ports see them."""

    def __init__(self) -> None:
        self.kept: dict[str, Customer] = {"7": Customer(id=CustomerId("7"), name="Example")}
        self.saves = 0

    async def by_number(self, number: str) -> Customer | None:
        return next((c for c in self.kept.values() if number in c.numbers), None)

    async def get(self, customer: CustomerId) -> Customer | None:
        await asyncio.sleep(0)
        return self.kept.get(customer)

    async def search(self, text: str, limit: int = 20) -> Sequence[Customer]:
        return [c for c in self.kept.values() if c.name.startswith(text)][:limit]

    async def save(self, customer: Customer, *, by: str, role: Role | None = None) -> None:
        self.saves += 1
        self.kept[customer.id] = customer


class FakeObjects:
    """Attributes of customers."""

    def __init__(self, customers: FakeCustomers) -> None:
        self._customers = customers

    async def load(self, class_name: str, key: Any) -> Mapping[str, Any] | None:
        customer = self._customers.kept.get(key)
        return None if customer is None else customer.attributes

    async def find(self, class_name: str, where: Condition, limit: int) -> Sequence[Mapping[str, Any]]:
        return [
            customer.attributes for customer in self._customers.kept.values() if holds(where, customer.attributes)
        ][:limit]

    async def save(self, class_name: str, key: Any, changes: Mapping[str, Any], *, by: str) -> None:
        if class_name != "Customer" or key not in self._customers.kept:
            raise NotFound(f"there is no {class_name} {key}")
        before = self._customers.kept[key]
        self._customers.kept[key] = replace(before, attributes={**before.attributes, **changes})


class FixedClock:
    def now(self) -> datetime:
        return datetime(2026, 11, 23, 9, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0


async def centre() -> tuple[FakeCustomers, ServiceManager]:
    customers = FakeCustomers()
    return customers, await restarted(customers)


async def restarted(customers: FakeCustomers) -> ServiceManager:
    """Return a manager that remembers nothing."""
    manager = ServiceManager()
    parts = Parts(
        customers=customers,
        objects=FakeObjects(customers),
        callbacks=MemoryCallbacks(),
        centre=lambda: None,
        links=make_link,
        clock=FixedClock(),
        mail=MailSettings(),
        http=HttpSettings(),
    )
    await manager.add(*services(parts))
    return manager


async def make_link(run: RunId) -> str:
    return f"https://caruso.example/s/resume/{run}"


async def test_a_script_gets_a_link_to_its_own_run() -> None:
    _, manager = await centre()
    assert await manager.call("link.make", {}, key="run1/link/1") == "https://caruso.example/s/resume/run1"
    with pytest.raises(ServiceFailed):
        await manager.call("link.make", {"run": "run2"}, key="run1/link/1b")


async def test_a_customer_is_changed() -> None:
    customers, manager = await centre()
    await manager.call("customer.update", {"customer": "7", "meter": "123"}, key="k")
    assert customers.kept["7"].attributes == {"meter": "123"}


@pytest.mark.parametrize(
    "params", [{"meter": "1"}, {"customer": ""}, {"customer": 7}, {"customer": "7", "id": "8"}]
)
async def test_an_update_without_a_customer_is_refused(params: dict[str, Any]) -> None:
    with pytest.raises(BadArguments):
        await (await centre())[1].call("customer.update", params, key="k")


async def test_an_unknown_customer_is_a_failure() -> None:
    _, manager = await centre()
    with pytest.raises(ServiceFailed, match="there is no Customer 8"):
        await manager.call("customer.update", {"customer": "8", "a": 1}, key="k")
    with pytest.raises(ServiceFailed, match="There is no customer 8"):
        await manager.call("note.add", {"customer": "8", "text": "x"}, key="k")


async def test_a_customer_is_created_once_even_across_a_restart() -> None:
    customers, manager = await centre()
    params = {"name": "New", "number": "+4930123"}
    made = await manager.call("customer.create", params, key="run1/create/1")
    again = await (await restarted(customers)).call("customer.create", params, key="run1/create/1")
    other = await manager.call("customer.create", params, key="run2/create/1")
    assert made == again != other
    assert customers.saves == 2
    found = await customers.by_number("+4930123")
    assert found is not None
    assert found.name == "New"


async def test_a_note_is_added_once_even_across_a_restart() -> None:
    customers, manager = await centre()
    params = {"customer": "7", "text": "Called about the meter", "author": "anna"}
    await manager.call("note.add", params, key="run1/note/1")
    await (await restarted(customers)).call("note.add", params, key="run1/note/1")
    await manager.call("note.add", {"customer": "7", "text": "Second"}, key="run1/note/2")
    notes = customers.kept["7"].attributes["notes"]
    assert [note["text"] for note in notes] == ["Called about the meter", "Second"]
    assert notes[0]["at"] == "2026-11-23T09:00:00+00:00"
    assert notes[0]["author"] == "anna"


async def test_notes_added_at_the_same_time_are_both_kept() -> None:
    customers, manager = await centre()
    texts = [str(n) for n in range(20)]
    await asyncio.gather(*(manager.call("note.add", {"customer": "7", "text": t}, key=t) for t in texts))
    assert [note["text"] for note in customers.kept["7"].attributes["notes"]] == texts


async def test_old_notes_make_room() -> None:
    customers, manager = await centre()
    for n in range(MAX_NOTES + 1):
        await manager.call("note.add", {"customer": "7", "text": str(n)}, key=str(n))
    notes = customers.kept["7"].attributes["notes"]
    assert (len(notes), notes[0]["text"], notes[-1]["text"]) == (MAX_NOTES, "1", str(MAX_NOTES))


async def test_an_attribute_that_holds_something_else_is_not_overwritten() -> None:
    customers, manager = await centre()
    customers.kept["7"] = replace(customers.kept["7"], attributes={"notes": "mine"})
    with pytest.raises(ServiceFailed, match="holds something else"):
        await manager.call("note.add", {"customer": "7", "text": "x"}, key="k")
    assert customers.kept["7"].attributes == {"notes": "mine"}


async def test_what_can_be_asked_for_is_known_without_asking() -> None:
    _, manager = await centre()
    assert {f"{s}.{o}" for s, operations in manager.services().items() for o in operations} == OPERATIONS
