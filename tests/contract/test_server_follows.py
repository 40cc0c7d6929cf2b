"""A whole server without a PBX follows what is changed in its database: scripts, roll-outs, call-backs."""

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
from caruso.model.centre import Centre, Queue
from caruso.model.ids import QueueId, ScriptId
from caruso.model.script_versions import EVERYBODY, Asker, Stage
from caruso.storage.callbacks import Callbacks
from caruso.storage.centres import Centres
from caruso.storage.engine import Database
from caruso.storage.migrations import upgrade
from caruso.storage.scripts import Scripts

HELLO, BILLING = ScriptId("hello"), QueueId("billing")
CENTRE = Centre(
    name="Example",
    timezone="Europe/Berlin",
    queues={BILLING: Queue(id=BILLING, name="Billing")},
    entry_points={},
    agents={},
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
    started = asyncio.Event()
    task = asyncio.create_task(server.run(lambda _: started.set()))
    await asyncio.wait_for(started.wait(), PATIENCE_SECONDS)
    yield Running(server, database, Publisher(Scripts(database), lambda: CENTRE, SystemClock()))
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
