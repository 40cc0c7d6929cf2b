"""What MariaDB would do otherwise than the others, were it let."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from caruso.clock import SystemClock
from caruso.errors import RejectedInput
from caruso.model.acting import Actor, acting
from caruso.model.ids import CustomerId
from caruso.model.records import Customer
from caruso.storage.adapters import mariadb as adapter
from caruso.storage.adapters.mariadb_types import KEY_SIGNS
from caruso.storage.checking import check
from caruso.storage.customers import Customers
from caruso.storage.engine import Database
from caruso.storage.migrations import upgrade
from caruso.storage.objects.store import own_objects
from caruso.storage.tables.changes import record_changes
from caruso.storage.tables.customers import customers
from caruso.storage.tables.tasks import tasks
from lab.mariadb import MariaDb

NOON = datetime(2026, 11, 27, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
async def database(mariadb_url: str) -> AsyncIterator[Database]:
    opened = Database(mariadb_url)
    yield opened
    await opened.dispose()


@pytest.fixture
def store(database: Database) -> Customers:
    return Customers(own_objects(database, SystemClock(), region="DE"))


def customer(id_: str, **more: object) -> Customer:
    return Customer(id=CustomerId(id_), name="Anna Ärmel \N{TELEPHONE RECEIVER}", **more)  # type: ignore[arg-type]


async def test_ids_that_look_alike_are_different_ids(store: Customers) -> None:
    for id_ in ("anna", "Anna", "anna ", "änna"):
        await store.save(customer(id_), by="x")
        found = await store.get(CustomerId(id_))
        assert found is not None
        assert (found.id, found.name) == (id_, "Anna Ärmel \N{TELEPHONE RECEIVER}")


async def test_a_key_that_is_too_long_is_refused_and_nothing_cut(database: Database, store: Customers) -> None:
    longest = "k" * KEY_SIGNS
    await store.save(customer(longest), by="x")
    with pytest.raises(RejectedInput, match="too long"):
        await store.save(customer(f"{longest}k"), by="x")
    async with database.reading() as connection:
        assert (await connection.execute(select(customers.c.id))).scalars().all() == [longest]


async def test_times_are_kept_to_the_microsecond_and_are_utc_for_everybody(database: Database) -> None:
    elsewhere = NOON.astimezone(datetime.now().astimezone().tzinfo) + timedelta(days=1)
    row = dict.fromkeys((column.name for column in tasks.columns), "x")
    times = {"due_at": NOON, "created_at": elsewhere, "changed_at": NOON}
    async with database.writing() as connection:
        await connection.execute(tasks.insert().values({**row, **times, "version": 1}))
        found = (await connection.execute(select(tasks.c.due_at, tasks.c.created_at))).one()
        kept = (await connection.execute(text("SELECT CAST(due_at AS CHAR) FROM tasks"))).scalar_one()
    assert found == (NOON, NOON + timedelta(days=1))
    assert kept == "2026-11-27 12:00:00.123456"


async def test_rows_that_go_with_another_leave_their_line_in_the_audit(
    database: Database, store: Customers
) -> None:
    await store.save(customer("anna", numbers=("+493012345",)), by="x")
    async with database.writing() as connection:
        await connection.execute(text("DELETE FROM customers"))
    async with database.reading() as connection:
        query = select(record_changes.c.table_name, record_changes.c.by).where(record_changes.c.change == "delete")
        assert set((await connection.execute(query)).all()) == {("customers", ""), ("customer_numbers", "")}


async def test_who_acts_is_forgotten_with_a_change_that_fails(database: Database, store: Customers) -> None:
    with acting(Actor(user="eve")), pytest.raises(RejectedInput):
        await store.save(customer("k" * (KEY_SIGNS + 1)), by="eve")
    async with database.writing() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM acting"))).scalar_one() == 0


async def test_upgrades_at_once_do_not_meet_and_all_is_well_afterwards(mariadb: MariaDb, tmp_path: Path) -> None:
    name = await mariadb.new_database()
    states = await asyncio.gather(*(upgrade(mariadb.url(name)) for _ in range(3)))
    assert all(state.up_to_date for state in states)
    made = Database(mariadb.url(name))
    assert await check(made, tmp_path) == ()
    async with made.writing() as connection:
        await connection.execute(text("DROP TRIGGER caruso_audit_users_update"))
    assert [finding.rule for finding in await check(made, tmp_path)] == ["audit-off"]
    await made.dispose()


def test_without_its_driver_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "find_spec", lambda _: None)
    with pytest.raises(RejectedInput, match=r"pip install 'caruso\[mariadb\]'"):
        Database("mariadb://somebody:secret@host/caruso")
