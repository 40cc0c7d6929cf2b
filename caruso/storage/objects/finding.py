"""Find objects of the model in force: what somebody may not see is never read, or taken away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Select

from caruso.business_objects.changes import computed_values
from caruso.business_objects.keys import key_text, parse_key
from caruso.business_objects.model import Model, ObjectClass, Relation
from caruso.business_objects.records import FURTHEST_PAGE, Page, Query, Record
from caruso.business_objects.rights import check_condition, check_path, row_condition, visible
from caruso.clock import Clock
from caruso.errors import Located, NotAllowed, NotFound, RejectedInput
from caruso.model.asker import Asker
from caruso.model.conditions import Condition, every, holds, paths_in
from caruso.script_engine.turns import Value
from caruso.storage.adapters.adapter import Probe
from caruso.storage.objects import rows
from caruso.storage.objects.conditions import NUMBERS, SqlConditions
from caruso.storage.objects.databases import Databases
from caruso.storage.objects.mapping import ClassTables, belongs_to

#: Objects that are looked at where the database can do but a part of the search.
MOST_LOOKED_AT = 1_000
#: Related objects that are loaded with one.
MOST_LOADED = 100


@dataclass(frozen=True)
class ByNumber:
    """How to find whose one of `NUMBERS` is, in one attribute or list: whether there is somebody, and who."""

    probe: Probe
    query: Select[Any]


@dataclass(frozen=True)
class InForce:
    """A model with all that is made of it."""

    model: Model
    tables: Mapping[str, ClassTables]
    sql: Mapping[str, SqlConditions]
    #: For each class, how to find who has one of `NUMBERS`: every caller is looked up so.
    by_number: Mapping[str, Sequence[ByNumber]]


class Finder:
    """Reads objects of whatever class, as somebody may see them."""

    def __init__(self, databases: Databases, clock: Clock) -> None:
        """Read from `databases`."""
        self._databases = databases
        self._clock = clock

    async def one(self, now: InForce, tables: ClassTables, key: Any, asker: Asker) -> Record | None:
        """Return an object as `asker` may see it, or None."""
        parts = parse_key(tables.of, key)
        allowed = row_condition(tables.of, asker, self._clock.now())
        if parts is None:
            return None
        found = await self.fetch(now, tables, Query(condition=allowed, limit=1), [tables.source.key_is(parts)])
        return (await self.records(now, tables, found, asker))[0] if found else None

    def check_query(self, now: InForce, of: ObjectClass, query: Query, asker: Asker) -> None:
        """Raise `NotAllowed` for a query that would tell what `asker` may not see, or `NotFound`."""
        check_condition(now.model, of, query.condition, asker)
        for name, _ in query.order:
            if name not in of.attributes:
                raise NotFound(f"{of.name} has no attribute “{name}” to sort by.")
            check_path(now.model, of, (name,), asker)

    async def page(
        self,
        now: InForce,
        tables: ClassTables,
        query: Query,
        asker: Asker,
        criteria: Sequence[ColumnElement[bool]] = (),
    ) -> Page:
        """Return a page of what `asker` may see."""
        limit = min(query.limit, MOST_LOOKED_AT)
        allowed = row_condition(tables.of, asker, self._clock.now())
        wanted = Query(
            condition=every(allowed, query.condition),
            order=query.order,
            limit=limit + 1,
            offset=min(query.offset, FURTHEST_PAGE),
        )
        found = await self.fetch(now, tables, wanted, criteria)
        records = await self.records(now, tables, found[:limit], asker)
        return Page(records=records, more=len(found) > limit)

    async def fetch(
        self,
        now: InForce,
        tables: ClassTables,
        query: Query,
        criteria: Sequence[ColumnElement[bool]] = (),
        *,
        pick: rows.Pick = list,
    ) -> list[dict[str, Value]]:
        """Return objects with all they have; what the database cannot look for is held against the first found.

        `pick` chooses among them, by what they have in rows of their own.
        """
        sql, left = now.sql[tables.of.name].split(query.condition, tables.source)
        for condition in left:
            _refuse_unsearchable(tables.of, condition)
        where = [*criteria, *sql]
        database = self._databases[tables.of.database]
        if not left:
            return await database.look_up(
                lambda c: rows.fetch(
                    c, tables, where, order=query.order, limit=query.limit, offset=query.offset, pick=pick
                )
            )
        found = await database.look_up(
            lambda c: rows.fetch(c, tables, where, order=query.order, limit=MOST_LOOKED_AT)
        )
        rest = every(*left)
        fitting = [
            each for each in found if holds(rest, {**each, **computed_values(tables.of, each, self._now())})
        ]
        return pick(fitting[query.offset : query.offset + query.limit])

    async def having(
        self, now: InForce, tables: ClassTables, numbers: Sequence[str]
    ) -> Mapping[str, Value] | None:
        """Return the object with a telephone number that may be written so; of several the first."""
        database = self._databases[tables.of.database]
        for way in now.by_number[tables.of.name]:
            read = partial(rows.read, tables=tables, query=way.query, bound={NUMBERS: numbers})
            found = await database.look_up_any(way.probe, numbers, read)
            if found:
                return found[0]
        return None

    async def records(
        self, now: InForce, tables: ClassTables, found: Sequence[Mapping[str, Value]], asker: Asker
    ) -> list[Record]:
        """Return objects as `asker` may see them."""
        return [await self.record(now, tables, values, asker) for values in found]

    async def record(self, now: InForce, tables: ClassTables, values: Mapping[str, Value], asker: Asker) -> Record:
        """Return an object as `asker` may see it, with what is loaded with it and worked out."""
        of = tables.of
        whole = dict(values)
        for relation in of.relations.values():
            if relation.load:
                whole[relation.name] = await self._loaded(now, of, relation, values, asker)
        whole.update(computed_values(of, whole, self._now()))
        shown = visible(of, asker, whole, self._now())
        return Record(class_name=of.name, key=key_text(of, values), values=shown, version=rows.version_of(values))

    async def _loaded(
        self, now: InForce, of: ObjectClass, relation: Relation, values: Mapping[str, Value], asker: Asker
    ) -> Value:
        others = now.tables[relation.class_name]
        try:
            allowed = row_condition(others.of, asker, self._now())
        except NotAllowed:
            return () if relation.many else None
        query = Query(condition=allowed, limit=MOST_LOADED if relation.many else 1)
        found = await self.fetch(now, others, query, [belongs_to(relation, of, others.source, values)])
        shown = tuple(
            visible(others.of, asker, {**each, **computed_values(others.of, each, self._now())}, self._now())
            for each in found
        )
        return shown if relation.many else next(iter(shown), None)

    async def whole(self, now: InForce, tables: ClassTables, key: str) -> Mapping[str, Value]:
        """Return an object with all it has in its tables; raise `NotFound`."""
        found = await self.fetch(now, tables, Query(limit=1), [key_is(tables, key)])
        if not found:
            raise NotFound(f"There is no such {tables.of.label()}.")
        return found[0]

    def _now(self) -> datetime:
        return self._clock.now()


def key_is(tables: ClassTables, key: str) -> ColumnElement[bool]:
    """Return the condition that an object has this key; raise `NotFound` for what can be none."""
    parts = parse_key(tables.of, key)
    if parts is None:
        raise NotFound(f"There is no such {tables.of.label()}.")
    return tables.source.key_is(parts)


def _refuse_unsearchable(of: ObjectClass, condition: Condition) -> None:
    """Raise `RejectedInput` for what cannot be held against an object by itself either."""
    named = {*of.attributes, *of.lists, *of.firsts, *of.computed}
    for path in paths_in(condition):
        if len(path) > 1 or (path[0] not in named and not of.extra):
            message = f"{of.name} cannot be searched by “{'.'.join(path)}”."
            raise RejectedInput((Located(rule="not-searchable", message=message),))
