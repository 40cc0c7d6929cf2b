"""What an engine must be able to do so that Caruso can be kept in it: the interface of storage adapters.

An adapter says how a database of its kind is opened, how statements end that run too long, which errors mean
"later" and which "never", and how the few things are written that SQL leaves to each engine. It knows no store
and keeps nothing of a database: one object serves all databases of its kind.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

import msgspec
from sqlalchemy import URL, ColumnElement, Connection, Dialect, FromClause, Select, Table, literal_column, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.sql.dml import Insert

from caruso.errors import Located
from caruso.model.acting import Actor
from caruso.storage.audited import AuditedTable

#: Seconds the journal's writer waits for one transaction.
WRITER_TIMEOUT_SECONDS = 15.0
#: Option of every connection: the adapter it was opened by.
ADAPTER = "caruso_adapter"

T = TypeVar("T")

_json_encoder = msgspec.json.Encoder(decimal_format="number")
_json_decoder = msgspec.json.Decoder()


def encode_json(value: object) -> str:
    """Return JSON text; numbers of a script (`Decimal`) stay numbers."""
    return _json_encoder.encode(value).decode()


def decode_json(value: str) -> Any:
    """Return what JSON text says."""
    return _json_decoder.decode(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """How a database is used."""

    #: It belongs to somebody else: how it is kept is not changed.
    foreign: bool = False
    #: Nothing is written, whoever asks.
    read_only: bool = False


OURS = Use()


class Writer(Protocol):
    """One connection that only writes; transactions go one after the other."""

    async def transact(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in one transaction. It must touch nothing but the connection and values of its own."""
        ...

    async def close(self) -> None:
        """Let go of the connection."""
        ...


class Probe:
    """A question that every call asks and that mostly has no answer: is there a row with one of these texts?

    Its text is made once for each number of texts and handed to the driver itself. What SQLAlchemy does for a
    statement cost four times what SQLite needs to say no.
    """

    def __init__(self, criterion: ColumnElement[bool], among: FromClause, texts: str) -> None:
        """Ask whether `criterion` holds for a row of `among`.

        Its only parameter is an expanding one, which `texts` names.
        """
        there: Select[tuple[int]] = select(literal_column("1")).select_from(among).where(criterion)
        self._query: Select[tuple[bool]] = select(there.exists())
        self._texts = texts
        self._statements: dict[int, str] = {}

    def statement(self, texts: int, dialect: Dialect) -> str:
        """Return the statement for so many texts, which are all its parameters, in their order."""
        known = self._statements.get(texts)
        if known is None:
            query = self._query.params({self._texts: [""] * texts})
            compiled = query.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
            known = self._statements[texts] = str(compiled)
        return known


class ShortWork(Protocol):
    """A way to do short work that costs less than a connection of the pool."""

    async def within(self, work: Callable[[Connection], T], limit: float, *, lasting: bool = False) -> T:
        """Do `work` in one transaction of at most `limit` seconds; see `Database.change`."""
        ...

    async def where_any(
        self, probe: Probe, texts: Sequence[str], work: Callable[[Connection], T], limit: float
    ) -> T | None:
        """Do `work` unless `probe` finds nothing; see `Database.look_up_any`."""
        ...

    def forget_statements(self) -> None:
        """Forget how statements are written: they keep the tables alive that they name."""
        ...

    async def close(self) -> None:
        """Let go of the connection."""
        ...


