"""A real server on a free port, in front of a fake centre and stores in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp.web_app
import pytest
from argon2 import PasswordHasher
from prometheus_client import CollectorRegistry

from caruso.clock import SystemClock
from caruso.model.facts import AnyFact
from caruso.model.records import User
from caruso.service_manager.manager import Change
from caruso.service_manager.plugins import Plugins
from caruso.services import Services
from caruso.web import passwords
from caruso.web.server import WebServer
from caruso.web.settings import WebSettings
from lab.fake_callbacks import MemoryCallbacks
from lab.fake_centre import FakeCentre
from lab.fake_reports import fake_reports, fake_visits
from lab.fake_runs import FakeObjects, MemoryFiles
from lab.fake_server import fake_callbacks, fake_past, fake_users
from lab.fake_stores import FakePhones, MemoryAccesses, MemoryCustomers, MemoryFacts, MemoryUsers
from lab.fake_tasks import MemoryTasks
from lab.fake_utility import fake_customers, fake_description
from lab.memory_runs import MemoryRuns
from lab.memory_scripts import MemoryScripts
from lab.web_client import WebClient


class ShiftedClock(SystemClock):
    """The machine's clock, which can be put forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead.total_seconds()

    def advance(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)


@dataclass(kw_only=True)
class House:
    """The server and everything behind it."""

    server: WebServer
    centre: FakeCentre
    users: MemoryUsers
    customers: MemoryCustomers
    facts: MemoryFacts
    callbacks: MemoryCallbacks
    files: MemoryFiles
    tasks: MemoryTasks
    #: What was written of tasks.
    recorded: list[AnyFact]
    scripts: MemoryScripts
    runs: MemoryRuns
    objects: FakeObjects
    accesses: MemoryAccesses
    #: Which call-backs changed hands: who has or had them, and what they are now.
    moved: list[tuple[str | None, str, str]]
    clock: ShiftedClock
    dist: Path
    clients: AsyncExitStack
    #: Folder of plug-ins, and what became of services.
    plugins: Path
    service_changes: list[Change]

    async def browser(self, user: str = "", *, address: str | None = None) -> WebClient:
        """Open a browser; signed in as `user` when given."""
        client = await self.clients.enter_async_context(WebClient(self.server.url, address=address))
        if user:
            await client.sign_in(user, user)
        return client


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Hash passwords in no time: most tests sign somebody in, and have no secrets."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", quick)
        patch.setattr(passwords, "_NOBODY", quick.hash("nobody"))
        yield


@pytest.fixture(scope="session")
def users(quick_passwords: None) -> tuple[User, ...]:
    """Users whose password is their name."""
    return fake_users(fake_description())


@pytest.fixture
def settings(tmp_path: Path) -> WebSettings:
    """Settings a test module may override."""
    return WebSettings(port=0, dist=tmp_path / "dist", stop_seconds=0.5)


@pytest.fixture(autouse=True)
def no_server_is_remembered() -> Iterator[None]:
    """Let go of each test's servers: aiohttp keeps what it has put together for the last 1,024 handlers."""
    yield
    aiohttp.web_app._cached_build_middleware.cache_clear()


@pytest.fixture
async def house(settings: WebSettings, users: tuple[User, ...]) -> AsyncIterator[House]:
    """A server that listens, while a test runs."""
    opened, stop = await open_house(settings, users)
    yield opened
    await stop()


async def open_house(
    settings: WebSettings, users: tuple[User, ...]
) -> tuple[House, Callable[[], Coroutine[Any, Any, None]]]:
    """Start a server; return everything, and what stops it."""
    clients = AsyncExitStack()
    clock = ShiftedClock()
    centre = FakeCentre(asyncio.get_running_loop().call_later, customers=fake_customers())
    kept = MemoryUsers(*users)
    customers, facts = MemoryCustomers(*fake_customers()), MemoryFacts(*fake_past())
    scripts = MemoryScripts()
    callbacks, moved = MemoryCallbacks(*fake_callbacks()), list[tuple[str | None, str, str]]()
    runs, objects, accesses = MemoryRuns(), FakeObjects(), MemoryAccesses(clock)
    files = MemoryFiles(runs, clock)
    tasks, recorded = MemoryTasks(), list[AnyFact]()
    plugins, changes = settings.dist.parent / "plugins", list[Change]()
    parts: Any = SimpleNamespace(clock=clock)  # no plug-in here asks for more
    services = Services(Plugins(plugins), parts, changed=changes.append)
    server = WebServer(
        settings,
        centre=centre,
        users=kept,
        customers=customers,
        facts=facts,
        callbacks=callbacks,
        callback_moved=lambda callback: moved.append((callback.agent, callback.id, callback.state)),
        voicemails=centre.messages.store,
        scripts=scripts,
        runs=runs,
        script_objects=objects,
        accesses=accesses,
        phones=FakePhones(),
        clock=clock,
        health={"journal": lambda: {"ok": True, "pending": 0}},
        registry=CollectorRegistry(),
        files=files,
        tasks=tasks,
        task_changed=recorded.append,
        reports=fake_reports(centre.centre, *fake_visits(clock.now() - timedelta(hours=1))),
        services=services,
    )
    await services.start_others()
    await server.start()

    async def stop() -> None:
        await clients.aclose()
        await server.stop()
        await services.close(seconds=1.0)

    house = House(
        server=server,
        centre=centre,
        users=kept,
        customers=customers,
        facts=facts,
        callbacks=callbacks,
        files=files,
        tasks=tasks,
        recorded=recorded,
        scripts=scripts,
        runs=runs,
        objects=objects,
        accesses=accesses,
        moved=moved,
        clock=clock,
        dist=settings.dist,
        clients=clients,
        plugins=plugins,
        service_changes=changes,
    )
    return house, stop
