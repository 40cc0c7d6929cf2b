"""Leads one run on the web and dies at one point of a turn: the process of `test_turn_killed`.

Arguments: database URL, script file, port of the SMTP server, port of the HTTP server, point, run id file.
Points: ``before-commit``, ``after-commit``, ``after-claim``, ``during``, ``after-action``. At ``during`` the
counterpart has the test kill us.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiohttp
import aiosmtplib

from caruso.model.ids import ScriptId
from caruso.model.run_records import RunTurn
from caruso.script_engine.turns import Answered
from caruso.service_manager import Service, ServiceManager, operation
from caruso.storage.engine import Database
from caruso.storage.runs import Runs
from lab.fake_runs import RunsInMemory, runs_in_memory

SCRIPT = ScriptId("moving")


class Email(Service):
    """Sends for real; what was sent twice arrives twice."""

    name = "email"
    version = "1"

    def __init__(self, port: int) -> None:
        """Send through 127.0.0.1:`port`."""
        self._port = port

    @operation(repeatable=False)
    async def send(self, params: Mapping[str, Any], *, key: str) -> str:
        """Send a message named after the key."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = "caruso@example.org", params["to"], key
        message.set_content("Thank you.")
        await aiosmtplib.send(message, hostname="127.0.0.1", port=self._port)
        return "sent"


class Tariff(Service):
    """Asks over HTTP; asking twice is harmless."""

    name = "tariff"
    version = "1"

    def __init__(self, port: int) -> None:
        """Ask 127.0.0.1:`port`."""
        self._port = port

    @operation(repeatable=True)
    async def check(self, params: Mapping[str, Any], *, key: str) -> str:
        """Return what the other side says."""
        url = f"http://127.0.0.1:{self._port}/{key}"
        async with aiohttp.ClientSession() as session, session.post(url) as response:
            return await response.text()


class DyingRuns(Runs):
    """Dies at one point of the turn in which the question `ITEM` is answered."""

    point = "never"
    #: Number of the turn that is the one.
    turn = 0

    async def commit(self, turn: RunTurn) -> bool:
        """Write a turn, or die."""
        mine = turn.run.revision == self.turn or bool(turn.outcomes)
        if self.point == ("after-action" if turn.outcomes else "before-commit") and mine:
            die()
        written = await super().commit(turn)
        if self.point == "after-commit" and mine and not turn.outcomes:
            die()
        return written

    async def claim(self, key: str, *, owner: str, now: datetime, until: datetime, lasting: bool = True) -> bool:
        """Claim an action, and perhaps die."""
        claimed = await super().claim(key, owner=owner, now=now, until=until, lasting=lasting)
        if self.point == "after-claim":
            die()
        return claimed


def die() -> None:
    """End at once, as a power failure would."""
    os.kill(os.getpid(), signal.SIGKILL)


@asynccontextmanager
async def runs_on(url: str, script: bytes, smtp: int, http: int) -> AsyncIterator[tuple[RunsInMemory, DyingRuns]]:
    """Return real runs on a real database with real services."""
    services = ServiceManager()
    await services.add(Email(smtp))
    await services.add(Tariff(http))
    database = Database(url)
    store = DyingRuns(database)
    runs = runs_in_memory({SCRIPT: script}, services=services, store=store)
    try:
        yield runs, store
    finally:
        await runs.tasks.close()
        await services.close()
        await database.dispose()


async def main(url: str, script: str, smtp: str, http: str, point: str, told: str) -> None:
    """Answer all questions."""
    source = await asyncio.to_thread(Path(script).read_bytes)
    async with runs_on(url, source, int(smtp), int(http)) as (runs, store):
        view = await runs.web.start(SCRIPT, language="en")
        await asyncio.to_thread(Path(told).write_text, view.run)
        view = await runs.web.give(view.run, Answered(turn=1, text="Main Street 1"))
        store.point, store.turn = point, view.revision + 1
        await runs.web.give(view.run, Answered(turn=view.turn.number, text="3"), patience_seconds=30)
        await runs.outbox.quiet()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