class StorageAdapter(ABC):
    """One kind of database."""

    #: What it is called; unique among the adapters.
    name: ClassVar[str]
    #: Beginnings of URLs it opens, each with the driver that does it.
    drivers: ClassVar[Mapping[str, str]]
    #: A URL as people would write it.
    example: ClassVar[str]

    # -- Opening ----------------------------------------------------------------------------------------------

    def refusal(self, url: URL) -> str | None:
        """Return why no database of ours can be at `url`; None when one can."""
        return None

    def file(self, url: URL) -> Path | None:
        """Return the file a database is kept in; None when a server keeps it."""
        return None

    def engine(self, url: URL, *, pool_size: int, timeout_seconds: float, use: Use = OURS) -> AsyncEngine:
        """Return connections as `make_engine` makes them, which know whose they are (`adapter_of`)."""
        made = self.make_engine(url, pool_size=pool_size, timeout_seconds=timeout_seconds, use=use)
        return made.execution_options(**{ADAPTER: self})

    @abstractmethod
    def make_engine(self, url: URL, *, pool_size: int, timeout_seconds: float, use: Use) -> AsyncEngine:
        """Return connections of which none waits for a lock, or lets a statement run, for longer than that.

        They bind and read JSON by `encode_json` and `decode_json`, and their transactions see what others have
        committed meanwhile (READ COMMITTED) unless `begin_snapshot` is asked for.
        """

    def look_ups(self, engine: AsyncEngine) -> AsyncEngine:
        """Return connections of the pool of `engine` for short work that only reads, as cheap as can be."""
        return engine

    @abstractmethod
    def statements_stopped_after(
        self, seconds: float, connection: AsyncConnection, *, usual: float
    ) -> AbstractAsyncContextManager[None]:
        """Make the engine itself stop statements of a block; `usual` is the limit connections come with."""

    async def let_run(self, connection: AsyncConnection, seconds: float) -> None:
        """Let statements of a connection of its own, without a transaction, take so long."""
        return

    def writer(self, url: URL, *, timeout_seconds: float) -> Writer:
        """Return a writer with a connection of its own, so that no reader can make it wait."""
        return EngineWriter(self.engine(url, pool_size=1, timeout_seconds=timeout_seconds))

    def short_work(self, url: URL, *, timeout_seconds: float, writes: bool, use: Use) -> ShortWork | None:
        """Return a better way for short work than the pool; None when there is none."""
        return None

    @abstractmethod
    def blames_value(self, error: SQLAlchemyError) -> bool:
        """Tell whether the value is to blame for a driver's error, so that trying again is of no use."""

    # -- Statements -------------------------------------------------------------------------------------------

    @abstractmethod
    def upsert(self, table: Table, *, newer: str | None = None, keep: Sequence[str] = ()) -> Insert:
        """Return the statement that inserts a row or replaces the one with its key.

        Of a row that is there it leaves the columns `keep` as they are, and all when it has the same number in
        the column `newer`, or a higher one.
        """

    @abstractmethod
    def insert_unless_there(self, table: Table) -> Insert:
        """Return the statement that inserts a row unless there is one with its key."""

    #: Tables are made and changed in a transaction: an upgrade that fails leaves nothing.
    upgrades_at_once: ClassVar[bool] = True

    #: Rows that are inserted make a whole database again: what counts by itself goes on after the highest number.
    rows_are_all: ClassVar[bool] = False

    def lock_upgrades(self, connection: Connection) -> None:
        """Keep other upgrades of the database out; as long as it takes, and not for a limited time."""
        return

    def unlock_upgrades(self, connection: Connection) -> None:
        """Let others in, after an upgrade or its failure; where the end of the transaction does not."""
        return

    def lock_changes(self, connection: Connection, number: int) -> None:
        """Let transactions that name the same number go one after the other."""
        return

    def begin_snapshot(self, connection: Connection) -> None:
        """Let the transaction that begins now see one state of the database, whatever others write."""
        return

    # -- The audit --------------------------------------------------------------------------------------------

    @abstractmethod
    def create_triggers(self, connection: Connection, tables: Iterable[AuditedTable]) -> None:
        """Make what writes a line for every change of a row (`caruso.storage.audit_triggers`)."""

    @abstractmethod
    def drop_trigger(self, connection: Connection, name: str, table: str) -> None:
        """Remove a trigger."""

    @abstractmethod
    def triggers(self, connection: Connection, prefix: str, *, switched_on: bool) -> list[tuple[str, str]]:
        """Return the triggers whose names begin with `prefix`, each with its table."""

    @abstractmethod
    def tell_actor(self, connection: Connection, actor: Actor) -> None:
        """Let the triggers know who acts in this transaction."""

    def forget_actor(self, connection: Connection) -> None:
        """Leave nothing for whoever writes next, at the end of a transaction."""
        return

    # -- Care -------------------------------------------------------------------------------------------------

    @abstractmethod
    async def others_use(self, connection: AsyncConnection) -> bool:
        """Tell whether anybody but `connection`, which has no transaction, is connected to the database."""

    @abstractmethod
    def damaged(self, connection: Connection) -> Sequence[Located]:
        """Return what the engine itself finds wrong with its pages."""

    def overwrite_deleted(self, connection: Connection) -> None:
        """Make sure that what the transaction deletes cannot be read from the engine's files."""
        return


class EngineWriter:
    """A writer for any engine."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Write through the one connection of `engine`."""
        self._engine = engine

    async def transact(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in one transaction."""
        async with asyncio.timeout(WRITER_TIMEOUT_SECONDS), self._engine.begin() as connection:
            return await connection.run_sync(work)

    async def close(self) -> None:
        """Let go of the connection."""
        await self._engine.dispose()


def adapter_of(connection: Connection) -> StorageAdapter:
    """Return the adapter that opened a connection."""
    adapter: StorageAdapter = connection.get_execution_options()[ADAPTER]
    return adapter
