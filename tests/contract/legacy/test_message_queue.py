"""The wrapper of message queues with a real nats-server and its JetStream."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nats
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import StreamConfig

from caruso.legacy.failures import SystemBadAnswer, SystemRefused, SystemUnavailable
from caruso.service_manager import OutcomeUnknown, ServiceFailed, ServiceManager
from caruso.service_manager.parts import System
from caruso.service_manager.refusals import ServiceNotWell
from lab.legacy.wrapped import example, managed, system
from lab.nats import PASSWORD, USER, nats_server

ORDER = {"number": "A-1", "customer": "7", "pieces": 2}


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[System]:
    async with nats_server(tmp_path, streams=True) as port:
        yield system("warehouse", url=f"nats://127.0.0.1:{port}", user=USER, secret=PASSWORD)


@asynccontextmanager
async def warehouse(there: System, answer: Callable[[Any], tuple[bytes, dict[str, str]]]) -> AsyncIterator[Client]:
    """Be the warehouse, on the other end."""
    client = await nats.connect(there.url, user=USER, password=PASSWORD)

    async def asked(message: Msg) -> None:
        data, headers = answer(json.loads(message.data))
        await client.publish(message.reply, data, headers=headers or None)

    await client.subscribe("warehouse.stock", cb=asked)
    await client.jetstream().add_stream(StreamConfig(name="orders", subjects=["warehouse.orders"], max_msgs=3))
    try:
        yield client
    finally:
        await client.close()


def stock(asked: Any) -> tuple[bytes, dict[str, str]]:
    return json.dumps({"number": asked["number"], "pieces": 3}).encode(), {}


async def failing(manager: ServiceManager, name: str, params: dict[str, Any], key: str = "") -> ServiceFailed:
    with pytest.raises(ServiceFailed) as raised:
        await manager.call(f"warehouse.{name}", params, key=key)
    assert raised.value.code in (*manager.services()["warehouse"][name].fails, OutcomeUnknown.code)
    return raised.value


async def test_it_is_asked_and_told_things_once(there: System) -> None:
    async with warehouse(there, stock) as client, managed(example("warehouse", there)) as manager:
        assert await manager.call("warehouse.stock", {"number": "A-1"}, key="") == {"number": "A-1", "pieces": 3}
        await manager.call("warehouse.order", ORDER, key="run1/order/1")
        async with managed(example("warehouse", there)) as another:  # remembers nothing
            await another.call("warehouse.order", ORDER, key="run1/order/1")
        await manager.call("warehouse.order", ORDER, key="run1/order/2")
        listening = await client.jetstream().subscribe("warehouse.orders")
        kept = [await listening.next_msg(timeout=5) for _ in range(2)]
        assert [json.loads(message.data) for message in kept] == [ORDER, ORDER]
        assert (await client.jetstream().stream_info("orders")).state.messages == 2


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ((b"{", {}), SystemBadAnswer),
        ((b'{"number": "A-1"}', {}), SystemBadAnswer),
        ((b'"' + b"x" * 1_000_000 + b'"', {}), SystemBadAnswer),
        ((b"", {"Nats-Service-Error": "no such article"}), SystemRefused),
    ],
    ids=range(4),
)
async def test_what_it_answers_decides_what_failed(
    there: System, reply: tuple[bytes, dict[str, str]], kind: type[ServiceFailed]
) -> None:
    async with warehouse(there, lambda _: reply), managed(example("warehouse", there)) as manager:
        assert type(await failing(manager, "stock", {"number": "A-1"})) is kind


async def test_nobody_there_and_nobody_answering_are_told_apart(there: System) -> None:
    service = example("warehouse", there)
    type(service).answer_seconds = 0.3  # type: ignore[attr-defined]  # the class was loaded for this test
    async with managed(service) as manager:
        assert type(await failing(manager, "stock", {"number": "A-1"})) is SystemUnavailable
        assert type(await failing(manager, "order", ORDER, key="k")) is SystemUnavailable, "no stream keeps it"
        client = await nats.connect(there.url, user=USER, password=PASSWORD)
        silent = await client.subscribe("warehouse.stock")
        await client.jetstream().account_info()  # in turn: a ping would overtake the subscription
        assert type(await failing(manager, "stock", {"number": "A-1"})) is OutcomeUnknown
        await silent.next_msg()
        await client.close()


async def test_a_server_that_goes_is_told_and_taken_up_again(tmp_path: Path) -> None:
    async with nats_server(tmp_path, streams=True) as port:
        there = system("warehouse", url=f"nats://127.0.0.1:{port}", user=USER, secret=PASSWORD)
        async with warehouse(there, stock):
            service = example("warehouse", there)
            manager = ServiceManager()
            await manager.add(service)
            assert await manager.look_at("warehouse") == ""
    try:
        while not await manager.look_at("warehouse"):
            pass
        assert type(await failing(manager, "stock", {"number": "A-1"})) is SystemUnavailable
        async with nats_server(tmp_path, port, streams=True), warehouse(there, stock):
            while await manager.look_at("warehouse"):
                pass
            assert await manager.call("warehouse.stock", {"number": "A-1"}, key="")
    finally:
        await manager.close()


async def test_settings_that_lead_nowhere_are_told(there: System) -> None:
    with pytest.raises(ServiceNotWell, match="needs a url"):
        async with managed(example("warehouse", system("warehouse", url="amqp://rabbit.example"))):
            pass
