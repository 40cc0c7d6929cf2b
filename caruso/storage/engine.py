"""Open a database by its URL, and lend connections that never wait for ever.

What engines differ in is with their adapters (`caruso.storage.adapters`). Knows no tables.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError, SQLAlchemyError, StatementError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from caruso.errors import Located, RejectedInput, StorageUnavailable
from caruso.storage.adapters.adapter import OURS, Probe, Use, Writer
from caruso.storage.adapters.findings import reason_of
from caruso.storage.adapters.registry import adapters, parse_url

#: Seconds a look-up or a change may take in all.
TIMEOUT_SECONDS = 5.0
#: More than that, for the engine to stop what is running.
GRACE_SECONDS = 0.5
#: Seconds a long reading (a day of facts) may take.
LONG_TIMEOUT_SECONDS = 60.0
#: Connections for everything but the journal, which has its own.
POOL_SIZE = 5

T = TypeVar("T")


class Database:
    """One database: a pool for look-ups and changes, and writers apart from it. Dispose of it at the end."""

    def __init__(
        self,
        url: str,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        pool_size: int = POOL_SIZE,
        use: Use = OURS,
    ) -> None:
        """Prepare; nothing is opened before it is needed.

        Args:
            url: Where it is.
            timeout_seconds: What a look-up or a change may take in all.
            pool_size: Connections beside those that only write.
            use: Whose it is, and whether it may be written.
        """
        self._url, self.adapter = parse_url(url)
        self._timeout_seconds = timeout_seconds
        self._use = use
        self._engine = self._make_engine(pool_size)
        adapter = self.adapter
        self._reading_engine = adapter.look_ups(self._engine)
        self._look_ups = adapter.short_work(self._url, timeout_seconds=timeout_seconds, writes=False, use=use)
        self._changes = adapter.short_work(self._url, timeout_seconds=timeout_seconds, writes=True, use=use)

    def __repr__(self) -> str:
        """Return the URL without its password."""
        return f"Database({self._url.render_as_string(hide_password=True)})"

    @property
    def dialect(self) -> str:
        """Name of the engine: ``sqlite``, ``postgresql``, ``mariadb``, or that of a plug-in's adapter."""
        return self.adapter.name

    @asynccontextmanager
    async def reading(self, *, timeout_seconds: float | None = None) -> AsyncIterator[AsyncConnection]:
        """Lend a connection to read from. Raises `StorageUnavailable`, never waits for ever."""
        limit = timeout_seconds or self._timeout_seconds
        with translated_errors():
            async with (
                asyncio.timeout(limit + GRACE_SECONDS),
                self._engine.connect() as connection,
                self._stopped_after(limit, connection),
            ):
                yield connection

    @asynccontextmanager
    async def writing(self, *, timeout_seconds: float | None = None) -> AsyncIterator[AsyncConnection]:
        """Lend a connection with a transaction that is committed at the end, or rolled back on an error."""
        limit = timeout_seconds or self._timeout_seconds
        with translated_errors():
            async with asyncio.timeout(limit + GRACE_SECONDS), self._engine.connect() as plain:
                connection = await plain.execution_options(caruso_write=True)
                async with connection.begin(), self._stopped_after(limit, connection):
                    yield connection

    @asynccontextmanager
    async def session(self, *, timeout_seconds: float) -> AsyncIterator[AsyncConnection]:
        """Lend a connection of its own for long work in several transactions, which the caller begins."""
        engine = self._make_engine(1)
        try:
            with translated_errors():
                async with asyncio.timeout(timeout_seconds), engine.connect() as connection:
                    await self.adapter.let_run(connection, timeout_seconds)
                    yield connection
        finally:
            await engine.dispose()

    @property
    def file(self) -> Path | None:
        """The file it is kept in; None when a server keeps it."""
        return self.adapter.file(self._url)

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
                async with self._reading_engine.connect() as connection:
                    return await connection.run_sync(work)

    async def look_up_any(self, probe: Probe, texts: Sequence[str], work: Callable[[Connection], T]) -> T | None:
        """Do a `work` as `look_up` does it; return None, with less ado, where `probe` finds none of `texts`."""
        limit = self._timeout_seconds
        if self._look_ups is None:
            return await self.look_up(work)
        with translated_errors():
            async with asyncio.timeout(limit + GRACE_SECONDS):
                return await self._look_ups.where_any(probe, texts, work, limit)

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
        return self.adapter.writer(self._url, timeout_seconds=self._timeout_seconds)

    def forget_statements(self) -> None:
        """Forget how statements are written: they keep the tables alive that they name."""
        self._engine.sync_engine.clear_compiled_cache()
        for thread in (self._look_ups, self._changes):
            if thread is not None:
                thread.forget_statements()

    def exists(self) -> bool:
        """Return False when the file of a database is missing (opening would create it)."""
        return self.file is None or self.file.exists()

    def create_file(self) -> None:
        """Make sure that the file of a database exists, readable by nobody else."""
        path = self.file
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))

    async def dispose(self) -> None:
        """Close all connections (their threads would keep the process alive)."""
        for thread in (self._look_ups, self._changes):
            if thread is not None:
                await thread.close()
        await self._engine.dispose()

    def _make_engine(self, pool_size: int) -> AsyncEngine:
        return self.adapter.engine(
            self._url, pool_size=pool_size, timeout_seconds=self._timeout_seconds, use=self._use
        )

    def _stopped_after(self, limit: float, connection: AsyncConnection) -> AbstractAsyncContextManager[None]:
        """Make the engine itself stop a statement that runs too long: leaving it alone would not free anything."""
        return self.adapter.statements_stopped_after(limit, connection, usual=self._timeout_seconds)


def is_value_error(error: BaseException) -> bool:
    """Tell whether the value to be stored is to blame, so that trying again is of no use."""
    if isinstance(error, IntegrityError):
        return True
    if isinstance(error, StatementError) and isinstance(error.orig, (ValueError, TypeError, OverflowError)):
        return True
    if isinstance(error, SQLAlchemyError):
        return any(adapter.blames_value(error) for adapter in adapters())
    return isinstance(error, (UnicodeError, OverflowError))


def is_unavailable(error: BaseException) -> bool:
    """Tell whether the database is to blame, so that it is worth trying again later."""
    return isinstance(error, (SQLAlchemyError, OSError, TimeoutError)) and not is_value_error(error)


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
