"""Make the projections anew from the journal, and compare them with those that are kept.

Everything is folded into temporary tables within one snapshot, so that a server may go on writing meanwhile; where
rows differ they are replaced in one transaction, for which no server may run: it keeps rows in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
from sqlalchemy import Column, Connection, MetaData, Table, Text, cast, delete, except_, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from caruso.errors import Located, RejectedInput
from caruso.model.facts import AnyFact
from caruso.storage.engine import Database
from caruso.storage.projecting import Known, ProjectionTables, Projector
from caruso.storage.tables.journal import journal

#: Facts folded at once.
AT_ONCE = 2_000
#: Keys that are named of the rows that differ.
NAMED_KEYS = 5
#: Seconds that making everything anew may take.
TIMEOUT_SECONDS = 4 * 3600.0

_decoder = msgspec.json.Decoder(AnyFact)
_payload = cast(journal.c.payload, Text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A projection beside what the journal says."""

    table: str
    #: Rows that follow from the journal.
    rows: int
    #: Rows that are missing or say something else, and rows that are there and should not be.
    wrong: int
    superfluous: int
    #: Keys of some of them.
    keys: tuple[str, ...]

    @property
    def same(self) -> bool:
        """True when nothing differs."""
        return not self.wrong and not self.superfluous


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What came of it."""

    facts: int
    #: Facts that this version cannot read; nothing follows from them.
    unreadable: int
    tables: tuple[Compared, ...]
    #: Rows were replaced.
    replaced: bool

    @property
    def same(self) -> bool:
        """True when all projections were as the journal says."""
        return all(table.same for table in self.tables)


async def rebuild(database: Database, *, compare_only: bool = False) -> Rebuilt:
    """Make all projections anew; write them where they differ, unless `compare_only`.

    Raises `RejectedInput` when they differ and a server uses the database.
    """
    tables = _temporary_tables()
    async with database.session(timeout_seconds=TIMEOUT_SECONDS) as connection:
        for table in tables.all():
            await connection.run_sync(table.create)
        await connection.commit()
        async with connection.begin():
            await connection.run_sync(database.adapter.begin_snapshot)
            facts, unreadable = await connection.run_sync(_fold_all, database.dialect, tables)
            compared = await connection.run_sync(_compare_all, tables)
        if compare_only or all(table.same for table in compared):
            return Rebuilt(facts=facts, unreadable=unreadable, tables=compared, replaced=False)
        if await database.adapter.others_use(connection):
            message = "The projections differ, and a server uses the database: stop it, then rebuild again."
            raise RejectedInput((Located(rule="database-in-use", message=message),))
        await _replace(connection, tables)
        return Rebuilt(facts=facts, unreadable=unreadable, tables=compared, replaced=True)


def _temporary_tables() -> ProjectionTables:
    metadata = MetaData()
    plain = ProjectionTables()
    made = {name: _temporary(getattr(plain, name), metadata) for name in plain.__slots__}
    return ProjectionTables(**made)


def _temporary(table: Table, metadata: MetaData) -> Table:
    columns = [
        Column(column.name, column.type, primary_key=column.primary_key, nullable=column.nullable)
        for column in table.columns
    ]
    return Table(f"rebuilt_{table.name}", metadata, *columns, prefixes=["TEMPORARY"])


def _fold_all(connection: Connection, dialect: str, tables: ProjectionTables) -> tuple[int, int]:
    """Fold the whole journal; return how many facts there were, and how many could not be read."""
    projector, known = Projector(dialect, tables), Known()
    count = unreadable = 0
    for rows in _batches(connection):
        numbered: list[tuple[int, AnyFact]] = []
        for seq, payload in rows:
            try:
                numbered.append((seq, _decoder.decode(payload)))
            except msgspec.MsgspecError:
                unreadable += 1
        known.learn(*projector.write(connection, known, numbered))
        count += len(rows)
    return count, unreadable


def _batches(connection: Connection) -> Iterator[list[tuple[int, str]]]:
    after = -1
    while True:
        query = select(journal.c.seq, _payload).where(journal.c.seq > after).order_by(journal.c.seq)
        rows = [(seq, payload) for seq, payload in connection.execute(query.limit(AT_ONCE))]
        if not rows:
            return
        yield rows
        after = rows[-1][0]


def _compare_all(connection: Connection, made: ProjectionTables) -> tuple[Compared, ...]:
    pairs = zip(ProjectionTables().all(), made.all(), strict=True)
    return tuple(_compare(connection, kept, fresh) for kept, fresh in pairs)


def _compare(connection: Connection, kept: Table, fresh: Table) -> Compared:
    rows: int = connection.execute(select(func.count()).select_from(fresh)).scalar_one()
    keys_kept, keys_fresh = select(*kept.primary_key.columns), select(*fresh.primary_key.columns)
    wrong = except_(select(fresh), select(kept)).subquery()
    superfluous = except_(keys_kept, keys_fresh).subquery()
    names = [column.name for column in kept.primary_key.columns]
    named = [
        "/".join(str(value) for value in row)
        for found in (wrong, superfluous)
        for row in connection.execute(select(*(found.c[name] for name in names)).limit(NAMED_KEYS))
    ]
    return Compared(
        table=kept.name,
        rows=rows,
        wrong=connection.execute(select(func.count()).select_from(wrong)).scalar_one(),
        superfluous=connection.execute(select(func.count()).select_from(superfluous)).scalar_one(),
        keys=tuple(named[:NAMED_KEYS]),
    )


async def _replace(connection: AsyncConnection, made: ProjectionTables) -> None:
    async with connection.begin():
        for kept, fresh in zip(ProjectionTables().all(), made.all(), strict=True):
            await connection.execute(delete(kept))
            names = [column.name for column in kept.columns]
            await connection.execute(insert(kept).from_select(names, select(*(fresh.c[name] for name in names))))
