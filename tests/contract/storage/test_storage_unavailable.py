"""A database that is locked, slow or gone: an error in time, and all is well again afterwards."""

from __future__ import annotations

import asyncio
import time

import pytest
from sqlalchemy import text

from caruso.errors import StorageUnavailable
from caruso.model.ids import UserId
from caruso.storage.engine import POOL_SIZE, Database
from caruso.storage.users import Users
from lab.ports import free_port

#: More than the fixture's limit, less than a person's patience.
PATIENCE_SECONDS = 3.0
SLOW = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 99999999) SELECT max(i)"
    " FROM n",
    "postgresql": "SELECT pg_sleep(60)",
    "mariadb": "SELECT max(a.seq + b.seq) FROM seq_1_to_100000 AS a, seq_1_to_100000 AS b",
}
LOCK = {
    "sqlite": "SELECT 1",
    "postgresql": "LOCK TABLE users, sessions IN ACCESS EXCLUSIVE MODE",
    "mariadb": "LOCK TABLES users WRITE, sessions WRITE",
}
#: Where the end of the transaction is not that of the lock.
UNLOCK = {"sqlite": "SELECT 1", "postgresql": "SELECT 1", "mariadb": "UNLOCK TABLES"}


async def test_a_change_on_a_locked_database_fails_in_time(url: str, database: Database) -> None:
    locker = Database(url)
    async with locker.writing(timeout_seconds=60) as connection:
        await connection.execute(text(LOCK[database.dialect]))
        began = time.monotonic()
        with pytest.raises(StorageUnavailable):
            await Users(database).revoke_session("any")
        assert time.monotonic() - began < PATIENCE_SECONDS
        await connection.execute(text(UNLOCK[database.dialect]))
    await Users(database).revoke_session("any")
    await locker.dispose()


async def test_a_look_up_in_a_database_locked_for_good_fails_in_time(url: str, database: Database) -> None:
    locker = Database(url)
    async with locker.reading(timeout_seconds=60) as connection:
        if locker.dialect == "sqlite":
            # Even readers are kept out: what a copying tool or a broken network file system does.
            await connection.rollback()
            await connection.exec_driver_sql("COMMIT")
            await connection.exec_driver_sql("PRAGMA locking_mode = EXCLUSIVE")
            await connection.exec_driver_sql("PRAGMA journal_mode = DELETE")
            await connection.exec_driver_sql("BEGIN EXCLUSIVE")
        else:
            await connection.execute(text(LOCK[locker.dialect]))
        began = time.monotonic()
        with pytest.raises(StorageUnavailable):
            await Users(database).user(UserId("anna"))
        assert time.monotonic() - began < PATIENCE_SECONDS
    await locker.dispose()
    assert await Users(database).user(UserId("anna")) is None


async def test_a_look_up_that_takes_too_long_is_stopped_and_frees_its_connection(database: Database) -> None:
    async def slow() -> None:
        async with database.reading() as connection:
            await connection.execute(text(SLOW[database.dialect]))

    began = time.monotonic()
    outcomes = await asyncio.gather(*(slow() for _ in range(POOL_SIZE)), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {StorageUnavailable}
    assert time.monotonic() - began < PATIENCE_SECONDS
    assert await Users(database).users() == []


async def test_more_look_ups_than_connections_wait_their_turn(database: Database) -> None:
    users = Users(database)
    assert await asyncio.gather(*(users.users() for _ in range(20 * POOL_SIZE))) == [[]] * (20 * POOL_SIZE)


async def test_a_server_that_is_not_there_is_unavailable_and_not_a_crash() -> None:
    database = Database(f"postgresql://somebody:secret@127.0.0.1:{free_port()}/caruso", timeout_seconds=1.0)
    with pytest.raises(StorageUnavailable) as refused:
        await Users(database).users()
    assert "secret" not in str(refused.value)
    await database.dispose()


async def test_a_half_done_change_is_undone(database: Database) -> None:
    async def half_a_change() -> None:
        async with database.writing() as connection:
            await connection.execute(text("INSERT INTO journal_head (id, writer, next_seq) VALUES (1, 'me', 1)"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await half_a_change()
    async with database.reading() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM journal_head"))).scalar() == 0
