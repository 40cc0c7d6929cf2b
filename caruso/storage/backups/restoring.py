"""Put a back-up in the place of what is there: all of it is verified before anything is touched.

Files come first, then the database in one step (SQLite: a rename, PostgreSQL: a transaction), so that whatever
interrupts it there is either the old database or the new one, with all its files. MariaDB knows no such step: what
was interrupted there has to be done again. What was replaced stays beside it (SQLite) until somebody deletes it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, column, delete, exists, func, inspect, select, table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from caruso.clock import Clock
from caruso.errors import Located, RejectedInput
from caruso.storage.audit_triggers import create_triggers, drop_triggers
from caruso.storage.backups import manifest as m
from caruso.storage.backups.rows import insert_rows
from caruso.storage.backups.taking import STEP_TABLE, TIMEOUT_SECONDS, Source, require_known_engine, table_names
from caruso.storage.checking import check_file
from caruso.storage.migrations import NEWEST, known_steps, upgrade_within
from caruso.storage.objects.words import WORDS
from caruso.storage.tables.customers import object_search
from caruso.storage.usage import file_in_use


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was done."""

    manifest: m.Manifest
    #: Where the database is that was there before; None when there was none, or it was PostgreSQL's.
    kept: Path | None
    #: Files that were written; those that were there already, byte for byte, are not.
    written: int


async def restore(folder: Path, target: Source, clock: Clock, *, replace: bool = False) -> Restored:
    """Restore the back-up in `folder`; `replace`: also over a database that is not empty.

    Raises `RejectedInput` with everything that is wrong: with the back-up, or because a server uses the database,
    or because there are data in it. Nothing has been touched then.
    """
    engine = target.database.dialect
    require_known_engine(target.database.adapter)
    manifest = await asyncio.to_thread(m.verify, folder, await asyncio.to_thread(known_steps))
    if manifest.engine != engine:
        message = (
            f"The back-up is of {manifest.engine}, the database set is {engine}: set database.url to restore it."
        )
        raise RejectedInput((Located(rule="other-engine", message=message, file=str(folder)),))
    if engine == "sqlite":
        return await asyncio.to_thread(_restore_sqlite, folder, manifest, target, clock, replace=replace)
    return await _restore_tables(folder, manifest, target, replace=replace)


def _restore_sqlite(
    folder: Path, manifest: m.Manifest, target: Source, clock: Clock, *, replace: bool
) -> Restored:
    path = target.database.file
    assert path is not None  # noqa: S101 -- it is SQLite
    kept = None
    if path.exists() and path.stat().st_size:
        if file_in_use(path):
            raise _in_use(str(path))
        if not replace:
            raise _not_empty(str(path))
        kept = path.with_name(f"{path.name}.before-{m.name_of(clock.now()).removeprefix('caruso-')}")
    written = _restore_files(folder, manifest, target)
    draft = path.with_name(path.name + m.PART)
    path.parent.mkdir(parents=True, exist_ok=True)
    _copy(folder / m.SQLITE_FILE, draft)
    if kept is not None:
        # A link, so that there is a database at every moment.
        kept.hardlink_to(path)
    for end in ("-wal", "-shm"):  # only of a database that is too damaged to be closed has them still
        left_over = path.with_name(path.name + end)
        if kept is not None and left_over.exists():
            kept.with_name(kept.name + end).hardlink_to(left_over)
        left_over.unlink(missing_ok=True)
    draft.replace(path)
    return Restored(manifest=manifest, kept=kept, written=written)


async def _restore_tables(folder: Path, manifest: m.Manifest, target: Source, *, replace: bool) -> Restored:
    async with target.database.session(timeout_seconds=TIMEOUT_SECONDS) as connection:
        if await target.database.adapter.others_use(connection):
            raise _in_use("")
        there = await connection.run_sync(_has_rows, manifest)
        await connection.rollback()
        if there and not replace:
            raise _not_empty("")
        written = await asyncio.to_thread(_restore_files, folder, manifest, target)
        fill = _fill_postgres if target.database.dialect == "postgresql" else _fill_with_rows
        async with connection.begin():
            await connection.run_sync(_empty, manifest)
            await connection.run_sync(upgrade_within, manifest.step)
            await fill(connection, folder, manifest)
    return Restored(manifest=manifest, kept=None, written=written)


