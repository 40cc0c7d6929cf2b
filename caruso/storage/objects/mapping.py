"""The tables of a class, as its model describes them: what can be read of them and joined with others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    FromClause,
    Integer,
    MetaData,
    Select,
    Table,
    and_,
    bindparam,
    exists,
    literal_column,
    select,
)

from caruso.business_objects.model import Attribute, Join, ListAttribute, Model, ObjectClass, Relation, Through
from caruso.storage.objects.column_types import COUNTED, column_type
from caruso.storage.tables.columns import Json

#: Label of the column of what has no attribute of its own.
EXTRA = "+extra"
#: What `ClassTables.by_key` leaves open: values of the column by which rows of a list are found.
KEYS = "keys"


@dataclass(frozen=True)
class Source:
    """One use of a class's tables in a statement: each has aliases of its own."""

    of: ClassTables
    main: FromClause
    #: Columns by attribute.
    columns: Mapping[str, ColumnElement[Any]]
    joined: FromClause

    def key_is(self, key: Sequence[Any]) -> ColumnElement[bool]:
        """Return the condition that an object has this key."""
        parts = zip(self.of.of.keys, key, strict=True)
        return and_(*(self.columns[attribute.name] == value for attribute, value in parts))

    def of_list(self, listed: ListAttribute, *criteria: ColumnElement[bool]) -> ColumnElement[bool]:
        """Return the condition that an object has a value in a list, one with `criteria`."""
        table = self.of.lists[listed.name]
        pairs = [(self.columns[join.of], table.c[join.to]) for join in listed.joins]
        return is_there(pairs, table, *criteria)


class ClassTables:
    """The tables of one class."""

    def __init__(self, of: ObjectClass) -> None:
        """Describe them; no database is asked."""
        self.of = of
        mains = [each for each in of.attributes.values() if not each.table]
        columns = [_column(each) for each in _by_column(mains)]
        if of.extra:
            columns.append(Column(of.extra, Json, nullable=False))
        # Two classes may show the same table: each describes it for itself.
        self.main = Table(of.table, MetaData(), *columns, schema=of.schema or None)
        self.seconds = {table.name: _second(of, table.name, table.joins) for table in of.tables}
        self.lists = {each.name: _list_table(of, each) for each in of.lists.values()}
        self.source = self._source(self.main, self.seconds)
        #: For each list that is joined by one column, how to find the values of some objects: to make that takes
        #: longer than to run it.
        self.by_key = {each.name: self._by_key(each) for each in of.lists.values() if len(each.joins) == 1}

    def alias(self) -> Source:
        """Return another use of the tables, beside those that are in the statement already."""
        return self._source(self.main.alias(), {name: table.alias() for name, table in self.seconds.items()})

    def _source(self, main: FromClause, seconds: Mapping[str, FromClause]) -> Source:
        columns = {
            name: (seconds[each.table] if each.table else main).c[each.column]
            for name, each in self.of.attributes.items()
        }
        joined: FromClause = main
        for table in self.of.tables:
            on = and_(*(seconds[table.name].c[join.to] == columns[join.of] for join in table.joins))
            joined = joined.outerjoin(seconds[table.name], on)
        return Source(of=self, main=main, columns=columns, joined=joined)

    def select(self) -> Select[Any]:
        """Return a reading of all that an object has in rows of its own."""
        columns = [column.label(name) for name, column in self.source.columns.items()]
        if self.of.extra:
            columns.append(self.main.c[self.of.extra].label(EXTRA))
        return select(*columns).select_from(self.source.joined)

    def values_of(self, listed: ListAttribute) -> Select[Any]:
        """Return a reading of a list's values, each after the columns by which it is joined."""
        table = self.lists[listed.name]
        columns = [table.c[join.to] for join in listed.joins]
        return select(*columns, table.c[listed.column]).order_by(table.c[listed.position or listed.column])

    def _by_key(self, listed: ListAttribute) -> Select[Any]:
        column = self.lists[listed.name].c[listed.joins[0].to]
        return self.values_of(listed).where(column.in_(bindparam(KEYS, type_=column.type, expanding=True)))


@dataclass(frozen=True)
class Mapped:
    """All classes of a model with their tables."""

    model: Model
    tables: Mapping[str, ClassTables] = field(repr=False)

    def related(self, relation: Relation) -> ClassTables:
        """Return the tables of the class a relation leads to."""
        return self.tables[relation.class_name]


