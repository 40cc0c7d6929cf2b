"""Turns on real databases: two servers at once, a lock in the middle, an edit under running sessions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import text

from caruso.errors import StorageUnavailable
from caruso.model.ids import ScriptId
from caruso.script_engine.turns import Answered
from caruso.storage.engine import Database
from caruso.storage.runs import Runs
from lab.fake_runs import FakeServices, RunsInMemory, runs_in_memory
from lab.run_scripts import MOVING, MOVING_2

MOVING_ID = ScriptId("moving")
ROUNDS = 10


async def plus(params: Mapping[str, Any], key: str) -> Any:
    return "Plus"


@asynccontextmanager
async def server(
    url: str, services: FakeServices, *, timeout_seconds: float = 10.0
) -> AsyncIterator[RunsInMemory]:
    """Run what a server runs of it."""
    database = Database(url, timeout_seconds=timeout_seconds)
    runs = runs_in_memory({MOVING_ID: MOVING}, services=services, store=Runs(database))
    try:
        yield runs
    finally:
        await runs.outbox.quiet()
        await runs.tasks.close()
        await database.dispose()


async def test_of_two_servers_that_are_given_answers_at_once_one_takes_it(url: str) -> None:
    services = FakeServices({"tariff.check": plus})
    async with server(url, services) as one, server(url, services) as other:
        for _ in range(ROUNDS):
            run = (await one.web.start(MOVING_ID, language="en")).run
            givers = [one.web, other.web, one.web, other.web]
            views = await asyncio.gather(
                *(web.give(run, Answered(turn=1, text=f"Street {n}")) for n, web in enumerate(givers))
            )
            assert {view.turn.item for view in views} == {"people"}
            assert len({view.trail[0].value for view in views}) == 1
            await asyncio.gather(*(web.give(run, Answered(turn=2, text="3")) for web in givers))
            view = await other.web.view(run)
            assert (view.turn.item, len(view.trail)) == ("check", 2)
            events = [(line.event, line.item) for line in await one.store.audit(run)]
            assert events.count(("answered", "street")) == events.count(("answered", "people")) == 1
    assert len(services.calls) == ROUNDS, "each was asked for once"


async def test_while_the_database_is_locked_input_is_refused_and_nothing_is_lost(sqlite_url: str) -> None:
    services = FakeServices({"tariff.check": plus})
    locker = Database(sqlite_url)
    async with server(sqlite_url, services, timeout_seconds=0.5) as runs:
        run = (await runs.web.start(MOVING_ID, language="en")).run
        async with locker.writing() as connection:
            await connection.execute(text("DELETE FROM audit"))
            with pytest.raises(StorageUnavailable):
                await runs.web.give(run, Answered(turn=1, text="Main Street 1"))
            assert (await runs.web.view(run)).turn.item == "street"
        view = await runs.web.give(run, Answered(turn=1, text="Main Street 1"))
        assert view.turn.item == "people"
        asked = asyncio.Event()

        async def lock_then_answer(params: Mapping[str, Any], key: str) -> Any:
            asked.set()
            await locked.wait()
            return "Plus"

        locked, services.answers["tariff.check"] = asyncio.Event(), lock_then_answer
        await runs.web.give(run, Answered(turn=2, text="3"), patience_seconds=0)
        await asked.wait()
        async with locker.writing() as connection:
            await connection.execute(text("DELETE FROM audit"))
            locked.set()
            await asyncio.sleep(1.0)  # longer than any wait for the lock
            assert (await runs.web.view(run)).turn.kind == "working"
        await runs.outbox.quiet()
        assert (await runs.web.view(run)).turn.item == "check"
        assert len(services.calls) == 1
    await locker.dispose()


async def test_an_edit_under_50_running_sessions_changes_none_of_them(url: str) -> None:
    services = FakeServices({"tariff.check": plus})
    async with server(url, services) as runs:
        begun = await asyncio.gather(*(runs.web.start(MOVING_ID, language="en") for _ in range(50)))

        async def finish(number: int) -> str:
            run = begun[number].run
            await runs.web.give(run, Answered(turn=1, text=f"Street {number}"))
            if number == 25:
                runs.publish({MOVING_ID: MOVING_2})
                del runs.library._versions[MOVING_ID, "1"]  # as after a restart
            await runs.web.give(run, Answered(turn=2, text="3"), patience_seconds=30)
            view = await runs.web.view(run)
            view = await runs.web.give(run, Answered(turn=view.turn.number, text="yes"))
            assert view.finished is not None
            assert view.trail[0].question == "Where to?"
            return view.dialog.version

        assert set(await asyncio.gather(*(finish(number) for number in range(50)))) == {"1"}
        assert (await runs.web.start(MOVING_ID, language="en")).dialog.version == "2"
        await runs.outbox.quiet()
    mails = [key for service, _, key in services.calls if service == "email.send"]
    assert len(mails) == len(set(mails)) == 50
