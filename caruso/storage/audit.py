"""Who changed which record from what to what, and bringing an earlier state back.

The lines are written by triggers (`caruso.storage.audit_triggers`). Here a transaction tells who acts, lines are
read, and a record is put back: itself a change like any other, so that it can be undone as well.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    LargeBinary,
    RowMapping,
    Select,
    Table,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from caruso.errors import IllegalMove, NotFound
from caruso.model.acting import Actor, who_acts
from caruso.model.changes import RecordChange, RecordState
from caruso.storage.adapters.adapter import adapter_of
from caruso.storage.audited import CLASSES, SECRET, AuditedTable, tables_of
from caruso.storage.engine import Database
from caruso.storage.tables.changes import audit_off, record_changes
from caruso.storage.tables.columns import UtcDateTime

#: What a secret is when nothing is left of it: no password has this hash.
LOCKED = "!"

Row = Mapping[str, Any]
Key = tuple[Any, ...]


@asynccontextmanager
async def changing(
    database: Database, *, by: str | None = None, timeout_seconds: float | None = None
) -> AsyncIterator[AsyncConnection]:
    """Lend a connection with a transaction that tells who acts; `by` where it is not who the request came from."""
    actor = acting_for(by)
    async with database.writing(timeout_seconds=timeout_seconds) as connection:
        await connection.run_sync(tell_actor, actor)
        yield connection
        await connection.run_sync(forget_actor)


def acting_for(by: str | None) -> Actor:
    """Return who acts, as the audit is told; `by` where it is not who the request came from."""
    actor = who_acts()
    if by is not None and by != actor.user:
        return Actor(user=by)  # something that goes on by itself since: where it once began tells nothing
    return actor


def tell_actor(connection: Connection, actor: Actor) -> None:
    """Let the triggers know who acts in this transaction."""
    adapter_of(connection).tell_actor(connection, actor)


def forget_actor(connection: Connection) -> None:
    """Leave nothing for whoever writes next."""
    adapter_of(connection).forget_actor(connection)


@dataclass(frozen=True, slots=True)
class Line:
    """What a line of the audit says about a row."""

    table: str
    old: Row | None
    new: Row | None


class Audit:
    """Reads the audit, and puts records back. Implements the port `RecordHistory`."""

    def __init__(self, database: Database) -> None:
        """Read from `database`."""
        self._database = database

    async def switch_off(self, classes: Collection[str]) -> None:
        """From now on keep changes of all classes but these."""
        async with self._database.writing() as connection:
            await connection.execute(delete(audit_off))
            if classes:
                await connection.execute(insert(audit_off), [{"class_name": name} for name in sorted(classes)])

    async def changes(
        self,
        class_name: str,
        record: str | None = None,
        *,
        limit: int = 100,
        before: int | None = None,
        known: Collection[str] = CLASSES,
    ) -> Sequence[RecordChange]:
        """Return changes of a record, or of all of a class, newest first; only those `before` a number.

        Raises `NotFound` for a class that is not among those that are `known`.
        """
        _check_class(class_name, known)
        query = select(record_changes).where(record_changes.c.class_name == class_name)
        if record is not None:
            query = query.where(record_changes.c.record == record)
        if before is not None:
            query = query.where(record_changes.c.id < before)
        async with self._database.reading() as connection:
            rows = await connection.execute(query.order_by(record_changes.c.id.desc()).limit(limit))
            return [_change(row) for row in rows.mappings()]

    async def state(self, class_name: str, record: str, change: int, *, before: bool = False) -> RecordState:
        """Return a record as it was right after a change, or `before` it; raise `NotFound`."""
        _check_class(class_name)
        async with self._database.reading() as connection:
            now, then = await _states(connection, class_name, record, change, before=before)
        return RecordState(
            class_name=class_name, record=record, change=change, tables=_plain(then), now=_plain(now)
        )

    async def restore(
        self, class_name: str, record: str, change: int, *, before: bool = False, by: str | None = None
    ) -> RecordState:
        """Put a record back to what it was right after a change, or `before` it; return that.

        Secrets stay what they are now. Raises `NotFound`, and `IllegalMove` for a class that has its own way back.
        """
        _check_class(class_name)
        if not all(audited.restorable for audited in tables_of(class_name)):
            raise IllegalMove(f"Versions of {class_name} are kept for ever: put an earlier one in force again.")
        async with changing(self._database, by=by) as connection:
            now, then = await _states(connection, class_name, record, change, before=before)
            tables = tables_of(class_name)
            for audited in reversed(tables):
                await _remove(connection, audited.table, now[audited.table.name], then[audited.table.name])
            for audited in tables:
                await _put(connection, audited, now[audited.table.name], then[audited.table.name])
        return RecordState(
            class_name=class_name, record=record, change=change, tables=_plain(then), now=_plain(then)
        )


def undone(
    rows: Mapping[str, Mapping[Key, Row]], lines: Iterable[Line], keys: Mapping[str, Sequence[str]]
) -> dict[str, dict[Key, Row]]:
    """Return rows, by table and key, as they were before `lines`, which are given newest first. Pure."""
    found = {table: dict(there) for table, there in rows.items()}
    for line in lines:
        there = found[line.table]
        if line.new is not None:
            there.pop(_key(line.new, keys[line.table]), None)
        if line.old is not None:
            there[_key(line.old, keys[line.table])] = line.old
    return found


_States = dict[str, dict[Key, Row]]


async def _states(
    connection: AsyncConnection, class_name: str, record: str, change: int, *, before: bool
) -> tuple[_States, _States]:
    """Return the rows of a record now and then, as the audit writes them."""
    tables = tables_of(class_name)
    of_record = (record_changes.c.class_name == class_name, record_changes.c.record == record)
    named = select(record_changes.c.id).where(*of_record, record_changes.c.id == change)
    if (await connection.execute(named)).first() is None:
        raise NotFound(f"{class_name} {record} has no change {change}.")
    later = record_changes.c.id >= change if before else record_changes.c.id > change
    query = select(record_changes).where(*of_record, later).order_by(record_changes.c.id.desc())
    lines = [Line(row.table_name, row.old, row.new) for row in await connection.execute(query)]
    keys = {audited.table.name: [column.name for column in audited.table.primary_key] for audited in tables}
    if any(key not in (line.new or line.old or {}) for line in lines for key in keys[line.table]):
        raise IllegalMove("This change is from before whole records were kept: it can only be looked at.")
    now: _States = {}
    for audited in tables:
        rows = (await connection.execute(_of_record(audited, record))).mappings().all()
        name = audited.table.name
        now[name] = {_key(row, keys[name]): row for row in (_written(audited, row) for row in rows)}
    return now, undone(now, lines, keys)


def _of_record(audited: AuditedTable, record: str) -> Select[Any]:
    (name,) = audited.record
    return select(audited.table).where(audited.table.c[name] == record)


def _key(row: Row, names: Sequence[str]) -> Key:
    return tuple(row[name] for name in names)


def _written(audited: AuditedTable, row: RowMapping) -> Row:
    """Return a row as plain values, without its secrets."""
    return {name: SECRET if name in audited.secret else value for name, value in row.items()}


async def _remove(
    connection: AsyncConnection, table: Table, now: Mapping[Key, Row], then: Mapping[Key, Row]
) -> None:
    for key in now:
        if key not in then:
            await connection.execute(delete(table).where(*_is(table, key)))


async def _put(
    connection: AsyncConnection, audited: AuditedTable, now: Mapping[Key, Row], then: Mapping[Key, Row]
) -> None:
    table = audited.table
    for key, row in then.items():
        values = {
            column.name: _read(column, row[column.name])
            for column in table.columns
            if column.name in row and column.name not in audited.secret
        }
        if key in now:
            if audited.counts is not None:
                values[audited.counts] = now[key][audited.counts] + 1
            await connection.execute(update(table).where(*_is(table, key)).values(values))
        else:
            await connection.execute(insert(table).values(values | dict.fromkeys(audited.secret, LOCKED)))


def _is(table: Table, key: Key) -> list[Any]:
    return [column == value for column, value in zip(table.primary_key.columns, key, strict=True)]


def _read(column: Column[Any], value: Any) -> Any:
    """Return a value as the audit wrote it (JSON) as the column takes it."""
    if value is None:
        return None
    if isinstance(column.type, UtcDateTime) and isinstance(value, str):
        return datetime.fromisoformat(value)
    if isinstance(column.type, Boolean):
        return bool(value)
    if isinstance(column.type, LargeBinary) and isinstance(value, str):
        return bytes.fromhex(value.removeprefix("\\x"))
    return value


def _plain(states: _States) -> dict[str, list[dict[str, Any]]]:
    """Return rows for people to look at: bytes as text."""
    return {
        name: [{column: _shown(value) for column, value in row.items()} for row in rows.values()]
        for name, rows in states.items()
    }


def _shown(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, datetime):
        return value.isoformat()
    return value


def _change(row: RowMapping) -> RecordChange:
    return RecordChange(
        id=row["id"],
        at=row["at"],
        by=row["by"],
        role=row["role"],
        channel=row["channel"],
        address=row["address"],
        class_name=row["class_name"],
        record=row["record"],
        table=row["table_name"],
        change=row["change"],
        fields=differences(row["old"], row["new"]),
    )


def differences(old: Row | None, new: Row | None) -> dict[str, tuple[Any, Any]]:
    """Return what is another than before, by field; values within a JSON object are fields of their own. Pure."""
    before, after = _flat(old or {}), _flat(new or {})
    return {
        name: (before.get(name), after.get(name))
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name)
    }


def _flat(row: Row) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            found.update({f"{name}.{key}": item for key, item in value.items()})
        else:
            found[name] = value
    return found


def _check_class(class_name: str, known: Collection[str] = CLASSES) -> None:
    if class_name not in known:
        raise NotFound(f"There is no class {class_name}; there are {', '.join(dict.fromkeys(known))}.")
