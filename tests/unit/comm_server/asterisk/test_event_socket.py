"""Messages of the event socket are handed over whole, in order, as they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from structlog.testing import capture_logs
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from caruso.comm_server.asterisk.event_socket import EventSocket
from lab.ports import LOOPBACK


@asynccontextmanager
async def sockets() -> AsyncIterator[tuple[ServerConnection, EventSocket]]:
    """Connect two ends."""
    there: asyncio.Future[ServerConnection] = asyncio.get_running_loop().create_future()

    async def answer(socket: ServerConnection) -> None:
        there.set_result(socket)
        await socket.wait_closed()

    async with serve(answer, LOOPBACK, 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with connect(f"ws://{LOOPBACK}:{port}", create_connection=EventSocket, compression=None) as here:
            yield await there, cast("EventSocket", here)


async def heard(messages: asyncio.Queue[bytes], count: int) -> list[bytes]:
    async with asyncio.timeout(5):
        return [await messages.get() for _ in range(count)]


async def test_what_came_before_anybody_listened_is_not_lost() -> None:
    async with sockets() as (there, here):
        await there.send("one")
        await there.send("two")
        await (await there.ping())  # both have arrived
        messages = asyncio.Queue[bytes]()
        here.listen(messages.put_nowait)
        await there.send("three")
        assert await heard(messages, 3) == [b"one", b"two", b"three"]


async def test_a_message_in_several_frames_is_one_and_keeps_its_place() -> None:
    async with sockets() as (there, here):
        messages = asyncio.Queue[bytes]()
        here.listen(messages.put_nowait)
        await there.send("before")
        await there.send(["in ", "three ", "frames"])
        await there.send("after")
        assert await heard(messages, 3) == [b"before", b"in three frames", b"after"]


async def test_a_listener_that_fails_hears_the_next_message() -> None:
    messages = asyncio.Queue[bytes]()

    def listener(message: bytes) -> None:
        messages.put_nowait(message)
        if message == b"bad":
            raise ValueError(message)

    async with sockets() as (there, here):
        here.listen(listener)
        with capture_logs() as logs:
            await there.send("bad")
            await there.send("good")
            assert await heard(messages, 2) == [b"bad", b"good"]
        assert [entry["event"] for entry in logs] == ["pbx_message_failed"]


async def test_the_end_is_told() -> None:
    async with sockets() as (there, here):
        here.listen(lambda _: None)
        await there.close(1001, "restart")
        async with asyncio.timeout(5):
            await here.wait_closed()
        assert here.protocol.close_exc.rcvd is not None
