"""Connections to PostgreSQL that died: none is lent that the server closed, or that nobody used for a while."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Connection, make_url, text

from caruso.errors import StorageUnavailable
from caruso.storage.adapters import postgresql_pool
from caruso.storage.engine import POOL_SIZE, Database
from lab.ports import LOOPBACK

#: Waits until they are gone; answers when they are.
END_ALL_OTHERS = text(
    "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)


class Firewall:
    """Stands between us and a server, and forgets connections: nobody is told, until somebody sends something."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._known: set[asyncio.StreamWriter] = set()
        self._forgotten: set[asyncio.StreamWriter] = set()

    def forget(self) -> None:
        """Forget all that it knows of."""
        self._forgotten |= self._known

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Join a connection with one of its own."""
        self._known.add(writer)
        there, out = await asyncio.open_connection(LOOPBACK, self._port)
        back = asyncio.create_task(self._pass_on(there, writer))
        with contextlib.suppress(ConnectionError):
            while (data := await reader.read(65_536)) and writer not in self._forgotten:
                out.write(data)
        back.cancel()
        out.close()
        writer.transport.abort()

    async def _pass_on(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await there.read(65_536):
            writer.write(data)
        writer.close()


@pytest.fixture
async def killer(postgres_url: str) -> AsyncIterator[Database]:
    database = Database(postgres_url)
    yield database
    await database.dispose()


def one(connection: Connection) -> int:
    found: int = connection.execute(text("SELECT 1")).scalar_one()
    return found


async def used_all_at_once(database: Database) -> None:
    """Look up and change something by all connections of the pool."""
    assert await asyncio.gather(*(database.look_up(one) for _ in range(POOL_SIZE))) == [1] * POOL_SIZE
    assert await asyncio.gather(*(database.change(one) for _ in range(POOL_SIZE))) == [1] * POOL_SIZE


async def test_connections_that_the_server_ended_are_replaced(postgres_url: str, killer: Database) -> None:
    database = Database(postgres_url)
    for _ in range(2):
        await used_all_at_once(database)
        async with killer.reading() as connection:
            assert (await connection.execute(END_ALL_OTHERS)).scalar_one() == POOL_SIZE
    await used_all_at_once(database)
    await database.dispose()


async def test_connections_that_a_firewall_has_forgotten_are_replaced(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = make_url(postgres_url)
    firewall = Firewall(url.port or 5432)
    async with await asyncio.start_server(firewall.meet, LOOPBACK, 0) as server:
        port = server.sockets[0].getsockname()[1]
        database = Database(url.set(port=port).render_as_string(hide_password=False))
        await used_all_at_once(database)
        firewall.forget()
        with pytest.raises(StorageUnavailable):
            await database.look_up(one)  # so soon after its use nobody asks
        await used_all_at_once(database)
        monkeypatch.setattr(postgresql_pool, "ASKED_AFTER_SECONDS", 0.0)
        firewall.forget()
        await used_all_at_once(database)
        await database.dispose()


async def test_a_look_up_has_no_transaction_and_a_change_has_one(postgres_url: str, killer: Database) -> None:
    now = text("SELECT now()")  # of a transaction: when it began

    def is_one_transaction(connection: Connection) -> bool:
        before = connection.execute(now).scalar_one()
        connection.execute(text("SELECT pg_sleep(0.001)"))
        return bool(connection.execute(now).scalar_one() == before)

    assert not await killer.look_up(is_one_transaction)
    assert await killer.change(is_one_transaction)
    assert not await killer.look_up(is_one_transaction)
