"""Services in other processes, over a real NATS: a consumer cannot tell, and nothing hangs on one of them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from caruso.clock import SystemClock
from caruso.service_manager import BadArguments, OutcomeUnknown, ServiceFailed, ServiceManager
from caruso.service_manager.built_in import SERVICES
from caruso.service_manager.failures import ServiceUnavailable, UnknownService
from caruso.service_manager.remote.directory import Directory
from caruso.service_manager.remote.nats_link import ANNOUNCE, NatsLink, NatsServer, ask_subject, closed, connected
from caruso.service_manager.remote.worker import Worker
from caruso.service_manager.sdk import serve, work
from lab.cable import Cable
from lab.nats import PASSWORD, USER, nats_server
from lab.remote_worker import Meters

ROOT = Path(__file__).parents[3]
SECRET = "the secret of meters"
#: What something may take on a busy machine, seconds.
PATIENCE = 30.0


@dataclass(kw_only=True)
class Place:
    """A manager with workers behind a NATS, and the cable that leads there."""

    manager: ServiceManager
    directory: Directory
    cable: Cable
    port: int
    running: AsyncExitStack
    processes: list[asyncio.subprocess.Process] = field(default_factory=list)

    def environment(self, **more: str) -> dict[str, str]:
        nats = {
            "CARUSO_NATS": f"nats://127.0.0.1:{self.port}",
            "CARUSO_NATS_USER": USER,
            "CARUSO_NATS_PASSWORD": PASSWORD,
            "CARUSO_SECRET": SECRET,
        }
        return {**os.environ, "PYTHONPATH": str(ROOT), **nats, **more}

    async def worker(self, version: str = "1.0", mark: str = "", **more: str) -> asyncio.subprocess.Process:
        """Start a process that brings meters."""
        arguments = (sys.executable, "-m", "lab.remote_worker", version, mark)
        process = await asyncio.create_subprocess_exec(*arguments, env=self.environment(**more), cwd=ROOT)
        self.processes.append(process)
        self.running.push_async_callback(ended, process)
        return process

    async def here(
        self, *, version: str = "1.0", mark: str = "here", secret: str = SECRET, kind: type[Worker] = Worker
    ) -> Worker:
        """Start a worker in this process."""
        worker = kind(Meters(version, mark), secret.encode(), SystemClock())
        task = asyncio.create_task(work(worker, self.environment()))

        async def stop() -> None:
            worker.stopping.set()
            await task

        self.running.push_async_callback(stop)
        return worker

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not holds():  # noqa: ASYNC110  # it is another process that changes
                await asyncio.sleep(0.02)

    def crew(self) -> int:
        ours = [status for status in self.manager.statuses() if status.description.name == "meters"]
        return len(self.directory.crew(ours[0].description)) if ours else 0

    async def read(self, seconds: float = 0.0, key: str = "") -> Any:
        return await self.manager.call("meters.read", {"seconds": seconds}, key=key)


async def ended(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.wait()


@asynccontextmanager
async def served(directory: Directory, link: NatsLink) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(directory.run()), tasks.create_task(link.run())]
        yield
        for task in running:
            task.cancel()


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    manager = ServiceManager()
    names = {"meters": SECRET.encode(), SERVICES[0].name: b"a secret of email"}
    directory = Directory(manager, names, SystemClock())
    async with AsyncExitStack() as running:
        port = await running.enter_async_context(nats_server(tmp_path))
        cable = await running.enter_async_context(Cable(port))
        server = NatsServer(url=f"nats://127.0.0.1:{cable.port}", user=USER, password=PASSWORD)
        running.push_async_callback(manager.close)
        await running.enter_async_context(served(directory, NatsLink(server, directory)))
        yield Place(manager=manager, directory=directory, cable=cable, port=port, running=running)


async def test_a_consumer_cannot_tell_a_remote_service_from_one_here(place: Place) -> None:
    with pytest.raises(UnknownService):
        await place.read()
    await place.here()
    await place.until(lambda: place.crew() == 1)
    local = ServiceManager()
    await local.add(Meters("1.0", "here"))
    for manager in (local, place.manager):
        answer = await manager.call("meters.read", {}, key="k1")
        assert answer == {"by": "here", "version": "1.0", "exact": Decimal("0.10"), "key": "k1"}
        with pytest.raises(BadArguments, match=r"meters\.read: Expected `float`, got `str` - at `\$\.seconds`"):
            await manager.call("meters.read", {"seconds": "x"}, key="")
        with pytest.raises(ServiceFailed, match="runs backwards") as raised:
            await manager.call("meters.read", {"seconds": -1}, key="")
        assert raised.value.code == "no-such-meter"
    (theirs,), (ours,) = place.manager.statuses(), local.statuses()
    assert theirs.description == ours.description
    assert theirs.place == "1 remote (NATS)"
    await local.close()


async def test_the_load_is_shared_and_handlers_run_side_by_side(place: Place) -> None:
    for mark in ("a", "b", "c"):
        await place.here(mark=mark)
    await place.until(lambda: place.crew() == 3)
    answers = await asyncio.gather(*(place.read(0.2) for _ in range(60)))
    assert Counter(answer["by"] for answer in answers) == {"a": 20, "b": 20, "c": 20}


async def test_a_killed_worker_is_gone_and_what_it_was_at_is_done_elsewhere_or_told(place: Place) -> None:
    doomed = await place.worker(mark="doomed")
    await place.until(lambda: place.crew() == 1)
    reading = asyncio.create_task(place.read(5.0))
    booking = asyncio.create_task(place.manager.call("meters.book", {"seconds": 15}, key="b1"))
    await place.until(lambda: place.manager.status("meters").under_way == 2)
    await place.here(mark="other")
    await place.until(lambda: place.crew() == 2)
    doomed.send_signal(signal.SIGKILL)
    await place.until(lambda: place.crew() == 1)
    assert (await reading)["by"] == "other", "reading twice is harmless"
    with pytest.raises(OutcomeUnknown):
        await booking
    assert {answer["by"] for answer in await asyncio.gather(*(place.read() for _ in range(20)))} == {"other"}


async def test_a_hung_worker_is_left_out_and_comes_back(place: Place) -> None:
    hung = await place.worker(mark="hung")
    await place.here(mark="other")
    await place.until(lambda: place.crew() == 2)
    hung.send_signal(signal.SIGSTOP)
    answers = await asyncio.gather(*(place.read() for _ in range(20)))
    assert {answer["by"] for answer in answers} == {"other"}, "those the hung one was given are asked again"
    await place.until(lambda: place.crew() == 1)
    hung.send_signal(signal.SIGCONT)
    await place.until(lambda: place.crew() == 2)


async def leaking_on(place: Place) -> None:
    for _ in range(20):
        await place.manager.call("meters.leak", {}, key="")


async def test_a_worker_that_leaks_ends_alone_and_others_take_over(place: Place) -> None:
    leaking = await place.worker(mark="leaking", CARUSO_MEMORY_MB="400")
    await place.until(lambda: place.crew() == 1)
    reading = asyncio.create_task(place.read(3.0))
    await place.until(lambda: place.manager.status("meters").under_way == 1)
    with pytest.raises(OutcomeUnknown, match="broke off"):
        await leaking_on(place)
    assert (await reading)["by"] == "leaking", "what it is at ends first"
    assert await asyncio.wait_for(leaking.wait(), PATIENCE) == 1
    await place.until(lambda: place.crew() == 0)
    await place.worker(mark="next", CARUSO_MEMORY_MB="400")
    await place.until(lambda: place.crew() == 1)
    assert (await place.read())["by"] == "next"


@pytest.mark.parametrize("given", ["much", "-1", "0", "1.5"])
def test_a_limit_of_memory_that_is_none_is_told(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="1"):
        serve(Meters(), {"CARUSO_MEMORY_MB": given})
    assert capsys.readouterr().err == f"meters: CARUSO_MEMORY_MB: “{given}” is no number of megabytes\n"


async def test_when_the_network_is_cut_it_is_told_at_once_and_all_is_well_when_it_is_mended(place: Place) -> None:
    await place.here()
    await place.until(lambda: place.crew() == 1)
    place.cable.freeze()
    await place.until(lambda: place.crew() == 0)
    with pytest.raises(ServiceUnavailable, match="no worker is there"):
        await place.read()
    assert await place.manager.look_at("meters") == "no worker is there"
    place.cable.cut()
    place.cable.mend()
    await place.until(lambda: place.crew() == 1)
    assert (await place.read())["by"] == "here"


async def test_a_new_version_takes_over_while_it_is_asked(place: Place) -> None:
    old = await place.here(version="1.0", mark="old")
    await place.until(lambda: place.crew() == 1)
    answers: list[Any] = []

    async def ask() -> None:
        while not answers or answers[-1]["by"] != "new":
            answers.append(await place.read(0.01))

    asking = asyncio.gather(*(ask() for _ in range(5)))
    new = await place.here(version="1.1", mark="new")
    async with asyncio.timeout(PATIENCE):
        await asking
    assert place.manager.status("meters").description.version == "1.1"
    old.stopping.set()
    assert (await place.read())["version"] == "1.1"
    new.stopping.set()
    await place.until(lambda: place.crew() == 0)


async def test_nobody_gets_in_without_the_secret_or_under_a_name_that_is_not_his(place: Place) -> None:
    await place.manager.add(Meters("9.0", "ours"))
    await place.here(secret="another secret")
    await place.until(lambda: "signature is wrong" in place.directory.refused.get("meters", ""))
    await place.here()
    await place.until(lambda: "on the server itself" in place.directory.refused.get("meters", ""))
    assert (await place.read())["by"] == "ours"
    stranger = await place.worker(CARUSO_NATS_PASSWORD="wrong")
    client = await connected(
        NatsServer(url=f"nats://127.0.0.1:{place.port}", user=USER, password=PASSWORD), "test"
    )
    for garbage in (b"", b"{", b"\xff" * 100, b'{"service":"meters"}', b"[" * 100_000):
        await client.publish(ANNOUNCE, garbage)
    await client.flush()
    await closed(client)
    assert (await place.read())["by"] == "ours"
    assert stranger.returncode is None
    assert place.manager.status("meters").place == "here"


async def test_who_answers_for_a_worker_without_the_secret_is_not_believed(place: Place) -> None:
    worker = await place.here(kind=Silent)
    await place.until(lambda: place.crew() == 1)
    server = NatsServer(url=f"nats://127.0.0.1:{place.port}", user=USER, password=PASSWORD)
    client = await connected(server, "liar")

    async def lie(message: Any) -> None:
        await message.respond(b'{"result": "a lie"}')

    await client.subscribe(ask_subject("meters", worker.id), cb=lie)
    await client.flush()
    with pytest.raises(OutcomeUnknown, match="is not believed"):
        await place.manager.call("meters.book", {}, key="")
    await closed(client)


class Silent(Worker):
    """Answers nothing."""

    async def answer(self, message: bytes) -> bytes | None:
        return None


async def test_the_example_of_twenty_lines_works(place: Place, tmp_path: Path) -> None:
    example = ROOT / "examples" / "remote_service" / "tariffs.py"
    directory = Directory(place.manager, {"tariffs": b"s"}, SystemClock())
    server = NatsServer(url=f"nats://127.0.0.1:{place.port}", user=USER, password=PASSWORD)
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(example), env=place.environment(CARUSO_SECRET="s"), cwd=ROOT
    )
    place.running.push_async_callback(ended, process)
    async with served(directory, NatsLink(server, directory)):
        await place.until(lambda: "tariffs" in place.manager.services())
        assert await place.manager.call("tariffs.best", {"kwh": 2000}, key="") == "saver"
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), PATIENCE) == 0
