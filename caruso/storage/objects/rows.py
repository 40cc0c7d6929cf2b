"""Read objects: rows to values of a script, with their lists. Works on one connection, decides nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, RowMapping, Select, and_, or_, select

from caruso.business_objects.model import Attribute, Kind, ListAttribute
from caruso.script_engine.turns import Value
from caruso.script_engine.values import to_json, to_value
from caruso.storage.adapters.adapter import encode_json
from caruso.storage.objects.mapping import EXTRA, KEYS, ClassTables

#: An attribute to sort by, and whether the greatest comes first.
Order = tuple[str, bool]
#: What chooses among objects and puts them in order.
Pick = Callable[[list[dict[str, Value]]], list[dict[str, Value]]]
#: Characters of an object's version.
_VERSION_LENGTH = 16


def fetch(
    connection: Connection,
    tables: ClassTables,
    criteria: Sequence[ColumnElement[bool]],
    *,
    order: Sequence[Order] = (),
    limit: int,
    offset: int = 0,
    lock: bool = False,
    pick: Pick = list,
) -> list[dict[str, Value]]:
    """Return objects as values of a script, in a steady order; `lock` keeps others from changing them.

    `pick` chooses among them before their lists are read.
    """
    dialect = connection.dialect.name
    query = reading(tables, criteria, dialect, order=order, limit=limit, offset=offset)
    if lock:
        query = query.with_for_update(of=tables.main)
    return read(connection, tables, query, pick=pick)


def reading(
    tables: ClassTables,
    criteria: Sequence[ColumnElement[bool]],
    dialect: str,
    *,
    order: Sequence[Order] = (),
    limit: int,
    offset: int = 0,
) -> Select[Any]:
    """Return a statement for `read`; what is asked for often is made once: that takes longer than to run it."""
    return tables.select().where(*criteria).order_by(*_ordered(tables, order, dialect)).limit(limit).offset(offset)


def read(
    connection: Connection,
    tables: ClassTables,
    query: Select[Any],
    bound: Mapping[str, Any] | None = None,
    *,
    pick: Pick = list,
) -> list[dict[str, Value]]:
    """Return objects as values of a script; `bound` are the values of what `query` leaves open."""
    found = pick([_values(tables, row) for row in connection.execute(query, bound).mappings()])
    for listed in tables.of.lists.values():
        _add_list(connection, tables, listed, found)
    return found


def version_of(values: Mapping[str, Value]) -> str:
    """Return what tells one state of an object from another."""
    kept = {name: to_json(value) for name, value in sorted(values.items())}
    return hashlib.sha256(encode_json(kept).encode()).hexdigest()[:_VERSION_LENGTH]


def stored_value(attribute: Attribute, value: Value) -> Any:
    """Return what stands in the column for a value."""
    if attribute.kind is Kind.CHOICE and value is not None:
        return next(each.stored for each in attribute.values if each.name == value)
    return value


def _ordered(tables: ClassTables, order: Sequence[Order], dialect: str) -> list[ColumnElement[Any]]:
    of = tables.of
    wanted = list(order) or ([(of.order, False)] if of.order else [])
    terms: list[ColumnElement[Any]] = []
    for name, descending in wanted:
        column = tables.source.columns[name]
        term = column.desc() if descending else column.asc()
        if of.attributes[name].required:
            terms.append(term)
        elif dialect == "mariadb":  # which has no words for it
            terms += [column.is_(None), term]
        else:
            terms.append(term.nulls_last())
    named = {name for name, _ in wanted}
    return terms + [tables.source.columns[key.name].asc() for key in of.keys if key.name not in named]


def _values(tables: ClassTables, row: RowMapping) -> dict[str, Value]:
    values: dict[str, Value] = {}
    if tables.of.extra:
        extra = to_value(row[EXTRA])
        values.update(extra if isinstance(extra, dict) else {})
    for name, attribute in tables.of.attributes.items():
        values[name] = read_value(attribute, row[name])
    return values


def read_value(attribute: Attribute, stored: Any) -> Value:
    """Return the value of what stands in a column."""
    if attribute.kind is Kind.CHOICE:
        return next((each.name for each in attribute.values if each.stored == stored), stored)
    return to_value(stored)


def _add_list(
    connection: Connection, tables: ClassTables, listed: ListAttribute, objects: Sequence[dict[str, Value]]
) -> None:
    """Add the values of a list to all objects, by one statement."""
    ours = [join.of for join in listed.joins]
    keys = [tuple(each[name] for name in ours) for each in objects]
    by_key: dict[tuple[Value, ...], list[Value]] = {}
    if keys:
        for row in _of_those(connection, tables, listed, keys):
            by_key.setdefault(tuple(row[:-1]), []).append(to_value(row[-1]))
    for each, key in zip(objects, keys, strict=True):
        each[listed.name] = tuple(by_key.get(key, ()))
        if listed.first:
            each[listed.first] = next(iter(by_key.get(key, ())), "")


def _of_those(
    connection: Connection, tables: ClassTables, listed: ListAttribute, keys: Sequence[tuple[Value, ...]]
) -> Iterable[Row[Any]]:
    """Return rows of a list's table: the key they are found by, and a value."""
    if len(listed.joins) == 1:
        return connection.execute(tables.by_key[listed.name], {KEYS: [key[0] for key in keys]})
    theirs = [tables.lists[listed.name].c[join.to] for join in listed.joins]
    wanted = or_(*(and_(*(c == part for c, part in zip(theirs, key, strict=True))) for key in keys))
    return connection.execute(tables.values_of(listed).where(wanted))


def places_in_list(
    connection: Connection, tables: ClassTables, listed: ListAttribute, values: Mapping[str, Value]
) -> dict[Any, Any]:
    """Return the values of an object's list by what tells them apart: their place, where there is one."""
    table = tables.lists[listed.name]
    mine = (table.c[join.to] == values[join.of] for join in listed.joins)
    query = select(table.c[listed.position or listed.column], table.c[listed.column]).where(*mine)
    return {row[0]: row[1] for row in connection.execute(query)}
