"""Propose a model of a database that is there: a class for each table and view, with keys, types and relations.

The proposal is a beginning: names are made of those of tables and columns, everything can be read by agents and
nothing written, until somebody who knows the data says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import quoteattr

from sqlalchemy import Connection, inspect, types
from sqlalchemy.engine.interfaces import ReflectedForeignKeyConstraint
from sqlalchemy.engine.reflection import Inspector

from caruso.business_objects.load import PUBLIC_ID
from caruso.business_objects.model import Kind
from caruso.storage.objects.naming import telling

_PARTS = re.compile(r"[^\W_]+")
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_PHONES = re.compile(r"phone|mobile|fax|telefon", re.IGNORECASE)
#: Kinds by type of column; the first that fits.
_KINDS: Sequence[tuple[type[types.TypeEngine[Any]], Kind]] = (
    (types.Boolean, Kind.BOOLEAN),
    (types.Integer, Kind.NUMBER),
    (types.Numeric, Kind.NUMBER),
    (types.DateTime, Kind.DATE_TIME),
    (types.Date, Kind.DATE),
    (types.Time, Kind.TIME),
    (types.JSON, Kind.DATA),
    (types.String, Kind.TEXT),
    (types.Uuid, Kind.TEXT),
    # Worked out by a view of SQLite.
    (types.NullType, Kind.TEXT),
)


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    attribute: str
    kind: Kind
    key: bool


@dataclass(frozen=True, slots=True)
class _Class:
    name: str
    table: str
    view: bool
    columns: dict[str, _Column]
    keys: tuple[str, ...]
    foreign: tuple[ReflectedForeignKeyConstraint, ...]


def reflect(connection: Connection, database: str, *, tables: Sequence[str] = (), schema: str = "") -> str:
    """Return the proposal, as a model file.

    Args:
        connection: To the database.
        database: Its name in the settings.
        tables: Tables and views that are wanted; all without any.
        schema: Where they are, when it is not where the database looks by itself.
    """
    inspector = inspect(connection)
    named = [(name, False) for name in inspector.get_table_names(schema or None)]
    named += [(name, True) for name in inspector.get_view_names(schema or None)]
    wanted = [(name, view) for name, view in named if not tables or name in tables]
    between = {name for name, view in wanted if not view and _is_between(inspector, name, schema)}
    classes = [_class(inspector, name, view, schema) for name, view in sorted(wanted) if name not in between]
    usable = {each.table: each for each in classes if each.columns}
    links = [_foreign(inspector, name, schema) for name in sorted(between)]
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<!DOCTYPE model PUBLIC "{PUBLIC_ID}" "model.dtd">',
        f"<model id={quoteattr(_snake(database) or 'model')} database={quoteattr(database)}>",
    ]
    for each in usable.values():
        lines += _lines(each, usable, dict(zip(sorted(between), links, strict=True)), schema)
    return "\n".join([*lines, "</model>", ""])


def _class(inspector: Inspector, table: str, view: bool, schema: str) -> _Class:
    keys = tuple(inspector.get_pk_constraint(table, schema or None)["constrained_columns"]) if not view else ()
    columns: dict[str, _Column] = {}
    taken: set[str] = set()
    found = inspector.get_columns(table, schema or None)
    for column in found:
        kind = next((kind for of, kind in _KINDS if isinstance(column["type"], of)), None)
        if kind is None:
            continue  # bytes, and what nobody can show
        if kind is Kind.TEXT and _PHONES.search(column["name"]):
            kind = Kind.PHONE
        attribute = _unused(_snake(column["name"]) or "value", taken)
        # A table without a key has, for the proposal, its first column for one: somebody has to look.
        key = column["name"] in keys if keys else column is found[0]
        columns[column["name"]] = _Column(column["name"], attribute, kind, key)
    return _Class(_camel(table), table, view, columns, keys, () if view else _foreign(inspector, table, schema))


def _foreign(inspector: Inspector, table: str, schema: str) -> tuple[ReflectedForeignKeyConstraint, ...]:
    return tuple(inspector.get_foreign_keys(table, schema or None))


def _is_between(inspector: Inspector, table: str, schema: str) -> bool:
    """Tell whether a table only connects two others."""
    foreign = _foreign(inspector, table, schema)
    columns = {column["name"] for column in inspector.get_columns(table, schema or None)}
    connecting = {name for each in foreign for name in each["constrained_columns"]}
    return len(foreign) == 2 and columns == connecting


def _lines(
    of: _Class,
    classes: dict[str, _Class],
    between: dict[str, tuple[ReflectedForeignKeyConstraint, ...]],
    schema: str,
) -> Iterator[str]:
    attributes = {column.attribute for column in of.columns.values()}
    shown = _shown(of)
    show = _unused("full_name", attributes) if len(shown) > 1 else shown[0]
    where = f" schema={quoteattr(schema)}" if schema else ""
    yield (
        f'  <class name={quoteattr(of.name)} table={quoteattr(of.table)}{where} read-only="yes"'
        f" show={quoteattr(show)}>"
    )
    for column in of.columns.values():
        more = f" column={quoteattr(column.name)}" if column.name != column.attribute else ""
        more += f' type="{column.kind}"' if column.kind is not Kind.TEXT else ""
        more += ' key="yes"' if column.key else ""
        yield f"    <attribute name={quoteattr(column.attribute)}{more}/>"
    if len(shown) > 1:
        parts = ", ".join(f"object.{name}" for name in shown)
        yield f'    <computed name="{show}" value="join(where([{parts}], part, known(part)), \' \')"/>'
    yield from _relations(of, classes, between, attributes)
    yield "  </class>"


def _shown(of: _Class) -> tuple[str, ...]:
    """Return the attributes that together name an object to people; without any better the key."""
    leading = {name for each in of.foreign for name in each["constrained_columns"]}
    own = [column for column in of.columns.values() if column.name not in leading]
    texts = [column.attribute for column in own if column.kind is Kind.TEXT]
    others = [column.attribute for column in own if column.kind is Kind.NUMBER]
    keys = [column.attribute for column in of.columns.values() if column.key]
    first = next(iter(of.columns.values())).attribute
    return telling(_snake(of.table), texts, others) or (next(iter(keys), first),)


def _relations(
    of: _Class,
    classes: dict[str, _Class],
    between: dict[str, tuple[ReflectedForeignKeyConstraint, ...]],
    taken: set[str],
) -> Iterator[str]:
    for each in of.foreign:
        other = classes.get(each["referred_table"])
        if other is not None:
            name = _unused(_snake(each["constrained_columns"][0].removesuffix("Id").removesuffix("_id")), taken)
            pairs = list(zip(each["constrained_columns"], each["referred_columns"], strict=True))
            yield from _relation(name, of, other, pairs, many=False)
    for other in classes.values():
        for each in other.foreign:
            if each["referred_table"] == of.table:
                name = _unused(f"{_snake(other.table)}_list", taken)
                pairs = list(zip(each["referred_columns"], each["constrained_columns"], strict=True))
                yield from _relation(name, of, other, pairs, many=True)
    for table, (one, two) in between.items():
        for ours, theirs in ((one, two), (two, one)):
            other_side = classes.get(theirs["referred_table"])
            if ours["referred_table"] == of.table and other_side is not None:
                yield from _through(
                    _unused(f"{_snake(other_side.table)}_list", taken), of, other_side, table, ours, theirs
                )


def _relation(
    name: str, of: _Class, other: _Class, pairs: Sequence[tuple[str, str]], *, many: bool
) -> Iterator[str]:
    if any(ours not in of.columns or theirs not in other.columns for ours, theirs in pairs):
        return
    joins = "".join(
        f'<join of="{of.columns[ours].attribute}" to="{other.columns[theirs].attribute}"/>'
        for ours, theirs in pairs
    )
    more = ' many="yes"' if many else ""
    yield f'    <relation name="{name}" class="{other.name}"{more}>{joins}</relation>'


def _through(
    name: str,
    of: _Class,
    other: _Class,
    table: str,
    ours: ReflectedForeignKeyConstraint,
    theirs: ReflectedForeignKeyConstraint,
) -> Iterator[str]:
    ends = []
    for tag, side, end in (("from", of, ours), ("to", other, theirs)):
        for column, key in zip(end["constrained_columns"], end["referred_columns"], strict=True):
            if key not in side.columns:
                return
            ends.append(f"<{tag} of={quoteattr(side.columns[key].attribute)} column={quoteattr(column)}/>")
    yield f'    <relation name="{name}" class="{other.name}" many="yes">'
    yield f"      <through table={quoteattr(table)}>{''.join(ends)}</through>"
    yield "    </relation>"


def _snake(name: str) -> str:
    parts = [part for piece in _PARTS.findall(name) for part in _CAPITAL.split(piece)]
    made = "_".join(part.lower() for part in parts if part)
    made = "".join(sign for sign in made if sign.isascii())[:60]
    return f"n{made}" if made[:1].isdigit() else made


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in (_snake(name) or "thing").split("_"))


def _unused(name: str, taken: set[str]) -> str:
    made, number = name or "value", 2
    while made in taken:
        made, number = f"{name}_{number}", number + 1
    taken.add(made)
    return made
