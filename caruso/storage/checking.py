"""Look whether a database is as it should be: version, pages, journal, files. Changes nothing.

What is found is told with the rule it breaks; nothing found means that all is well.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

from sqlalchemy import Connection, func, inspect, select

from caruso.errors import Located
from caruso.storage.audit_triggers import missing_triggers
from caruso.storage.engine import Database
from caruso.storage.migrations import database_state
from caruso.storage.tables.columns import metadata
from caruso.storage.tables.journal import journal, journal_head
from caruso.storage.tables.runs import stored_files

#: Seconds for reading everything once.
TIMEOUT_SECONDS = 4 * 3600.0
#: Places told of one kind of damage; more say nothing new.
NAMED = 10
#: Rows of files read at once.
AT_ONCE = 500
#: Bytes read at once.
PIECE = 1 << 20


async def check(database: Database, files: Path) -> tuple[Located, ...]:
    """Return what is wrong with a database and the files in the folder `files` that belong to it.

    Raises `StorageUnavailable` when the database cannot be asked.
    """
    state = await database_state(database)
    if not state.up_to_date:
        has = f"at step {state.current}" if state.current else "empty"
        return (
            _finding(
                "schema-version",
                f"The database is {has}; this version needs {state.needed}.",
                suggestion="run `caruso db upgrade`",
            ),
        )
    async with database.session(timeout_seconds=TIMEOUT_SECONDS) as connection:
        damage = tuple(await connection.run_sync(database.adapter.damaged))
        if damage:
            return damage  # what is read from damaged pages means nothing
        found = [*await connection.run_sync(_tables), *await connection.run_sync(journal_gaps)]
        found += [
            _finding(
                "audit-off", f"Changes of table {table} leave no trace.", suggestion="run `caruso db upgrade`"
            )
            for table in await connection.run_sync(missing_triggers)
        ]
    found += [finding async for finding in _files(database, files)]
    return tuple(found)


def _tables(connection: Connection) -> list[Located]:
    there = set(inspect(connection).get_table_names())
    return [
        _finding("missing-table", f"Table {name} is missing.")
        for name in sorted(metadata.tables)
        if name not in there
    ]


def journal_gaps(connection: Connection) -> tuple[Located, ...]:
    """Return where numbers are missing in the journal, and whether its head fits."""
    before = func.coalesce(func.lag(journal.c.seq).over(order_by=journal.c.seq), 0)
    numbered = select(journal.c.seq, before.label("before")).subquery()
    query = select(numbered).where(numbered.c.seq != numbered.c.before + 1).order_by(numbered.c.seq).limit(NAMED)
    found = []
    for seq, last in connection.execute(query):
        missing = f"{last + 1}" if last + 2 == seq else f"{last + 1} to {seq - 1}"
        found.append(_finding("journal-gap", f"The journal has no fact {missing}."))
    newest: int | None = connection.execute(select(func.max(journal.c.seq))).scalar()
    head: int | None = connection.execute(select(journal_head.c.next_seq)).scalar()
    if head is not None and head != (newest or 0) + 1:
        found.append(_finding("journal-end", f"The journal ends with fact {newest or 0}, not with {head - 1}."))
    return tuple(found)


async def _files(database: Database, folder: Path) -> AsyncIterator[Located]:
    """Give what is wrong with uploads and recordings."""
    after = ""
    while True:
        query = select(stored_files.c.id, stored_files.c.size, stored_files.c.sha256).order_by(stored_files.c.id)
        async with database.reading() as connection:
            rows = (await connection.execute(query.where(stored_files.c.id > after).limit(AT_ONCE))).all()
        if not rows:
            return
        for file, size, sha256 in rows:
            finding = await asyncio.to_thread(check_file, folder / file[:2] / file, size=size, sha256=sha256)
            if finding is not None:
                yield finding
        after = rows[-1].id


def check_file(path: Path, *, size: int, sha256: str) -> Located | None:
    """Return what is wrong with a file: it is not there, is too short or too long, or holds something else."""
    try:
        with path.open("rb") as opened:
            checksum = hashlib.sha256()
            length = 0
            while piece := opened.read(PIECE):
                checksum.update(piece)
                length += len(piece)
    except FileNotFoundError:
        return _finding("missing-file", "The file is missing.", file=str(path))
    except OSError as error:
        return _finding("unreadable-file", f"The file cannot be read: {error.strerror}.", file=str(path))
    if length != size:
        return _finding("wrong-size", f"The file has {length} bytes instead of {size}.", file=str(path))
    if checksum.hexdigest() != sha256:
        return _finding("wrong-checksum", "The file does not hold what was written (SHA-256).", file=str(path))
    return None


def _finding(rule: str, message: str, *, file: str = "", suggestion: str = "") -> Located:
    return Located(rule=rule, message=message, file=file, suggestion=suggestion)
