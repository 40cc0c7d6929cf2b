"""Hold models against the databases they describe: what is missing or another, and what would have to be made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Index, MetaData, Table, insert, inspect, select, types
from sqlalchemy.engine.interfaces import ReflectedColumn
from sqlalchemy.engine.reflection import Inspector
from sqlalchemy.schema import CreateIndex, CreateTable

from caruso.business_objects.model import OWN, Attribute, Kind, Model, ObjectClass, Place, located
from caruso.errors import Located
from caruso.script_engine.source import did_you_mean
from caruso.storage.audit_triggers import create_model_triggers, missing_model_triggers
from caruso.storage.objects.auditing import audited_tables
from caruso.storage.objects.mapping import ClassTables, Mapped, mapped, through_table
from caruso.storage.tables.customers import model_tables

#: Types of columns that hold values of a kind, on an engine with strict types.
_FITTING: Mapping[Kind, tuple[type[types.TypeEngine[Any]], ...]] = {
    Kind.TEXT: (types.String, types.Uuid),
    Kind.PHONE: (types.String,),
    Kind.CHOICE: (types.String,),
    Kind.NUMBER: (types.Numeric, types.Integer),
    Kind.BOOLEAN: (types.Boolean,),
    Kind.DATE: (types.Date,),
    Kind.TIME: (types.Time,),
    Kind.DATE_TIME: (types.DateTime,),
    Kind.DATA: (types.JSON,),
}
#: What MariaDB has for kinds it does not know, by its names: its dialect is loaded only where it is used.
_FITTING_IN_MARIADB: Mapping[Kind, str] = {Kind.BOOLEAN: "TINYINT", Kind.DATA: "LONGTEXT"}
_NUMBERS = (types.Numeric, types.Integer)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A table a model names, and where."""

    table: Table
    place: Place
    #: Columns with the attributes they belong to.
    attributes: Mapping[str, Attribute]
    of: ObjectClass


def compare(connection: Connection, model: Model, database: str) -> list[Located]:
    """Return where a model says something else than the database: at the line and column of the model."""
    inspector = inspect(connection)
    findings: list[Located] = []
    for wanted in _tables(mapped(model), database):
        findings += _compared(inspector, wanted, strict=connection.dialect.name != "sqlite")
    return findings


def not_followed(connection: Connection, model: Model) -> list[Located]:
    """Return which tables of ours the audit does not follow."""
    tables = {tables.main.fullname: tables.of for tables in mapped(model).tables.values()}
    audited = audited_tables(model)
    silent = missing_model_triggers(connection, audited)
    found = []
    for each in audited:
        if each.table.name in silent or each.table.schema:
            of = tables.get(each.table.fullname) or model.classes[each.class_name]
            way = "it is in a schema of its own" if each.table.schema else "`caruso model apply` sees to it"
            message = f"changes of “{each.table.fullname}” leave no trace: {way}"
            found.append(located("audit-off", message, of.place, "table"))
    return found


def missing(connection: Connection, model: Model, database: str) -> list[str]:
    """Return the statements that would make the tables that are not there, with the indexes a search needs."""
    inspector = inspect(connection)
    statements: list[str] = []
    for table in _to_make(inspector, mapped(model), database):
        statements.append(str(CreateTable(table).compile(connection)).strip())
        statements += [str(CreateIndex(index).compile(connection)) for index in _by_name(table)]
    return statements


def make_missing(connection: Connection, model: Model, database: str) -> list[str]:
    """Make the tables that are not there, and let the audit follow those of ours; return the names of new ones."""
    tables = _to_make(inspect(connection), mapped(model), database)
    for table in tables:
        table.create(connection)
    if database == OWN:
        known = set(connection.execute(select(model_tables.c.name)).scalars())
        new = [{"name": table.name} for table in tables if table.schema is None and table.name not in known]
        if new:
            connection.execute(insert(model_tables), new)
        create_model_triggers(connection, audited_tables(model))
    return [table.name for table in tables]


def _tables(of: Mapped, database: str) -> Iterator[_Wanted]:
    for tables in of.tables.values():
        each = tables.of
        if each.database != database:
            continue
        mains = {attribute.column: attribute for attribute in each.attributes.values() if not attribute.table}
        yield _Wanted(tables.main, each.place, mains, each)
        for second in each.tables:
            own = {a.column: a for a in each.attributes.values() if a.table == second.name}
            yield _Wanted(tables.seconds[second.name], second.place, own, each)
        for listed in each.lists.values():
            yield _Wanted(tables.lists[listed.name], listed.place, {}, each)
        for relation in each.relations.values():
            if relation.through is not None:
                other = of.tables[relation.class_name].of
                yield _Wanted(through_table(relation.through, each, other), relation.place, {}, each)