def mapped(model: Model) -> Mapped:
    """Return the tables of a model."""
    return Mapped(model, {name: ClassTables(each) for name, each in model.classes.items()})


def is_there(
    pairs: Sequence[tuple[ColumnElement[Any], ColumnElement[Any]]],
    among: FromClause,
    *criteria: ColumnElement[bool],
) -> ColumnElement[bool]:
    """Return the condition that among rows with `criteria` there is one whose columns equal ours.

    Where it is one column the inner search does not depend on the outer: an engine can begin with either.
    """
    if len(pairs) == 1:
        ours, theirs = pairs[0]
        return ours.in_(select(theirs).select_from(among).where(*criteria))
    joins = (theirs == ours for ours, theirs in pairs)
    return exists(select(literal_column("1")).select_from(among).where(*joins, *criteria))


def is_related(
    relation: Relation, here: Source, there: Source, *criteria: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Return the condition that an object has a related one with `criteria`."""
    if relation.through is None:
        pairs = [(here.columns[join.of], there.columns[join.to]) for join in relation.joins]
        return is_there(pairs, there.joined, *criteria)
    between = through_table(relation.through, here.of.of, there.of.of).alias()
    inner = [(between.c[join.to], there.columns[join.of]) for join in relation.through.theirs]
    outer = [(here.columns[join.of], between.c[join.to]) for join in relation.through.ours]
    return is_there(outer, between, is_there(inner, there.joined, *criteria))


def belongs_to(
    relation: Relation, ours: ObjectClass, there: Source, values: Mapping[str, Any]
) -> ColumnElement[bool]:
    """Return the condition that an object belongs to the one with these `values`."""
    if relation.through is None:
        return and_(*(there.columns[join.to] == values[join.of] for join in relation.joins))
    between = through_table(relation.through, ours, there.of.of).alias()
    key = (between.c[join.to] == values[join.of] for join in relation.through.ours)
    pairs = [(there.columns[join.of], between.c[join.to]) for join in relation.through.theirs]
    return is_there(pairs, between, *key)


def through_table(through: Through, ours: ObjectClass, theirs: ObjectClass) -> Table:
    """Return the table between two classes."""
    kinds = {
        **{join.to: ours.attributes[join.of].kind for join in through.ours},
        **{join.to: theirs.attributes[join.of].kind for join in through.theirs},
    }
    columns = (Column(name, column_type(kind), primary_key=True) for name, kind in kinds.items())
    return Table(through.table, MetaData(), *columns, schema=ours.schema or None)


def _by_column(attributes: Sequence[Attribute]) -> list[Attribute]:
    """Return one attribute for each column, since two may show the same."""
    return list({each.column: each for each in reversed(attributes)}.values())[::-1]


def _column(attribute: Attribute) -> Column[Any]:
    counted = attribute.generated and attribute.kind == "number"
    return Column(
        attribute.column,
        COUNTED if counted else column_type(attribute.kind),
        primary_key=attribute.key,
        autoincrement=counted,
        nullable=not attribute.required,
        unique=attribute.unique or None,
    )


def _second(of: ObjectClass, name: str, joins: Sequence[Join]) -> Table:
    attributes = [each for each in of.attributes.values() if each.table == name]
    keys = [
        Column(join.to, column_type(of.attributes[join.of].kind), primary_key=True, autoincrement=False)
        for join in joins
    ]
    others = [_column(each) for each in _by_column(attributes) if each.column not in {join.to for join in joins}]
    return Table(name, MetaData(), *keys, *others, schema=of.schema or None)


def _list_table(of: ObjectClass, listed: ListAttribute) -> Table:
    keys = [
        Column(join.to, column_type(of.attributes[join.of].kind), primary_key=True, autoincrement=False)
        for join in listed.joins
    ]
    columns: list[Column[Any]] = [*keys]
    if listed.position:
        columns.append(Column(listed.position, Integer, primary_key=True, autoincrement=False))
    columns.append(
        Column(listed.column, column_type(listed.kind), primary_key=not listed.position, nullable=False)
    )
    return Table(listed.table, MetaData(), *columns, schema=of.schema or None)
