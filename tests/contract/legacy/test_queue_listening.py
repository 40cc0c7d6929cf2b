"""Messages that become calls of an operation, with a real nats-server and its JetStream."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import nats
import pytest
from nats.aio.client import Client
from nats.js.api import StreamConfig

from caruso.legacy import queue_listening
from caruso.legacy.message_queue import QueueService
from caruso.service_manager import Service, ServiceManager, operation
from caruso.service_manager.failures import ServiceUnavailable, UnknownRecord
from caruso.service_manager.parts import System
from caruso.service_manager.refusals import ServiceNotWell
from lab.golden_server import until
from lab.legacy.wrapped import example, managed, system
from lab.nats import PASSWORD, USER, nats_server

SUBJECT = "warehouse.delivered"


class Customers(Service):
    """Stands for the server's own: keeps what it is told, by key."""

    name, version = "customer", "1.0"

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.asked: list[str] = []
        self.away = False
        self.slow = asyncio.Event()
        self.slow.set()

    @operation(repeatable=True)
    async def update(self, params: Mapping[str, Any], *, key: str) -> None:
        """Keep it."""
        self.asked.append(params["delivered"])
        await self.slow.wait()
        if self.away:
            raise ServiceUnavailable("the database is away")
        if params["customer"] == "8":
            raise UnknownRecord("there is no Customer 8")
        self.kept[key] = params["delivered"]

    @property
    def delivered(self) -> list[str]:
        return list(self.kept.values())


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_listening, "AGAIN_SECONDS", 0.05)
    monkeypatch.setattr(queue_listening, "LONGEST_AGAIN_SECONDS", 0.1)
    monkeypatch.setattr(queue_listening, "REQUEST_SECONDS", 0.2)
    monkeypatch.setattr(queue_listening, "SPARE_SECONDS", 0.5)


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[System]:
    async with nats_server(tmp_path, streams=True) as port:
        yield at(port)


def at(port: int) -> System:
    return system("warehouse", url=f"nats://127.0.0.1:{port}", user=USER, secret=PASSWORD)


@pytest.fixture
async def warehouse(there: System) -> AsyncIterator[Client]:
    """Be the warehouse, on the other end."""
    client = await nats.connect(there.url, user=USER, password=PASSWORD)
    await client.jetstream().add_stream(StreamConfig(name="deliveries", subjects=["warehouse.*"]))
    yield client
    await client.close()


async def tell(client: Client, *parcels: str, customer: str = "7") -> None:
    for parcel in parcels:
        message = json.dumps({"customer": customer, "delivered": parcel}).encode()
        await client.jetstream().publish(SUBJECT, message)


async def seen(manager: ServiceManager, ailment: str) -> None:
    """Wait until the deliveries say what is wrong with them."""
    async with asyncio.timeout(20):
        while ailment not in await manager.look_at("deliveries"):  # noqa: ASYNC110 -- it cannot tell by itself
            await asyncio.sleep(0.01)


async def well(manager: ServiceManager) -> None:
    """Wait until nothing is wrong with the deliveries."""
    async with asyncio.timeout(20):
        while await manager.look_at("deliveries"):  # noqa: ASYNC110 -- it cannot tell by itself
            await asyncio.sleep(0.01)


async def test_messages_become_calls_and_those_that_cannot_are_told(there: System, warehouse: Client) -> None:
    customers = Customers()
    await tell(warehouse, "P-1")  # before anybody listens: the stream keeps it
    async with managed(customers, example("deliveries", there)) as manager:
        await warehouse.jetstream().publish(SUBJECT, b"{")
        await warehouse.jetstream().publish(SUBJECT, b"[1]")
        await tell(warehouse, "P-2", customer="8")
        await tell(warehouse, "P-3")
        await warehouse.jetstream().publish(SUBJECT, b'{"customer": "7"}')  # breaks what takes it
        await tell(warehouse, "P-4")
        await until(lambda: customers.delivered == ["P-1", "P-3", "P-4"], "all are taken")
        assert customers.asked == ["P-1", "P-2", "P-3", "P-4"], "each once, in their order"
        told = await manager.call("deliveries.given-up", {}, key="")
        assert [(each["number"], each["subject"]) for each in told] == [(n, SUBJECT) for n in (6, 4, 3, 2)]
        assert [each["reason"] for each in told[:2]] == ["customer.update broke off", "there is no Customer 8"]
        assert all("no JSON object" in each["reason"] for each in told[2:])
        await well(manager)
    async with managed(Customers(), example("deliveries", there)):  # remembers nothing; the stream does
        await tell(warehouse, "P-5")


