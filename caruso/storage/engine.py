"""Open a database by its URL: SQLite (embedded, the default) or PostgreSQL.

Holds everything in which the two differ for the rest of the package: drivers, pragmas, time limits, how a
transaction begins, and which errors mean "later" and which "never". Knows no tables.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, SQLAlchemyError, StatementError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from caruso.errors import Located, RejectedInput, StorageUnavailable

#: Seconds a look-up or a change may take in all.
TIMEOUT_SECONDS = 5.0
#: More than that, for the engine to stop what is running.
GRACE_SECONDS = 0.5
#: Seconds a long reading (a day of facts) may take.
LONG_TIMEOUT_SECONDS = 60.0
#: Seconds SQLite itself waits for a lock before it gives up; less than any other limit, for nothing can stop it.
LOCK_WAIT_SECONDS = 2.0
#: Seconds the journal's writer waits for one transaction.
WRITER_TIMEOUT_SECONDS = 15.0
#: Connections for everything but the journal, which has its own.
POOL_SIZE = 5

DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}

_OWN_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = NORMAL",
    "foreign_keys = ON",
    "journal_size_limit = 67108864",
)

#: PostgreSQL's classes of errors for which the value is to blame: data exception, integrity, limit exceeded.
VALUE_ERROR_CLASSES = ("22", "23", "54")

T = TypeVar("T")

_json_encoder = msgspec.json.Encoder(decimal_format="number")
_json_decoder = msgspec.json.Decoder()


def parse_url(url: str) -> URL:
    """Return the URL with its driver spelled out; raise `RejectedInput` for what cannot be a database of ours."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        # Not `from`: the original message carries the URL and with it the password.
        raise _rejected_url("this is not a database URL") from None
    driver = DRIVERS.get(parsed.drivername)
    if driver is None:
        raise _rejected_url(f"there is no engine {parsed.drivername!r}")
    if driver.startswith("sqlite") and parsed.database in (None, "", ":memory:"):
        raise _rejected_url("a database in memory would be lost: give a file")
    return parsed.set(drivername=driver)


def _rejected_url(message: str) -> RejectedInput:
    return RejectedInput(
        (
            Located(
                rule="database-url",
                message=message,
                suggestion="sqlite:///caruso.sqlite or postgresql://user:password@host/database",
            ),
        )
    )