async def _fill_postgres(connection: AsyncConnection, folder: Path, manifest: m.Manifest) -> None:
    driver: Any = (await connection.get_raw_connection()).driver_connection
    await connection.run_sync(_make_model_tables, manifest)
    for kept in manifest.tables:
        # What the steps put there, and what would be noted as a change. The words of objects are indexed.
        if kept.name != object_search.name:
            await connection.execute(text(f'ALTER TABLE "{kept.name}" DISABLE TRIGGER USER'))
        await connection.execute(delete(table(kept.name)))
    for kept in manifest.tables:
        await driver.copy_to_table(kept.name, source=folder / kept.path, columns=kept.columns)
    for kept in manifest.tables:
        await connection.execute(text(f'ALTER TABLE "{kept.name}" ENABLE TRIGGER USER'))
        for statement in kept.followed_by if manifest.step == NEWEST else ():
            await connection.exec_driver_sql(statement)
    await connection.run_sync(_set_counters)


async def _fill_with_rows(connection: AsyncConnection, folder: Path, manifest: m.Manifest) -> None:
    await connection.run_sync(drop_triggers)  # rows that come back are no changes
    await connection.run_sync(_make_model_tables, manifest)
    for kept in reversed(manifest.tables):
        await connection.execute(delete(table(kept.name)))
    for kept in manifest.tables:
        await connection.run_sync(insert_rows, kept.name, kept.columns, folder / kept.path)
    if manifest.step == NEWEST:  # else they come with the steps that follow
        await connection.run_sync(create_triggers)
        for statement in (each for kept in manifest.tables for each in kept.followed_by):
            await connection.exec_driver_sql(statement)


def _make_model_tables(connection: Connection, manifest: m.Manifest) -> None:
    for statement in (each for kept in manifest.tables for each in kept.made_by):
        connection.exec_driver_sql(statement)


def _has_rows(connection: Connection, manifest: m.Manifest) -> bool:
    """Tell whether any table that is to be replaced has rows."""
    tables = [*table_names(connection), *(name for name in _made(manifest) if inspect(connection).has_table(name))]
    return any(connection.execute(select(exists().select_from(table(name)))).scalar() for name in tables)


def _made(manifest: m.Manifest) -> list[str]:
    return [kept.name for kept in manifest.tables if kept.made_by]


def _empty(connection: Connection, manifest: m.Manifest) -> None:
    for name in (STEP_TABLE, WORDS, *_made(manifest), *reversed(table_names(connection))):
        connection.execute(text(f'DROP TABLE IF EXISTS "{name}" CASCADE'))


def _set_counters(connection: Connection) -> None:
    """Let what counts by itself go on after the highest number there is."""
    counters = text(
        "SELECT table_name, column_name, pg_get_serial_sequence(quote_ident(table_name), column_name) "
        "FROM information_schema.columns WHERE table_schema = current_schema() "
        "AND pg_get_serial_sequence(quote_ident(table_name), column_name) IS NOT NULL"
    )
    for name, counter, sequence in connection.execute(counters).all():
        highest: int | None = connection.execute(
            select(func.max(column(counter))).select_from(table(name))
        ).scalar()
        values = {"sequence": sequence, "value": highest or 1, "used": highest is not None}
        connection.execute(text("SELECT setval(:sequence, :value, :used)"), values)


def _restore_files(folder: Path, manifest: m.Manifest, target: Source) -> int:
    """Write the files that are not there, or are others; return how many."""
    written = 0
    for name, file in m.by_path(manifest).items():
        goal = target.secret if name == "secret" else target.data / name
        if check_file(goal, size=file.size, sha256=file.sha256) is None:
            continue
        goal.parent.mkdir(parents=True, exist_ok=True)
        draft = goal.with_name(goal.name + m.PART)
        _copy(folder / file.path, draft)
        draft.replace(goal)
        written += 1
    return written


def _copy(path: Path, target: Path) -> None:
    with path.open("rb") as opened:
        target.unlink(missing_ok=True)
        with os.fdopen(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as output:
            shutil.copyfileobj(opened, output)
            output.flush()
            os.fsync(output.fileno())


def _in_use(file: str) -> RejectedInput:
    message = "A server, or another program, uses the database: stop it first."
    return RejectedInput((Located(rule="database-in-use", message=message, file=file),))


def _not_empty(file: str) -> RejectedInput:
    message = "There are data in the database."
    return RejectedInput(
        (
            Located(
                rule="database-not-empty",
                message=message,
                file=file,
                suggestion="--replace puts the back-up there",
            ),
        )
    )
