"""A whole server without a PBX follows what is changed in its database: scripts, roll-outs, call-backs, users."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from caruso.app import Server
from caruso.clock import SystemClock
from caruso.comm_server.script_publishing import Publisher
from caruso.config import read_config
from caruso.model.callbacks import Callback, CallbackId
from caruso.model.centre import AgentProfile, Centre, Queue, Role
from caruso.model.facts import Presence
from caruso.model.ids import AgentId, QueueId, ScriptId, UserId
from caruso.model.records import User
from caruso.model.script_versions import EVERYBODY, Asker, Stage
from caruso.storage.callbacks import Callbacks
from caruso.storage.centres import Centres
from caruso.storage.engine import Database
from caruso.storage.migrations import upgrade
from caruso.storage.scripts import Scripts
from caruso.storage.users import Users
from caruso.web.live_socket import SESSION_ENDED
from caruso.web.passwords import hash_password
from caruso.web.server import WebServer
from lab.web_client import Closed, ConsoleClient, Refused, WebClient

HELLO, BILLING, ANNA = ScriptId("hello"), QueueId("billing"), AgentId("anna")
CENTRE = Centre(
    name="Example",
    timezone="Europe/Berlin",
    queues={BILLING: Queue(id=BILLING, name="Billing")},
    entry_points={},
    agents={ANNA: AgentProfile(id=ANNA, name="Anna", queues=())},
)
PATIENCE_SECONDS = 20.0


def script(version: str, text: str = "Hello.") -> bytes:
    return f"""<dialog id="hello" version="{version}" languages="en"><title>Hello</title>
      <info id="hi"><text>{text}</text></info><end id="over" outcome="done"/></dialog>""".encode()


@dataclass
class Running:
    """A server that runs, and another hand on its database."""

    server: Server
    database: Database
    publisher: Publisher
    url: str

    def version(self, queue: QueueId | None = None) -> str | None:
        dialog = self.server.centre.library.chosen(HELLO, Asker(key="x", queue=queue))
        return dialog.version if dialog else None

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds: the server looks once a second."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not holds():  # noqa: ASYNC110  it looks by itself, and tells nobody
                await asyncio.sleep(0.05)


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    url = f"sqlite:///{tmp_path / 'caruso.db'}"
    await upgrade(url)
    database = Database(url)
    await Centres(database).apply(CENTRE, [], by="test", at=datetime.now(UTC))
    text = f'[server]\nport = 0\ndata_dir = "{tmp_path}"\n[database]\nurl = "{url}"\n'
    text += '[asterisk]\nari_url = "http://127.0.0.1:9/ari"\n'
    server = Server(read_config(text, "caruso.toml", {}, base=tmp_path), registry=CollectorRegistry())
    started: asyncio.Future[WebServer] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(server.run(started.set_result))
    web = await asyncio.wait_for(started, PATIENCE_SECONDS)
    yield Running(server, database, Publisher(Scripts(database), lambda: CENTRE, SystemClock()), web.url)
    server.stopping.set()
    await asyncio.wait_for(task, PATIENCE_SECONDS)
    await database.dispose()


async def publish(running: Running, version: str, stage: Stage = EVERYBODY) -> None:
    await running.publisher.publish(script(version), "hello.xml", by="test", why="test", stage=stage)


async def test_a_running_server_follows_what_is_published_staged_and_rolled_back(running: Running) -> None:
    assert running.version() is None
    await publish(running, "1")
    await running.until(lambda: running.version() == "1")
    await publish(running, "2", Stage(queues=frozenset({BILLING})))
    await running.until(lambda: running.version(BILLING) == "2")
    assert running.version() == "1"
    await running.publisher.roll_out(HELLO, "2", EVERYBODY, by="test", why="test")
    await running.until(lambda: running.version() == "2")
    await running.publisher.roll_back(HELLO, by="test", why="test")
    await running.until(lambda: running.version() == "1")


async def test_a_version_that_a_server_cannot_load_leaves_it_as_it_is(running: Running) -> None:
    await publish(running, "1")
    await running.until(lambda: running.version() == "1")
    async with running.database.writing() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO scripts SELECT id, '2', x'3c', applied_at, 2, checksum, published_by, why, pins, calls"
            " FROM scripts"
        )
        await connection.exec_driver_sql("UPDATE script_rollouts SET version = '2', revision = revision + 1")
    seen = running.server._script_revision
    await running.until(lambda: running.server._script_revision != seen)
    assert running.version() == "1"
    async with running.database.writing() as connection:
        await connection.exec_driver_sql("DELETE FROM scripts WHERE version = '2'")
        await connection.exec_driver_sql("UPDATE script_rollouts SET version = '1', revision = revision + 1")
    await publish(running, "3")
    await running.until(lambda: running.version() == "3")


async def test_call_backs_are_counted_on_the_monitor(running: Running) -> None:
    now = datetime.now(UTC)
    await Callbacks(running.database).add(
        Callback(
            id=CallbackId("b1"),
            number="+4930123456",
            queue=BILLING,
            due_at=now,
            created_at=now,
            changed_at=now,
            changed_by="script",
        )
    )

    def waiting() -> int:
        (row,) = running.server.centre.monitor().queues
        return row.callbacks

    await running.until(lambda: waiting() == 1)


async def to_the_end(console: ConsoleClient) -> None:
    while True:
        await console.hear()


async def test_who_is_disabled_is_out_within_moments_and_does_not_come_back(running: Running) -> None:
    users, anna = Users(running.database), UserId("anna")
    hashed = hash_password("correct horse")
    await users.save_user(User(id=anna, name="Anna", role=Role.AGENT, password_hash=hashed, agent=ANNA))
    async with WebClient(running.url) as browser:
        await browser.sign_in("anna", "correct horse")
        console = await browser.console()
        roster = running.server.centre.roster
        assert roster.state(ANNA).presence is Presence.NOT_READY
        await users.disable(anna, datetime.now(UTC))
        async with asyncio.timeout(PATIENCE_SECONDS):
            with pytest.raises(Closed) as end:
                await to_the_end(console)
        assert end.value.code == SESSION_ENDED
        await running.until(lambda: roster.state(ANNA).presence is Presence.SIGNED_OUT)
        assert (await browser.request("GET", "/api/session")).status == 401
        with pytest.raises(Refused, match="wrong-password"):
            await browser.sign_in("anna", "correct horse")
        await users.enable(anna)
        await browser.sign_in("anna", "correct horse")
        await browser.console()
        assert roster.state(ANNA).presence is Presence.NOT_READY
