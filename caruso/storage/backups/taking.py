"""Take a back-up while the server works: one state of the database, and the files that belong to it.

SQLite copies itself (``VACUUM INTO``), which is one read transaction and keeps no writer waiting. Of PostgreSQL
the rows of our tables are copied (``COPY … TO``) in one read-only transaction with one snapshot: that needs no
program of PostgreSQL's of the right version beside the server, and is restored into any later one. Of MariaDB they
are read likewise, and written as lines of JSON.

Files are copied after the database: they are written before their rows and never changed, so all that the rows
name are there, unless somebody had them erased meanwhile.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

import caruso
from caruso.clock import Clock
from caruso.errors import Located, RejectedInput
from caruso.storage.adapters.adapter import StorageAdapter
from caruso.storage.backups import manifest as m
from caruso.storage.backups.model_tables import made_tables, statements_for, triggers_of
from caruso.storage.backups.rows import write_rows
from caruso.storage.engine import Database, translated_errors
from caruso.storage.migrations import database_state
from caruso.storage.tables.columns import metadata

#: Seconds a back-up may take.
TIMEOUT_SECONDS = 12 * 3600.0
#: Bytes copied at once.
PIECE = 1 << 20
#: Alembic's own table: which step the database is at comes back by taking the steps again.
STEP_TABLE = "alembic_version"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What is backed up."""

    database: Database
    #: Everything the server writes besides the database.
    data: Path
    #: The server's own secret, wherever it is.
    secret: Path
    #: Below `data`, but not worth keeping: what is made again, and back-ups themselves.
    leave_out: tuple[Path, ...] = ()


async def take(source: Source, folder: Path, clock: Clock) -> tuple[Path, m.Manifest]:
    """Take a back-up into a new folder below `folder`; return where it is, and its manifest.

    Raises `StorageUnavailable`, `OSError` (no room), and `RejectedInput` when the database is of another version
    or there is a back-up of this second already. Nothing is left of one that could not be finished.
    """
    state = await database_state(source.database)
    if state.current is None or not state.up_to_date:
        message = f"The database is at step {state.current or 'none'}; this version backs up {state.needed}."
        raise RejectedInput(
            (Located(rule="schema-version", message=message, suggestion="run `caruso db upgrade`"),)
        )
    require_known_engine(source.database.adapter)
    made_at = clock.now()
    target = folder / m.name_of(made_at)
    part = target.with_name(target.name + m.PART)
    if target.exists() or part.exists():
        raise RejectedInput((Located(rule="backup-exists", message="There is one already.", file=str(target)),))
    try:
        await asyncio.to_thread(_make_folders, part)
        copy = _copy_sqlite if source.database.dialect == "sqlite" else _copy_tables
        last_fact, stored, tables, kept = await copy(source.database, part)
        files, missing = await asyncio.to_thread(_copy_files, source, part, stored)
        manifest = m.Manifest(
            format=m.FORMAT,
            made_at=made_at,
            caruso=caruso.__version__,
            engine=source.database.dialect,
            step=state.current,
            last_fact=last_fact,
            files=(*kept, *files),
            tables=tables,
            missing=missing,
        )
        await asyncio.to_thread(_finish, part, target, manifest)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return target, manifest


def require_known_engine(adapter: StorageAdapter) -> None:
    """Raise `RejectedInput` for an engine of which back-ups do not know what it takes."""
    if not (adapter.name in {"sqlite", "postgresql"} or adapter.rows_are_all):
        message = f"Caruso cannot back up {adapter.name}, nor restore it."
        suggestion = "use what comes with the database, and copy the data folder after it"
        raise RejectedInput((Located(rule="engine-without-backups", message=message, suggestion=suggestion),))


#: Number of the last fact, the files that rows name, tables, files written.
_Copied = tuple[int, Sequence[str], tuple[m.KeptTable, ...], tuple[m.KeptFile, ...]]


async def _copy_sqlite(database: Database, part: Path) -> _Copied:
    return await asyncio.to_thread(_vacuum_into, database, part)


def _vacuum_into(database: Database, part: Path) -> _Copied:
    target = part / m.SQLITE_FILE
    os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o600))
    with translated_errors(), closing(sqlite3.connect(str(database.file), isolation_level=None)) as connection:
        try:
            connection.execute("VACUUM INTO ?", (str(target),))
        except sqlite3.OperationalError as error:
            raise OSError(f"the database could not be copied: {error}") from error
    with closing(sqlite3.connect(target)) as copy:
        last: int = copy.execute("SELECT coalesce(max(seq), 0) FROM journal").fetchone()[0]
        stored = [row[0] for row in copy.execute("SELECT id FROM stored_files")]
    return last, stored, (), (_kept(target, part),)