# -- What is another ------------------------------------------------------------------------------------------


def _compared(inspector: Inspector, wanted: _Wanted, *, strict: bool) -> Iterator[Located]:
    name, schema = wanted.table.name, wanted.of.schema or None
    if not _is_there(inspector, name, schema):
        there = [*inspector.get_table_names(schema), *inspector.get_view_names(schema)]
        message = f"there is no table “{name}”: `caruso model apply` makes it"
        yield located("no-table", message, wanted.place, "table", did_you_mean(name, there))
        return
    columns = {column["name"]: column for column in inspector.get_columns(name, schema)}
    for column in wanted.table.columns:
        attribute = wanted.attributes.get(column.name)
        place = attribute.place if attribute is not None else wanted.place
        found = columns.get(column.name)
        if found is None:
            message = f"the table “{name}” has no column “{column.name}”"
            at = "column" if "column" in place.origins else "name"
            yield located("no-column", message, place, at, did_you_mean(column.name, tuple(columns)))
        elif attribute is not None:
            yield from _column(attribute, found, strict=strict)
    yield from _key(inspector, wanted, schema)


def _column(attribute: Attribute, found: ReflectedColumn, *, strict: bool) -> Iterator[Located]:
    kind = found["type"]
    if isinstance(kind, (types.NullType, *_FITTING[attribute.kind])):
        return
    if kind.__visit_name__ == _FITTING_IN_MARIADB.get(attribute.kind):
        return
    as_text = attribute.kind in {Kind.TEXT, Kind.PHONE, Kind.CHOICE}
    # SQLite stores what comes: only a number that is not kept as one would be compared as a text.
    if not strict and (as_text or attribute.kind is not Kind.NUMBER or isinstance(kind, _NUMBERS)):
        return
    message = f"the column “{found['name']}” is {kind}, which is not for a {attribute.kind}"
    yield located("column-type", message, attribute.place, "type")


def _key(inspector: Inspector, wanted: _Wanted, schema: str | None) -> Iterator[Located]:
    """Tell where the database has another key: objects might be found twice."""
    if wanted.table.name != wanted.of.table or not wanted.attributes:
        return
    there = {*inspector.get_pk_constraint(wanted.of.table, schema)["constrained_columns"]}
    ours = {key.column for key in wanted.of.keys}
    if there and there != ours and not there < ours:
        message = f"the key of “{wanted.of.table}” is {', '.join(sorted(there))}"
        yield located("other-key", message, wanted.place, "table")


# -- What is not there ----------------------------------------------------------------------------------------


def _to_make(inspector: Inspector, of: Mapped, database: str) -> Sequence[Table]:
    """Return the tables that are not there, each once, with their indexes. Views are never made."""
    made: dict[str, Table] = {}
    for wanted in _tables(of, database):
        name = wanted.table.name
        if name in made or wanted.of.read_only or _is_there(inspector, name, wanted.of.schema or None):
            continue
        table = wanted.table.to_metadata(MetaData())
        for column in _searched(of.tables[wanted.of.name], wanted):
            Index(f"ix_{name}_{column}", table.c[column])
        made[name] = table
    return list(made.values())


def _searched(tables: ClassTables, wanted: _Wanted) -> list[str]:
    """Return columns that need an index: telephone numbers, and what other objects are found by."""
    of = wanted.of
    columns = [c for c, attribute in wanted.attributes.items() if attribute.kind is Kind.PHONE]
    if wanted.table.name == of.table:
        joined = {join.of for relation in of.relations.values() for join in relation.joins}
        columns += [a.column for a in of.attributes.values() if a.name in joined and not a.key]
        columns += [a.column for a in of.attributes.values() if a.name == of.order and not a.key]
    columns += [each.column for each in of.lists.values() if tables.lists[each.name].name == wanted.table.name]
    return [column for column in dict.fromkeys(columns) if column in wanted.table.c]


def _by_name(table: Table) -> list[Index]:
    return sorted(table.indexes, key=lambda index: str(index.name))


def _is_there(inspector: Inspector, name: str, schema: str | None) -> bool:
    return inspector.has_table(name, schema)
