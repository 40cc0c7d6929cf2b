"""Which tables hold the objects of a class, as the audit follows them; and what is kept of other databases.

In our own database triggers write the audit (`caruso.storage.audit_triggers`), whoever changes a row. In those of
the company we make none: there what is written through us is kept, by `changing`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, delete, insert, or_, select

from caruso.business_objects.model import OWN, Join, Model, ObjectClass
from caruso.model.acting import Actor
from caruso.script_engine.turns import Value
from caruso.script_engine.values import to_plain
from caruso.storage.audited import AUDITED, MODELS_PREFIX, AuditedTable
from caruso.storage.objects.mapping import ClassTables, mapped
from caruso.storage.tables.changes import audit_off, record_changes

#: Lines of one history at most.
LONGEST_HISTORY = 1_000

#: Tables of ours that models describe as well.
_ALWAYS: Mapping[str, AuditedTable] = {each.table.name: each for each in AUDITED}


def audited_tables(model: Model) -> list[AuditedTable]:
    """Return the tables of a model's classes in our own database that need triggers, each once."""
    found: dict[str, AuditedTable] = {}
    for tables in mapped(model).tables.values():
        if tables.of.audited and tables.of.database == OWN:
            for each in tables_of(tables):
                if each.table.fullname not in _ALWAYS:
                    found.setdefault(each.table.fullname, each)
    return list(found.values())


def tables_of(tables: ClassTables) -> Iterator[AuditedTable]:
    """Give the tables of one class in our own database."""
    of = tables.of
    keys = tuple(key.column for key in of.keys)
    main = AuditedTable(table=tables.main, class_name=of.name, record=keys, prefix=MODELS_PREFIX)
    yield _ALWAYS.get(tables.main.fullname) or main
    for joins, table in (
        *((second.joins, tables.seconds[second.name]) for second in of.tables),
        *((listed.joins, tables.lists[listed.name]) for listed in of.lists.values()),
    ):
        record = _record(of, joins)
        named = AuditedTable(table=table, class_name=of.name, record=record, prefix=MODELS_PREFIX)
        yield _ALWAYS.get(table.fullname) or named


def _record(of: ObjectClass, joins: Sequence[Join]) -> tuple[str, ...]:
    """Return the columns that hold the object's key; of a table that knows it by something else, those."""
    by_attribute = {join.of: join.to for join in joins}
    names = tuple(by_attribute[key.name] for key in of.keys if key.name in by_attribute)
    return names if len(names) == len(of.keys) else tuple(by_attribute.values())


def lines_of(connection: Connection, tables: ClassTables, key: str) -> list[RowMapping]:
    """Return the lines of the audit about an object, the newest first."""
    query = select(record_changes).where(_about(tables, key)).order_by(record_changes.c.id.desc())
    return list(connection.execute(query.limit(LONGEST_HISTORY)).mappings())


def forget(connection: Connection, tables: ClassTables, key: str) -> None:
    """Delete what the audit knows of an object."""
    connection.execute(delete(record_changes).where(_about(tables, key)))


def _about(tables: ClassTables, key: str) -> ColumnElement[bool]:
    c = record_changes.c
    if tables.of.database != OWN:
        return and_(c.class_name == tables.of.name, c.record == key)
    return or_(
        *(
            and_(c.class_name == each.class_name, c.record == key, c.table_name == each.table.name)
            for each in tables_of(tables)
        )
    )


def write_line(
    connection: Connection,
    of: ObjectClass,
    key: str,
    before: Mapping[str, Value] | None,
    after: Mapping[str, Value] | None,
    actor: Actor,
    at: datetime,
) -> int | None:
    """Write what became of an object of another database; return the line's number, if there is one.

    It holds the object by attributes, for its tables are not ours.
    """
    old, new = _kept(of, before), _kept(of, after)
    off = select(audit_off.c.class_name).where(audit_off.c.class_name == of.name)
    if not of.audited or old == new or connection.execute(off).first() is not None:
        return None
    row: dict[str, Any] = {
        "at": at,
        "by": actor.user,
        "role": actor.role,
        "channel": actor.channel,
        "address": actor.address,
        "class_name": of.name,
        "record": key,
        "table_name": of.table,
        "change": "insert" if old is None else "delete" if new is None else "update",
        "old": old,
        "new": new,
    }
    number: int = connection.execute(insert(record_changes).values(row)).inserted_primary_key[0]  # type: ignore[index]
    return number


def take_back(connection: Connection, line: int | None) -> None:
    """Delete the line of a change that did not come about."""
    if line is not None:
        connection.execute(delete(record_changes).where(record_changes.c.id == line))


def _kept(of: ObjectClass, values: Mapping[str, Value] | None) -> dict[str, Any] | None:
    """Return what an object has in its tables, as plain JSON."""
    if values is None:
        return None
    left_out = {*of.computed, *of.relations, *of.firsts}
    return {name: to_plain(value) for name, value in values.items() if name not in left_out}
