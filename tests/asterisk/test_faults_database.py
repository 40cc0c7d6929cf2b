"""The database is locked, or hangs, while calls arrive, are answered and end: calls must not notice.

callers ──► Asterisk ──► server ──► facts ──► memory ─ ─ ✂ ─ ─► database
              │            ▲
              └── agents ──┘ consoles
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from caruso.model import desk
from caruso.model.facts import AnyFact, ContactArrived, ContactConnected, ContactEnded, OfferMade, Presence
from lab.asterisk import LocalAsterisk
from lab.figures import measured
from lab.postgres import Postgres, running_postgres
from lab.server import LAB_PASSWORD
from lab.sipp import caller
from lab.staffed import StaffedCentre, balanced_facts, nothing_left, of, staffed
from lab.web_client import Refused, WebClient

#: Longer than the database itself waits for a lock, and for SQLite as long as the issue says.
LOCKED_SECONDS = {"sqlite": 10.0, "postgres-locked": 6.0, "postgres-hung": 6.0}
CALLS_PER_SECOND = 4.0
TALK_SECONDS = 0.5
#: An alarm is raised by then.
ALARM_SECONDS = 5.0


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


@asynccontextmanager
async def sqlite_locked(file: Path) -> AsyncIterator[None]:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


@asynccontextmanager
async def postgres_locked(url: str) -> AsyncIterator[None]:
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.exec_driver_sql("LOCK TABLE journal_head, journal, sessions, users, contacts")
        yield
    await engine.dispose()


@asynccontextmanager
async def postgres_hung(server: Postgres) -> AsyncIterator[None]:
    with server.hung():
        yield


@pytest.mark.parametrize("how", LOCKED_SECONDS)
async def test_calls_go_on_while_the_database_is_away(
    pbx: LocalAsterisk, tmp_path: Path, how: str, request: pytest.FixtureRequest
) -> None:
    """Calls and consoles work, signing in is refused, health tells; afterwards the journal is whole."""
    url = f"sqlite:///{tmp_path / 'caruso.db'}"
    fault: AbstractAsyncContextManager[None] = sqlite_locked(tmp_path / "caruso.db")
    if how != "sqlite":
        server: Postgres = request.getfixturevalue("postgres")
        url = server.url(server.new_database())
        fault = postgres_locked(url) if how == "postgres-locked" else postgres_hung(server)
    lasts = LOCKED_SECONDS[how]
    told = ["journal_writing_failed"]
    house = staffed(pbx, tmp_path / "server", agents=6, wrap_up_seconds=0, database_url=url, told=told)
    async with house as centre:
        async with caller(pbx, "7001", stay_seconds=TALK_SECONDS, calls=12, per_second=CALLS_PER_SECOND) as first:
            assert (await first.result()).successful == 12
        began = datetime.now(UTC)
        async with fault:
            locked = time.monotonic()
            calls = round(lasts * CALLS_PER_SECOND)
            async with (
                caller(pbx, "7001", stay_seconds=TALK_SECONDS, calls=calls, per_second=CALLS_PER_SECOND) as second,
                asyncio.TaskGroup() as meanwhile,
            ):
                alarm = meanwhile.create_task(centre.until_health("journal", "degraded", seconds=ALARM_SECONDS))
                refused = meanwhile.create_task(refused_sign_in(centre))
                meanwhile.create_task(a_console_works(centre))
                assert (await second.result()).successful == calls
            await asyncio.sleep(lasts - (time.monotonic() - locked))
        recovered = await centre.until_health("journal", "ok", seconds=10)
        await centre.until(lambda view: not view.calls)
        async with WebClient(centre.server.url) as browser:
            await browser.sign_in("a5", LAB_PASSWORD)
        await nothing_left(pbx)
        facts = await balanced_facts(centre.server)
    assert len(of(facts, ContactEnded)) == len(of(facts, ContactConnected)) == 12 + calls
    before = [fact for fact in facts if fact.at < began]
    during = [fact for fact in facts if fact.at >= began]
    measured(
        f"database away, {how}",
        alarm=alarm.result(),
        refused=refused.result(),
        recovered=recovered,
        offer_p99_before=p99(waits(before, OfferMade)),
        offer_p99_during=p99(waits(during, OfferMade)),
        answer_p99_before=p99(waits(before, ContactConnected)),
        answer_p99_during=p99(waits(during, ContactConnected)),
    )


async def refused_sign_in(centre: StaffedCentre) -> float:
    """Try to sign in; return how long it took to be refused."""
    began = time.monotonic()
    async with WebClient(centre.server.url) as browser:
        with pytest.raises(Refused) as refusal:
            await browser.sign_in("a5", LAB_PASSWORD)
    assert refusal.value.code == "storage-unavailable"
    return time.monotonic() - began


async def a_console_works(centre: StaffedCentre) -> None:
    console = centre.consoles[5]
    await console.do(desk.GoNotReady)
    await console.until(
        lambda view: view.presence.next == Presence.NOT_READY or view.presence.presence == "not-ready"
    )
    await console.do(desk.GoReady)


def waits(facts: Sequence[AnyFact], kind: type[OfferMade] | type[ContactConnected]) -> list[float]:
    """Return how long each caller waited for it, from arrival on."""
    arrived = {fact.contact: fact.at for fact in of(facts, ContactArrived)}
    reached = {fact.contact: fact.at for fact in reversed(of(facts, kind))}
    return [(at - arrived[contact]).total_seconds() for contact, at in reached.items() if contact in arrived]


def p99(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]
