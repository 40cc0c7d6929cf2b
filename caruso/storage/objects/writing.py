"""Write objects into the tables of their class. Works on one connection, in one transaction; decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table, and_, delete, insert, update

from caruso.business_objects.model import ListAttribute
from caruso.script_engine.turns import Value
from caruso.script_engine.values import to_plain
from caruso.storage.objects.mapping import ClassTables
from caruso.storage.objects.rows import stored_value


def insert_object(connection: Connection, tables: ClassTables, values: Mapping[str, Value]) -> dict[str, Value]:
    """Write a new object; return its values with the key that the database gave it."""
    made = dict(values)
    row = _row_of(tables, values, "")
    if tables.of.extra:
        row[tables.of.extra] = _extra(tables, values)
    result = connection.execute(insert(tables.main).values(row))
    for attribute, counted in zip(tables.of.keys, result.inserted_primary_key or (), strict=False):
        if attribute.name not in made:
            made[attribute.name] = counted
    _write_seconds(connection, tables, made)
    for listed in tables.of.lists.values():
        _write_list(connection, tables, listed, made)
    return made


def update_object(
    connection: Connection, tables: ClassTables, before: Mapping[str, Value], changes: Mapping[str, Value]
) -> None:
    """Write what is changed of an object."""
    after = {**before, **changes}
    row = _row_of(tables, changes, "")
    if tables.of.extra and any(_is_extra(tables, name) for name in changes):
        row[tables.of.extra] = _extra(tables, after)
    if row:
        connection.execute(update(tables.main).where(_main_key(tables, before)).values(row))
    if any(tables.of.attributes[name].table for name in changes if name in tables.of.attributes):
        _write_seconds(connection, tables, after)
    for name, listed in tables.of.lists.items():
        if name in changes:
            connection.execute(delete(tables.lists[name]).where(_list_key(tables, listed, before)))
            _write_list(connection, tables, listed, after)


def delete_object(connection: Connection, tables: ClassTables, before: Mapping[str, Value]) -> None:
    """Delete an object with its lists and what it has in second tables."""
    for name, listed in tables.of.lists.items():
        connection.execute(delete(tables.lists[name]).where(_list_key(tables, listed, before)))
    for second in tables.of.tables:
        table = tables.seconds[second.name]
        joins = and_(*(table.c[join.to] == before[join.of] for join in second.joins))
        connection.execute(delete(table).where(joins))
    connection.execute(delete(tables.main).where(_main_key(tables, before)))


def _row_of(tables: ClassTables, values: Mapping[str, Value], table: str) -> dict[str, Any]:
    return {
        attribute.column: stored_value(attribute, _plain(attribute.kind, values[name]))
        for name, attribute in tables.of.attributes.items()
        if attribute.table == table and name in values
    }


def _plain(kind: str, value: Value) -> Any:
    return to_plain(value) if kind == "data" else value


def _write_seconds(connection: Connection, tables: ClassTables, values: Mapping[str, Value]) -> None:
    for second in tables.of.tables:
        table = tables.seconds[second.name]
        keys = {join.to: values[join.of] for join in second.joins}
        row = {name: value for name, value in _row_of(tables, values, second.name).items() if name not in keys}
        if not row:
            continue
        where = and_(*(table.c[name] == value for name, value in keys.items()))
        if not connection.execute(update(table).where(where).values(row)).rowcount and any(
            value is not None for value in row.values()
        ):
            connection.execute(insert(table).values({**keys, **row}))


def _write_list(
    connection: Connection, tables: ClassTables, listed: ListAttribute, values: Mapping[str, Value]
) -> None:
    table: Table = tables.lists[listed.name]
    items = values.get(listed.name)
    if not isinstance(items, tuple) or not items:
        return
    keys = {join.to: values[join.of] for join in listed.joins}
    rows: list[dict[str, Any]] = [{**keys, listed.column: item} for item in items]
    if listed.position:
        rows = [{**row, listed.position: number} for number, row in enumerate(rows)]
    connection.execute(insert(table), rows)


def _main_key(tables: ClassTables, values: Mapping[str, Value]) -> Any:
    return and_(*(tables.main.c[key.column] == values[key.name] for key in tables.of.keys))


def _list_key(tables: ClassTables, listed: ListAttribute, values: Mapping[str, Value]) -> Any:
    table = tables.lists[listed.name]
    return and_(*(table.c[join.to] == values[join.of] for join in listed.joins))


def _is_extra(tables: ClassTables, name: str) -> bool:
    of = tables.of
    return not any(name in group for group in (of.attributes, of.lists, of.firsts, of.computed, of.relations))


def _extra(tables: ClassTables, values: Mapping[str, Value]) -> dict[str, Any]:
    return {
        name: to_plain(value) for name, value in values.items() if _is_extra(tables, name) and value is not None
    }