async def _copy_tables(database: Database, part: Path) -> _Copied:
    postgres = database.dialect == "postgresql"
    async with database.session(timeout_seconds=TIMEOUT_SECONDS) as connection, connection.begin():
        await connection.run_sync(database.adapter.begin_snapshot)
        made = await connection.run_sync(made_tables)
        names = [*await connection.run_sync(table_names), *made]
        last = (await connection.execute(text("SELECT coalesce(max(seq), 0) FROM journal"))).scalar_one()
        stored = (await connection.execute(text("SELECT id FROM stored_files"))).scalars().all()
        tables = []
        for name in names:
            columns = await connection.run_sync(_columns, name)
            path = f"{m.DATABASE}/{name}.{'copy' if postgres else 'rows'}"
            with _created(part / path) as output:
                if postgres:
                    rows = await _copy_by_postgres(connection, name, columns, output)
                else:
                    rows = await connection.run_sync(write_rows, name, columns, output)
            tables.append(
                m.KeptTable(
                    name=name,
                    columns=tuple(columns),
                    rows=rows,
                    path=path,
                    made_by=await connection.run_sync(statements_for, name) if name in made else (),
                    followed_by=await connection.run_sync(triggers_of, name) if name in made else (),
                )
            )
    kept = await asyncio.to_thread(lambda: tuple(_kept(part / table.path, part) for table in tables))
    return int(last), stored, tuple(tables), kept


async def _copy_by_postgres(
    connection: AsyncConnection, name: str, columns: Sequence[str], output: IO[bytes]
) -> int:
    driver: Any = (await connection.get_raw_connection()).driver_connection
    written: str = await driver.copy_from_table(name, output=output, columns=columns)
    return int(written.rpartition(" ")[2])


def table_names(connection: Connection) -> list[str]:
    """Return those of our tables that are there, such that what is referred to comes first."""
    there = set(inspect(connection).get_table_names())
    return [str(table.name) for table in metadata.sorted_tables if table.name in there]


def _columns(connection: Connection, table: str) -> list[str]:
    return [str(column["name"]) for column in inspect(connection).get_columns(table)]


def _copy_files(
    source: Source, part: Path, stored: Iterable[str]
) -> tuple[tuple[m.KeptFile, ...], tuple[str, ...]]:
    kept = []
    for path in _worth_keeping(source):
        name = path.relative_to(source.data).as_posix()
        found = _copy(path, part / m.DATA / name, part)
        if found is not None:
            kept.append(found)
    secret = f"{m.DATA}/secret"
    if source.secret.exists() and all(file.path != secret for file in kept):
        found = _copy(source.secret, part / secret, part)
        kept += [found] if found is not None else []
    there = {Path(file.path).name for file in kept}
    return tuple(kept), tuple(sorted(file for file in stored if file not in there))


def _worth_keeping(source: Source) -> Iterator[Path]:
    """Give the files of the data folder, without the database and what is made again."""
    left_out = {path.absolute() for path in source.leave_out}
    database = source.database.file.absolute() if source.database.file is not None else None
    for folder, folders, files in os.walk(source.data):
        here = Path(folder).absolute()
        folders[:] = sorted(name for name in folders if here / name not in left_out)
        for name in sorted(files):
            path = here / name
            of_database = (
                database is not None and path.parent == database.parent and name.startswith(database.name)
            )
            if not of_database and not name.endswith(m.PART) and not path.is_symlink():
                yield Path(folder) / name


def _copy(path: Path, target: Path, root: Path) -> m.KeptFile | None:
    """Copy a file; None when it has been erased meanwhile."""
    try:
        opened = path.open("rb")
    except FileNotFoundError:
        return None
    target.parent.mkdir(parents=True, exist_ok=True)
    checksum, size = hashlib.sha256(), 0
    with opened, _created(target) as output:
        while piece := opened.read(PIECE):
            checksum.update(piece)
            size += len(piece)
            output.write(piece)
        _write_through(output)
    return m.KeptFile(path=target.relative_to(root).as_posix(), size=size, sha256=checksum.hexdigest())


def _kept(path: Path, root: Path) -> m.KeptFile:
    checksum, size = hashlib.sha256(), 0
    with path.open("rb") as opened:
        while piece := opened.read(PIECE):
            checksum.update(piece)
            size += len(piece)
        os.fsync(opened.fileno())
    return m.KeptFile(path=path.relative_to(root).as_posix(), size=size, sha256=checksum.hexdigest())


def _created(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")


def _write_through(output: IO[bytes]) -> None:
    output.flush()
    os.fsync(output.fileno())


def _make_folders(part: Path) -> None:
    part.mkdir(parents=True, mode=0o700)
    (part / m.DATABASE).mkdir()


def _finish(part: Path, target: Path, manifest: m.Manifest) -> None:
    m.write_manifest(part, manifest)
    part.rename(target)
    descriptor = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