class Writer(Protocol):
    """One connection that only writes; transactions go one after the other."""

    async def transact(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in one transaction. It must touch nothing but the connection and values of its own."""
        ...

    async def close(self) -> None:
        """Let go of the connection."""
        ...


class Database:
    """One database: a pool for look-ups and changes, and writers apart from it. Dispose of it at the end."""

    def __init__(
        self,
        url: str,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        pool_size: int = POOL_SIZE,
        foreign: bool = False,
        read_only: bool = False,
    ) -> None:
        """Prepare; nothing is opened before it is needed.

        Args:
            url: Where it is.
            timeout_seconds: What a look-up or a change may take in all.
            pool_size: Connections beside those that only write.
            foreign: It belongs to somebody else: how its file is kept is not changed.
            read_only: Nothing is written, whoever asks.
        """
        self._url = parse_url(url)
        self._kind = _Kind(foreign=foreign, read_only=read_only)
        self._timeout_seconds = timeout_seconds
        self._lock_wait_seconds = min(LOCK_WAIT_SECONDS, timeout_seconds / 2)
        self._engine = self._make_engine(pool_size=pool_size)
        self._look_ups = self._sqlite_thread("look_up", writes=False) if self.dialect == "sqlite" else None
        self._changes = self._sqlite_thread("change", writes=True) if self.dialect == "sqlite" else None

    def __repr__(self) -> str:
        """Return the URL without its password."""
        return f"Database({self._url.render_as_string(hide_password=True)})"

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self._url.get_backend_name()

    @asynccontextmanager
    async def reading(self, *, timeout_seconds: float | None = None) -> AsyncIterator[AsyncConnection]:
        """Lend a connection to read from. Raises `StorageUnavailable`, never waits for ever."""
        limit = timeout_seconds or self._timeout_seconds
        with translated_errors():
            async with (
                asyncio.timeout(limit + GRACE_SECONDS),
                self._engine.connect() as connection,
                self._statements_stopped_after(limit, connection),
            ):
                yield connection

    @asynccontextmanager
    async def writing(self, *, timeout_seconds: float | None = None) -> AsyncIterator[AsyncConnection]:
        """Lend a connection with a transaction that is committed at the end, or rolled back on an error."""
        limit = timeout_seconds or self._timeout_seconds
        with translated_errors():
            async with asyncio.timeout(limit + GRACE_SECONDS), self._engine.connect() as plain:
                connection = await plain.execution_options(caruso_write=True)
                async with connection.begin(), self._statements_stopped_after(limit, connection):
                    yield connection

    @asynccontextmanager
    async def session(self, *, timeout_seconds: float) -> AsyncIterator[AsyncConnection]:
        """Lend a connection of its own for long work in several transactions, which the caller begins."""
        engine = self._make_engine(pool_size=1)
        try:
            with translated_errors():
                async with asyncio.timeout(timeout_seconds), engine.connect() as connection:
                    if self.dialect == "postgresql":
                        await connection.exec_driver_sql(f"SET statement_timeout = {int(timeout_seconds * 1000)}")
                        await connection.commit()
                    yield connection
        finally:
            await engine.dispose()

    @property
    def file(self) -> Path | None:
        """The file of an SQLite database."""
        return Path(str(self._url.database)) if self.dialect == "sqlite" else None

    @asynccontextmanager
    async def _statements_stopped_after(self, limit: float, connection: AsyncConnection) -> AsyncIterator[None]:
        """Make the engine itself stop a statement that runs too long: leaving it alone would not free anything."""
        if self.dialect == "postgresql":
            if limit > self._timeout_seconds:
                await connection.exec_driver_sql(f"SET LOCAL statement_timeout = {int(limit * 1000)}")
            yield
            return
        driver: Any = (await connection.get_raw_connection()).driver_connection
        interrupts: list[asyncio.Task[None]] = []
        timer = asyncio.get_running_loop().call_later(
            limit, lambda: interrupts.append(asyncio.create_task(_interrupt(driver)))
        )
        try:
            yield
        finally:
            timer.cancel()

    async def look_up(self, work: Callable[[Connection], T]) -> T:
        """Do a short `work` that only reads: for what every call needs. Raises `StorageUnavailable`.

        It must touch nothing but the connection and values of its own. With SQLite it costs one hop to a thread,
        where `reading` costs about ten; the look-ups go one after the other.
        """
        limit = self._timeout_seconds
        with translated_errors():
            async with asyncio.timeout(limit + GRACE_SECONDS):
                if self._look_ups is not None:
                    return await self._look_ups.within(work, limit)
                async with self._engine.connect() as connection:
                    return await connection.run_sync(work)

    async def change(self, work: Callable[[Connection], T], *, lasting: bool = False) -> T:
        """Do a short `work` in one transaction that writes. Raises `StorageUnavailable`, `RejectedInput`.

        The same as `look_up` otherwise. When time is over before the commit was seen, it may yet come. What is
        `lasting` outlives a power failure as soon as this returns; everything else outlives the process at once.
        """
        limit = self._timeout_seconds
        with translated_errors():
            async with asyncio.timeout(limit + GRACE_SECONDS):
                if self._changes is not None:
                    return await self._changes.within(work, limit, lasting=lasting)
                async with self._engine.begin() as connection:
                    return await connection.run_sync(work)

    def writer(self) -> Writer:
        """Return a writer with a connection of its own, so that no reader can make it wait."""
        if self.dialect == "sqlite":
            return self._sqlite_thread("journal", writes=True)
        return _PostgresWriter(self._make_engine(pool_size=1))

    def forget_statements(self) -> None:
        """Forget how statements are written: they keep the tables alive that they name."""
        self._engine.sync_engine.clear_compiled_cache()
        for thread in (self._look_ups, self._changes):
            if thread is not None:
                thread.forget_statements()

    def exists(self) -> bool:
        """Return False when the file of an SQLite database is missing (opening would create it)."""
        return self.dialect != "sqlite" or Path(str(self._url.database)).exists()

    def create_file(self) -> None:
        """Make sure that the file of an SQLite database exists, readable by nobody else."""
        if self.dialect != "sqlite" or self._url.database is None:
            return
        path = Path(self._url.database)
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))

    async def dispose(self) -> None:
        """Close all connections (their threads would keep the process alive)."""
        for thread in (self._look_ups, self._changes):
            if thread is not None:
                await thread.close()
        await self._engine.dispose()

    def _sqlite_thread(self, name: str, *, writes: bool) -> _SqliteThread:
        return _SqliteThread(self._url, self._lock_wait_seconds, self._kind, name=name, writes=writes)

    def _make_engine(self, *, pool_size: int) -> AsyncEngine:
        pool: dict[str, Any] = {
            "pool_size": pool_size,
            "max_overflow": 0,
            "pool_timeout": self._timeout_seconds,
            "json_serializer": encode_json,
            "json_deserializer": _json_decoder.decode,
        }
        if self.dialect == "sqlite":
            engine = create_async_engine(self._url, connect_args={"timeout": self._lock_wait_seconds}, **pool)
            _prepare_sqlite(engine.sync_engine, self._kind)
            return engine
        limit = str(int(self._timeout_seconds * 1000))
        settings = {"application_name": "caruso", "statement_timeout": limit, "lock_timeout": limit}
        if self._kind.read_only:
            settings["default_transaction_read_only"] = "on"
        connect_args = {"timeout": self._timeout_seconds, "server_settings": settings}
        return create_async_engine(self._url, connect_args=connect_args, pool_pre_ping=True, **pool)


def encode_json(value: object) -> str:
    """Return JSON text; numbers of a script (`Decimal`) stay numbers."""
    return _json_encoder.encode(value).decode()


def is_value_error(error: BaseException) -> bool:
    """Tell whether the value to be stored is to blame, so that trying again is of no use."""
    if isinstance(error, IntegrityError):
        return True
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None) or ""
        # asyncpg's own checks of a parameter have no SQLSTATE; they are ValueErrors.
        return state[:2] in VALUE_ERROR_CLASSES or isinstance(getattr(error.orig, "__cause__", None), ValueError)
    if isinstance(error, StatementError):
        return isinstance(error.orig, (ValueError, TypeError, OverflowError))
    return isinstance(error, (UnicodeError, OverflowError))


def is_unavailable(error: BaseException) -> bool:
    """Tell whether the database is to blame, so that it is worth trying again later."""
    return isinstance(error, (SQLAlchemyError, OSError, TimeoutError)) and not is_value_error(error)


async def _interrupt(driver: Any) -> None:
    """Stop what a connection of SQLite does, unless it has been closed in this moment."""
    with contextlib.suppress(sqlite3.ProgrammingError, ValueError):
        await driver.interrupt()


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn a library's error into one of ours."""
    try:
        yield
    except (SQLAlchemyError, OSError, TimeoutError, UnicodeError) as error:
        if is_value_error(error):
            finding = Located(rule="not-storable", message=f"this cannot be stored: {reason_of(error)}")
            raise RejectedInput((finding,)) from error
        raise StorageUnavailable(f"the database is not available: {reason_of(error)}") from error


def reason_of(error: BaseException) -> str:
    """Return the driver's own words, without statement and parameters (they hold personal data)."""
    original = getattr(error, "orig", None) or error
    return str(original).splitlines()[0] if str(original) else type(original).__name__


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    foreign: bool = False
    read_only: bool = False


def _prepare_sqlite(engine: Engine, kind: _Kind) -> None:
    """Make transactions begin where we say (the driver would begin them late), and set the pragmas."""

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("foreign_keys = ON",) if kind.foreign else _OWN_PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        if kind.read_only:
            cursor.execute("PRAGMA query_only = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get("caruso_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


class _SqliteThread:
    """A synchronous connection in one thread: a transaction costs one hop instead of one for each statement."""

    def __init__(self, url: URL, lock_wait_seconds: float, kind: _Kind, *, name: str, writes: bool) -> None:
        self._engine = create_engine(
            url.set(drivername="sqlite+pysqlite"),
            poolclass=NullPool,
            connect_args={"timeout": lock_wait_seconds, "check_same_thread": False},
            json_serializer=encode_json,
            json_deserializer=_json_decoder.decode,
            execution_options={"caruso_write": writes},
        )
        _prepare_sqlite(self._engine, kind)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
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

    def forget_statements(self) -> None:
        self._engine.clear_compiled_cache()

    async def close(self) -> None:
        async with asyncio.timeout(WRITER_TIMEOUT_SECONDS):
            await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=False)

    async def _run(self, work: Callable[[Connection], T], *, lasting: bool = False) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._transact, work, lasting)

    def _transact(self, work: Callable[[Connection], T], lasting: bool) -> T:
        if self._connection is None:
            self._connection = self._engine.connect()
            self._lasting = False
        try:
            if lasting is not self._lasting:
                self._synchronise(self._connection, lasting)
            with self._connection.begin():
                return work(self._connection)
        except BaseException:
            self._close()
            raise

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


class _PostgresWriter:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def transact(self, work: Callable[[Connection], T]) -> T:
        async with asyncio.timeout(WRITER_TIMEOUT_SECONDS), self._engine.begin() as connection:
            return await connection.run_sync(work)

    async def close(self) -> None:
        await self._engine.dispose()
