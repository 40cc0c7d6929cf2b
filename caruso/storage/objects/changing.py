"""Carry out what is planned for an object: written, audited and indexed together, in one transaction or two.

In our own database triggers write the audit. Objects of another database are audited here, before they are
written, since no transaction spans two databases: what the audit says may not have come about when the server died
in between, but nothing comes about that it does not say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection

from caruso.business_objects.keys import key_text
from caruso.business_objects.model import OWN
from caruso.errors import IllegalMove
from caruso.model.acting import Actor
from caruso.model.asker import Asker
from caruso.script_engine.turns import Value
from caruso.storage.audit import acting_for, forget_actor, tell_actor
from caruso.storage.objects import auditing, words
from caruso.storage.objects.databases import Databases
from caruso.storage.objects.mapping import ClassTables
from caruso.storage.objects.rows import fetch, version_of
from caruso.storage.objects.writing import delete_object, insert_object, update_object


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What is to be written: changes of an object, a new one (no `before`), or none any more (no `after`)."""

    key: str
    before: Mapping[str, Value] | None
    after: Mapping[str, Value] | None
    changes: Mapping[str, Value]


async def write(
    databases: Databases,
    tables: ClassTables,
    key: ColumnElement[bool] | None,
    plan: Callable[[Mapping[str, Value] | None], Planned],
    asker: Asker,
    at: datetime,
) -> Mapping[str, Value]:
    """Write what is planned of the object as it is; return it as it was written."""
    actor = acting_for(asker.user)
    if tables.of.database == OWN:
        return await databases.own.change(lambda c: _in_one(c, tables, key, plan, actor))
    return await _in_two(databases, tables, key, plan, actor, at)


async def _in_two(
    databases: Databases,
    tables: ClassTables,
    key: ColumnElement[bool] | None,
    plan: Callable[[Mapping[str, Value] | None], Planned],
    actor: Actor,
    at: datetime,
) -> Mapping[str, Value]:
    """Write an object of another database: the audit first, where the key is known."""
    of, own, other = tables.of, databases.own, databases[tables.of.database]
    before = await other.look_up(lambda c: _read(c, tables, key)) if key is not None else None
    planned = plan(before)
    line: int | None = None
    if planned.before is not None:
        line = await own.change(
            lambda c: auditing.write_line(c, of, planned.key, planned.before, planned.after, actor, at)
        )
    try:
        written = await other.change(lambda c: _carried_out(c, tables, _still(c, tables, key, planned)))
    except BaseException:
        await own.change(lambda c: auditing.take_back(c, line))
        raise
    text = key_text(of, written)

    def follow(connection: Connection) -> None:
        if planned.before is None:
            auditing.write_line(connection, of, text, None, written, actor, at)
        words.index(connection, of, text, written if planned.after is not None else None)

    await own.change(follow)
    return written


def _in_one(
    connection: Connection,
    tables: ClassTables,
    key: ColumnElement[bool] | None,
    plan: Callable[[Mapping[str, Value] | None], Planned],
    actor: Actor,
) -> Mapping[str, Value]:
    """Read, decide, write and index in one transaction, of which the triggers know who acts."""
    tell_actor(connection, actor)
    before = _locked(connection, tables, key) if key is not None else None
    planned = plan(before)
    written = _carried_out(connection, tables, planned)
    text = key_text(tables.of, written)
    words.index(connection, tables.of, text, written if planned.after is not None else None)
    forget_actor(connection)
    return written


def _read(connection: Connection, tables: ClassTables, key: ColumnElement[bool]) -> Mapping[str, Value] | None:
    return next(iter(fetch(connection, tables, [key], limit=1)), None)


def _locked(connection: Connection, tables: ClassTables, key: ColumnElement[bool]) -> Mapping[str, Value] | None:
    return next(iter(fetch(connection, tables, [key], limit=1, lock=True)), None)


def _still(
    connection: Connection, tables: ClassTables, key: ColumnElement[bool] | None, planned: Planned
) -> Planned:
    """Return what was planned if the object is still as it was."""
    if key is not None and planned.before is not None:
        present = _locked(connection, tables, key)
        if present is None or version_of(present) != version_of(planned.before):
            raise IllegalMove(f"This {tables.of.label()} was changed meanwhile: look at it again.")
    return planned


def _carried_out(connection: Connection, tables: ClassTables, planned: Planned) -> Mapping[str, Value]:
    if planned.before is None:
        return insert_object(connection, tables, planned.changes)
    if planned.after is None:
        delete_object(connection, tables, planned.before)
        return planned.before
    if planned.changes:
        update_object(connection, tables, planned.before, planned.changes)
    return planned.after
