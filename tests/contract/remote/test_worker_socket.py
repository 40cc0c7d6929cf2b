"""A single worker that connects itself to the server, without NATS."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from caruso.clock import SystemClock
from caruso.service_manager import OutcomeUnknown, ServiceManager
from caruso.service_manager.remote.directory import Directory
from caruso.service_manager.remote.worker import Worker
from caruso.service_manager.sdk import work
from caruso.web.worker_socket import PATH, WorkerSockets
from lab.cable import Cable
from lab.remote_worker import Meters

SECRET = b"the secret of meters"


@asynccontextmanager
async def served(directory: Directory) -> AsyncIterator[int]:
    app = web.Application()
    app.router.add_get(PATH, WorkerSockets(directory).handle)
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    looking = asyncio.create_task(directory.run())
    try:
        yield int(runner.addresses[0][1])
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        await runner.cleanup()


@asynccontextmanager
async def at_work(port: int, *, secret: bytes = SECRET) -> AsyncIterator[Worker]:
    worker = Worker(Meters("1.0", "here"), secret, SystemClock())
    task = asyncio.create_task(work(worker, {"CARUSO_URL": f"http://127.0.0.1:{port}"}))
    try:
        yield worker
    finally:
        worker.stopping.set()
        await task


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110  # it comes over a socket
            await asyncio.sleep(0.02)


async def test_a_worker_connects_itself_is_asked_and_comes_back_after_the_link_broke() -> None:
    manager = ServiceManager()
    directory = Directory(manager, {"meters": SECRET}, SystemClock())
    async with AsyncExitStack() as stack:
        cable = await stack.enter_async_context(Cable(await stack.enter_async_context(served(directory))))

        def crew() -> int:
            return int(manager.status("meters").place[0].isdigit()) if "meters" in manager.services() else 0

        async with at_work(cable.port):
            await until(lambda: crew() == 1)
            assert manager.status("meters").place == "1 remote (WebSocket)"
            asked = [manager.call("meters.read", {"seconds": 0.05}, key="") for _ in range(20)]
            assert {answer["by"] for answer in await asyncio.gather(*asked)} == {"here"}
            booking = asyncio.create_task(manager.call("meters.book", {"seconds": 15}, key="b"))
            await until(lambda: manager.status("meters").under_way == 1)
            await asyncio.sleep(0)
            cable.cut()
            with pytest.raises(OutcomeUnknown):
                await booking
            await until(lambda: crew() == 0)
            cable.mend()
            await until(lambda: crew() == 1)
            assert (await manager.call("meters.read", {}, key=""))["by"] == "here"
        await until(lambda: crew() == 0)
        await manager.close()


async def test_who_cannot_sign_is_sent_away() -> None:
    manager = ServiceManager()
    directory = Directory(manager, {"meters": SECRET}, SystemClock())
    async with served(directory) as port, at_work(port, secret=b"guessed"), aiohttp.ClientSession() as session:
        for said in (b"", b"a{}", b"r" + b"0" * 24, b"x", b"a" + b"[" * 10_000):
            async with session.ws_connect(f"http://127.0.0.1:{port}{PATH}") as socket:
                await socket.send_bytes(said)
                assert (await socket.receive(timeout=30)).type is aiohttp.WSMsgType.CLOSE
        await until(lambda: "signature is wrong" in directory.refused.get("meters", ""))
    assert manager.services() == {}
