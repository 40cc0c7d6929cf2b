"""SQLite: one file, in this process. The default."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Table,
    bindparam,
    create_engine,
    delete,
    event,
    func,
    text,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.sql.dml import Insert

from caruso.errors import Located
from caruso.model.acting import Actor
from caruso.scheduling import take_real_time_priority_of_the_loop
from caruso.storage.adapters.adapter import (
    ADAPTER,
    OURS,
    WRITER_TIMEOUT_SECONDS,
    Probe,
    ShortWork,
    StorageAdapter,
    Use,
    Writer,
    decode_json,
    encode_json,
)
from caruso.storage.adapters.conflicts import insert_on_conflict_nothing, insert_on_conflict_update
from caruso.storage.adapters.findings import damage, reason_of
from caruso.storage.adapters.sqlite_audit import trigger
from caruso.storage.audited import CHANGES, AuditedTable, quoted
from caruso.storage.tables.changes import acting

#: Seconds SQLite itself waits for a lock before it gives up; less than any other limit, for nothing can stop it.
LOCK_WAIT_SECONDS = 2.0
#: Places told of one kind of damage; more say nothing new.
NAMED = 10

_OWN_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = NORMAL",
    "foreign_keys = ON",
    "journal_size_limit = 67108864",
)

T = TypeVar("T")


class SqliteAdapter(StorageAdapter):
    """Databases in a file."""

    name = "sqlite"
    drivers: ClassVar = {"sqlite": "sqlite+aiosqlite", "sqlite+aiosqlite": "sqlite+aiosqlite"}
    example = "sqlite:///caruso.sqlite"

    def refusal(self, url: URL) -> str | None:
        """Refuse what would be lost."""
        if url.database in (None, "", ":memory:"):
            return "a database in memory would be lost: give a file"
        return None

    def file(self, url: URL) -> Path | None:
        """Return it."""
        return Path(str(url.database))

    def make_engine(self, url: URL, *, pool_size: int, timeout_seconds: float, use: Use) -> AsyncEngine:
        """Return connections, each with a thread of its own; what runs too long is stopped from here."""
        engine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=timeout_seconds,
            json_serializer=encode_json,
            json_deserializer=decode_json,
            connect_args={"timeout": _lock_wait(timeout_seconds)},
        )
        _prepare(engine.sync_engine, use)
        return engine

    @asynccontextmanager
    async def statements_stopped_after(
        self, seconds: float, connection: AsyncConnection, *, usual: float
    ) -> AsyncIterator[None]:
        """Interrupt the connection, for SQLite has no limits."""
        driver: Any = (await connection.get_raw_connection()).driver_connection
        interrupts: list[asyncio.Task[None]] = []
        timer = asyncio.get_running_loop().call_later(
            seconds, lambda: interrupts.append(asyncio.create_task(_interrupt(driver)))
        )
        try:
            yield
        finally:
            timer.cancel()

    def writer(self, url: URL, *, timeout_seconds: float) -> Writer:
        """Return a thread."""
        return _Thread(self, url, _lock_wait(timeout_seconds), OURS, name="journal", writes=True)

    def short_work(self, url: URL, *, timeout_seconds: float, writes: bool, use: Use) -> ShortWork | None:
        """Return a thread."""
        name = "change" if writes else "look_up"
        return _Thread(self, url, _lock_wait(timeout_seconds), use, name=name, writes=writes)

    def blames_value(self, error: SQLAlchemyError) -> bool:
        """All such errors are found by what SQLAlchemy makes of them."""
        return False

    def upsert(self, table: Table, *, newer: str | None = None, keep: Sequence[str] = ()) -> Insert:
        """Return it."""
        return insert_on_conflict_update(sqlite.insert(table), table, newer=newer, keep=keep)

    def insert_unless_there(self, table: Table) -> Insert:
        """Return it."""
        return insert_on_conflict_nothing(sqlite.insert(table), table)

    def create_triggers(self, connection: Connection, tables: Iterable[AuditedTable]) -> None:
        """Make one for each kind of change."""
        for audited in tables:
            for change in CHANGES:
                connection.exec_driver_sql(trigger(audited, change))

    def drop_trigger(self, connection: Connection, name: str, table: str) -> None:
        """Remove it."""
        connection.exec_driver_sql(f"DROP TRIGGER {quoted(name)}")

    def triggers(self, connection: Connection, prefix: str, *, switched_on: bool) -> list[tuple[str, str]]:
        """Look them up; none can be switched off."""
        query = text("SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE :like")
        return [(str(name), str(table)) for name, table in connection.execute(query, {"like": f"{prefix}%"})]

    def tell_actor(self, connection: Connection, actor: Actor) -> None:
        """Write a row that no other transaction ever sees."""
        connection.execute(_TELL, {"id": 1, **asdict(actor)})

    def forget_actor(self, connection: Connection) -> None:
        """Delete it."""
        connection.execute(delete(acting))

    async def others_use(self, connection: AsyncConnection) -> bool:
        """Only who is alone can take a file out of WAL mode."""
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None  # noqa: S101 -- it is connected
        try:
            await driver.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.OperationalError:
            return True
        await driver.execute("PRAGMA journal_mode = WAL")
        return False

    def damaged(self, connection: Connection) -> tuple[Located, ...]:
        """Have SQLite look at all pages, and at rows that name others."""
        try:
            lines = connection.exec_driver_sql(f"PRAGMA integrity_check({NAMED})").scalars().all()
            found = [damage("damaged-pages", f"{line}.") for line in lines if line != "ok"]
            dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").all()[:NAMED]
            found += [
                damage("dangling-row", f"Row {row[1]} of {row[0]} names one of {row[2]} that is gone.")
                for row in dangling
            ]
        except SQLAlchemyError as error:
            return (damage("damaged-pages", f"The database cannot be read: {reason_of(error)}."),)
        return tuple(found)

    def overwrite_deleted(self, connection: Connection) -> None:
        """Let free pages keep nothing."""
        connection.exec_driver_sql("PRAGMA secure_delete = ON")


# Kept: SQLAlchemy finds what it has compiled by the statement's identity.
_TELL = (
    SqliteAdapter()
    .upsert(acting)
    .values(
        **{column.name: bindparam(column.name) for column in acting.columns if column.name != "batch"},
        batch=func.random(),
    )
)


def _lock_wait(timeout_seconds: float) -> float:
    return min(LOCK_WAIT_SECONDS, timeout_seconds / 2)


async def _interrupt(driver: Any) -> None:
    """Stop what a connection of SQLite does, unless it has been closed in this moment."""
    with contextlib.suppress(sqlite3.ProgrammingError, ValueError):
        await driver.interrupt()


def _prepare(engine: Engine, use: Use) -> None:
    """Make transactions begin where we say (the driver would begin them late), and set the pragmas."""

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("foreign_keys = ON",) if use.foreign else _OWN_PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        if use.read_only:
            cursor.execute("PRAGMA query_only = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get("caruso_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


class _Thread:
    """A synchronous connection in one thread: a transaction costs one hop instead of one for each statement."""

    def __init__(
        self,
        adapter: StorageAdapter,
        url: URL,
        lock_wait_seconds: float,
        use: Use,
        *,
        name: str,
        writes: bool,
    ) -> None:
        self._engine = create_engine(
            url.set(drivername="sqlite+pysqlite"),
            poolclass=NullPool,
            connect_args={"timeout": lock_wait_seconds, "check_same_thread": False},
            json_serializer=encode_json,
            json_deserializer=decode_json,
            execution_options={"caruso_write": writes, ADAPTER: adapter},
        )
        _prepare(self._engine, use)
        self._thread = ThreadPoolExecutor(
            1, thread_name_prefix=name, initializer=take_real_time_priority_of_the_loop
        )
        self._connection: Connection | None = None
        self._lasting = False

    async def transact(self, work: Callable[[Connection], T]) -> T:
        async with asyncio.timeout(WRITER_TIMEOUT_SECONDS):
            return await self._run(work)

    async def within(self, work: Callable[[Connection], T], limit: float, *, lasting: bool = False) -> T:
        # Leaving a statement alone that runs too long would make all others wait behind it.
        timer = asyncio.get_running_loop().call_later(limit, self._interrupt)
        try:
            return await self._run(work, lasting=lasting)
        finally:
            timer.cancel()

    async def where_any(
        self, probe: Probe, texts: Sequence[str], work: Callable[[Connection], T], limit: float
    ) -> T | None:
        timer = asyncio.get_running_loop().call_later(limit, self._interrupt)
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._thread, self._transact_where_any, probe, texts, work
            )
        finally:
            timer.cancel()

    def forget_statements(self) -> None:
        self._engine.clear_compiled_cache()

    async def close(self) -> None:
        async with asyncio.timeout(WRITER_TIMEOUT_SECONDS):
            await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=False)

    async def _run(self, work: Callable[[Connection], T], *, lasting: bool = False) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._transact, work, lasting)

    def _transact_where_any(self, probe: Probe, texts: Sequence[str], work: Callable[[Connection], T]) -> T | None:
        driver: Any = self._connected().connection.driver_connection
        statement = probe.statement(len(texts), self._engine.dialect)
        try:
            if driver.execute(statement, texts).fetchall() == [(0,)]:
                return None
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:  # time is over
                raise OperationalError(statement, texts, error) from error
            # Whatever else is wrong the usual way says.
        return self._transact(work, lasting=False)

    def _transact(self, work: Callable[[Connection], T], lasting: bool) -> T:
        connection = self._connected()
        try:
            if lasting is not self._lasting:
                self._synchronise(connection, lasting)
            with connection.begin():
                return work(connection)
        except BaseException:
            self._close()
            raise

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
            self._lasting = False
        return self._connection

    def _synchronise(self, connection: Connection, lasting: bool) -> None:
        """Have commits written through to the disk, or only to the operating system; outside of transactions."""
        driver: Any = connection.connection.driver_connection
        driver.execute(f"PRAGMA synchronous = {'FULL' if lasting else 'NORMAL'}")
        self._lasting = lasting

    def _interrupt(self) -> None:
        connection = self._connection
        if connection is not None:
            driver: Any = connection.connection.driver_connection
            driver.interrupt()  # the one thing that SQLite allows from another thread

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