async def test_a_message_waits_while_nobody_can_take_it_and_others_wait_behind_it(
    there: System, warehouse: Client
) -> None:
    customers = Customers()
    customers.away = True
    async with managed(customers, example("deliveries", there)) as manager:
        await tell(warehouse, "P-1", "P-2")
        await until(lambda: customers.asked.count("P-1") > 2, "it was tried again")
        assert "message 1 waits: the database is away" in await manager.look_at("deliveries")
        customers.away = False
        await until(lambda: customers.delivered == ["P-1", "P-2"], "both are taken")
        await well(manager)


async def test_a_service_that_is_replaced_takes_each_message_once(there: System, warehouse: Client) -> None:
    customers = Customers()
    async with managed(customers, example("deliveries", there)) as manager:
        parcels = [f"P-{number}" for number in range(60)]
        telling = asyncio.create_task(tell(warehouse, *parcels))
        for _ in range(3):
            await manager.replace(example("deliveries", there))
        await telling
        await until(lambda: customers.delivered == parcels, "all are taken")
        customers.slow.clear()
        await tell(warehouse, "slow", "last")
        await until(lambda: customers.asked[-1:] == ["slow"], "it is being taken")
        replacing = asyncio.create_task(manager.replace(example("deliveries", there)))
        await asyncio.sleep(0.1)
        customers.slow.set()
        await replacing
        await until(lambda: customers.delivered[-1:] == ["last"], "all are taken")
        assert customers.asked == [*parcels, "slow", "last"]


async def test_two_servers_share_the_messages(there: System, warehouse: Client) -> None:
    one, two = Customers(), Customers()
    async with (
        managed(one, example("deliveries", there)),
        managed(two, example("deliveries", there)),
    ):
        parcels = [f"P-{number}" for number in range(40)]
        await tell(warehouse, *parcels)
        await until(lambda: len(one.asked) + len(two.asked) >= len(parcels), "all are taken")
        assert sorted(one.asked + two.asked) == sorted(parcels), "each by one of them"


async def test_a_queue_that_goes_is_listened_to_again(tmp_path: Path) -> None:
    customers = Customers()
    manager = ServiceManager()
    try:
        async with nats_server(tmp_path, streams=True) as port:
            client = await nats.connect(at(port).url, user=USER, password=PASSWORD)
            await client.jetstream().add_stream(StreamConfig(name="deliveries", subjects=["warehouse.*"]))
            await tell(client, "P-1")
            deliveries = example("deliveries", at(port))
            # What NATS has not written when it is killed is given out again after this.
            type(deliveries).take_seconds = 0.5  # type: ignore[attr-defined]  # the class was loaded for this test
            await manager.add(customers, deliveries)
            await until(lambda: customers.delivered == ["P-1"], "it is taken")
            await client.close()
        await seen(manager, "is away")
        async with nats_server(tmp_path, port, streams=True):
            client = await nats.connect(at(port).url, user=USER, password=PASSWORD)
            await tell(client, "P-2")
            await until(lambda: customers.delivered == ["P-1", "P-2"], "it is heard again")
            # Its stream is made anew: a first message again, and another one than before.
            await client.jetstream().delete_stream("deliveries")
            await seen(manager, "is not heard")
            await client.jetstream().add_stream(StreamConfig(name="deliveries", subjects=["warehouse.*"]))
            await tell(client, "P-3")
            await until(lambda: customers.delivered == ["P-1", "P-2", "P-3"], "it is heard again")
            await client.close()
            await manager.close(seconds=1.0)
    finally:
        await manager.close(seconds=1.0)


async def test_what_no_stream_keeps_is_not_listened_to(there: System) -> None:
    with pytest.raises(ServiceNotWell, match=r"warehouse\.delivered: no stream to listen to"):
        async with managed(Customers(), example("deliveries", there)):
            pass


class Translated(QueueService):
    """Messages of another form, and one that lasts."""

    name, version = "deliveries", "1.0"
    hears: ClassVar = {"warehouse.>": "customer.update"}
    take_seconds = 0.2

    async def take(self, message: dict[str, Any], name: str, *, key: str) -> None:
        """Put it into our words."""
        await self.services.call(name, {"customer": str(message["kunde"]), "delivered": message["paket"]}, key=key)


async def test_a_message_of_another_form_is_translated_and_one_that_lasts_is_waited_for(
    there: System, warehouse: Client
) -> None:
    customers = Customers()
    customers.slow.clear()
    async with managed(customers, Translated(there)) as manager:
        await warehouse.jetstream().publish("warehouse.sent", b'{"kunde": 7, "paket": "P-1"}')
        await seen(manager, "message 1 waits: It was not taken within 0.2 s")
        customers.slow.set()
        await until(lambda: customers.delivered == ["P-1"], "it is taken")
        await well(manager)
        assert customers.asked == ["P-1"], "under the same key: it was waited for, not asked for again"
