"""Find and write business objects in whatever databases they are. Implements `ObjectStore` and `ScriptObjects`.

Rights are decided by `caruso.business_objects.rights`, what may be written by `changes`; here is the order of
things: what somebody may not see is never read, what is written is audited in the same transaction, and the words
of an object are indexed with it.
"""

from __future__ import annotations

import functools
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_

from caruso.business_objects.changes import accepted, computed_values
from caruso.business_objects.keys import key_text, parse_key
from caruso.business_objects.load import built_in_model
from caruso.business_objects.model import Model, ObjectClass
from caruso.business_objects.records import Change, Page, Query, Record
from caruso.business_objects.rights import (
    check_delete,
    check_path,
    check_write,
    row_condition,
    visible,
)
from caruso.clock import Clock
from caruso.errors import IllegalMove, NotAllowed, NotFound
from caruso.model.asker import HOUSE, Asker, house
from caruso.model.conditions import Condition, holds
from caruso.model.numbers import normalised, spellings
from caruso.script_engine.turns import Value
from caruso.storage.adapters.adapter import Probe
from caruso.storage.engine import Database
from caruso.storage.objects import word_search, words
from caruso.storage.objects.changing import Planned, write
from caruso.storage.objects.conditions import NUMBERS, SqlConditions
from caruso.storage.objects.databases import Databases
from caruso.storage.objects.finding import ByNumber, Finder, InForce, key_is
from caruso.storage.objects.mapping import ClassTables, Source, belongs_to, mapped
from caruso.storage.objects.past import Past
from caruso.storage.objects.rows import reading, version_of

#: Objects that are indexed in one transaction.
INDEXED_AT_ONCE = 2_000
#: Objects found by words that are sorted.
MOST_SORTED = 100


class Objects:
    """All business objects."""

    def __init__(
        self,
        databases: Databases,
        model: Model,
        clock: Clock,
        *,
        region: str,
        new_key: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        """Find them in `databases` as `model` says; numbers without country code are of `region`."""
        self._databases = databases
        self._clock = clock
        self._region = region
        self._new_key = new_key
        self._finder = Finder(databases, clock)
        self._past = Past(databases, self._finder, clock)
        #: The model in force, with all that is made of it.
        self.in_force = self._made(model)

    @property
    def model(self) -> Model:
        """Return the model in force."""
        return self.in_force.model

    @property
    def databases(self) -> Databases:
        """Return where the objects are."""
        return self._databases

    def replace(self, model: Model) -> None:
        """Put another model in force; what is under way ends with the one it began with."""
        self.in_force = self._made(model)
        self._databases.forget_statements()

    def _made(self, model: Model) -> InForce:
        found = mapped(model)
        sql = {
            name: SqlConditions(found, self._databases[each.database].dialect, self._region)
            for name, each in model.classes.items()
        }
        by_number = {
            name: [_by_number(tables, phone, sql[name]) for phone in tables.of.phones]
            for name, tables in found.tables.items()
        }
        return InForce(model, found.tables, sql, by_number)

    def _class(self, name: str) -> tuple[InForce, ClassTables]:
        now = self.in_force
        if name not in now.tables:
            raise NotFound(f"there is no class {name}; there are: {', '.join(now.tables) or 'none'}")
        return now, now.tables[name]

    # -- For scripts ------------------------------------------------------------------------------------------

    async def load(self, class_name: str, key: Any) -> Mapping[str, Any] | None:
        """Return a record as values of a script, or None; raise `NotFound` for an unknown class."""
        now, tables = self._class(class_name)
        record = await self._finder.one(now, tables, key, HOUSE)
        return record.values if record is not None else None

    async def find(self, class_name: str, where: Condition, limit: int) -> Sequence[Mapping[str, Any]]:
        """Return records for which the condition holds, in a steady order; raise `NotFound`."""
        now, tables = self._class(class_name)
        page = await self._finder.page(now, tables, Query(condition=where, limit=limit), HOUSE)
        return [record.values for record in page.records]

    async def save(self, class_name: str, key: Any, changes: Mapping[str, Any], *, by: str) -> None:
        """Change a record; the audit keeps who changed what. Raises `NotFound`, `RejectedInput`."""
        if changes:
            _, tables = self._class(class_name)
            await self.change(class_name, _as_text(tables.of, key), changes, house(by))

    # -- Finding ----------------------------------------------------------------------------------------------

    async def get(self, class_name: str, key: str, asker: Asker) -> Record:
        """Return an object; raise `NotFound`, also for one that the asker may not see."""
        now, tables = self._class(class_name)
        record = await self._finder.one(now, tables, key, asker)
        if record is None:
            raise NotFound(f"There is no such {tables.of.label()}.")
        return record

    async def query(self, class_name: str, query: Query, asker: Asker) -> Page:
        """Return objects; raise `RejectedInput` for a condition no database can look for."""
        now, tables = self._class(class_name)
        self._finder.check_query(now, tables.of, query, asker)
        return await self._finder.page(now, tables, query, asker)

    async def related(self, class_name: str, key: str, relation: str, query: Query, asker: Asker) -> Page:
        """Return the objects that belong to one."""
        now, tables = self._class(class_name)
        named = tables.of.relations.get(relation)
        if named is None:
            raise NotFound(f"{class_name} has no relation “{relation}”.")
        record = await self.get(class_name, key, asker)
        if relation not in visible(tables.of, asker, {**record.values, relation: None}, self._clock.now()):
            raise NotAllowed(f"You may not see “{relation}” of {tables.of.label()}.")
        others = now.tables[named.class_name]
        self._finder.check_query(now, others.of, query, asker)
        whole = await self._finder.whole(now, tables, key)
        return await self._finder.page(
            now, others, query, asker, [belongs_to(named, tables.of, others.source, whole)]
        )

    async def search(self, class_name: str, text: str, asker: Asker, limit: int = 20) -> Sequence[Record]:
        """Return objects with words that begin as those in `text`, by what they are called."""
        now, tables = self._class(class_name)
        of = tables.of
        for name in of.searched:
            check_path(now.model, of, (name,), asker)
        wanted = words.asked(text, self._region)
        keys = await self._databases.own.look_up(
            lambda c: word_search.find(c, of, wanted, max(limit, MOST_SORTED))
        )
        parts = [part for key in keys if (part := parse_key(of, key)) is not None]
        if not parts:
            return []
        criteria = [_any_key(tables.source, parts)]
        allowed = row_condition(of, asker, self._clock.now())

        def first(found: list[dict[str, Value]]) -> list[dict[str, Value]]:
            return sorted(found, key=lambda values: words.folded(self._called(of, values)))[:limit]

        query = Query(condition=allowed, limit=len(parts))
        found = await self._finder.fetch(now, tables, query, criteria, pick=first)
        return await self._finder.records(now, tables, found, asker)

    def _called(self, of: ObjectClass, values: Mapping[str, Value]) -> str:
        """Return the name of an object, as it was fetched, for people."""
        worked_out = computed_values(of, values, self._clock.now()) if of.show in of.computed else values
        return str(worked_out.get(of.show) or "")

    async def by_number(self, class_name: str, number: str) -> Record | None:
        """Return the object with this telephone number; of several the first by key."""
        now, tables = self._class(class_name)
        found = await self._finder.having(now, tables, spellings(number, self._region)) if number else None
        return await self._finder.record(now, tables, found, HOUSE) if found is not None else None

    async def index_again(self, class_name: str) -> int:
        """Index the words of all objects of a class, where others write them, too; return how many there are."""
        now, tables = self._class(class_name)
        of, own = tables.of, self._databases.own
        await own.change(lambda c: words.forget(c, of))
        done = 0
        while True:
            query = Query(order=tuple((key.name, False) for key in of.keys), limit=INDEXED_AT_ONCE, offset=done)
            found = await self._finder.fetch(now, tables, query)
            rows = [
                words.row_of(of, key_text(of, each), made) for each in found if (made := words.words_of(of, each))
            ]
            await own.change(functools.partial(words.write, rows=rows))
            done += len(found)
            if len(found) < INDEXED_AT_ONCE:
                return done

    # -- Writing ----------------------------------------------------------------------------------------------

    async def create(self, class_name: str, values: Mapping[str, Any], asker: Asker) -> Record:
        """Make an object; raise `RejectedInput`."""
        now, tables = self._class(class_name)
        of = tables.of

        def plan(before: Mapping[str, Value] | None) -> Planned:
            check_write(of, asker, None, values, self._now())
            given = {**values}
            for key in of.keys:
                if key.generated and key.kind == "text" and not given.get(key.name):
                    given[key.name] = self._new_key()
            after = self._accepted(of, None, given)
            if of.owner and asker.role is not None and of.owner not in after:
                after[of.owner] = asker.user
            return Planned(key="", before=None, after=after, changes=after)

        written = await write(self._databases, tables, None, plan, asker, self._now())
        return await self._written(now, tables, written, asker)

    async def change(
        self, class_name: str, key: str, changes: Mapping[str, Any], asker: Asker, *, version: str = ""
    ) -> Record:
        """Change an object; raise `RejectedInput`, and `IllegalMove` when it is not the version seen."""
        now, tables = self._class(class_name)
        of = tables.of

        def plan(before: Mapping[str, Value] | None) -> Planned:
            before = self._seen(of, before, asker, version)
            check_write(of, asker, before, (), self._now())
            wanted = self._accepted(of, before, changes)
            different = {name: value for name, value in wanted.items() if before.get(name) != value}
            # What is as it was need not be allowed, unless the answer would tell what somebody may not see.
            seen = visible(of, asker, dict.fromkeys(wanted), self._now()) if asker.role else wanted
            check_write(of, asker, before, [n for n in wanted if n in different or n not in seen], self._now())
            after = {**before, **different}
            return Planned(key=key_text(of, before), before=before, after=after, changes=different)

        written = await write(self._databases, tables, key_is(tables, key), plan, asker, self._now())
        return await self._written(now, tables, written, asker)

    async def delete(self, class_name: str, key: str, asker: Asker, *, version: str = "") -> None:
        """Delete an object; raise `IllegalMove` when it has another version than that seen."""
        _, tables = self._class(class_name)
        of = tables.of

        def plan(before: Mapping[str, Value] | None) -> Planned:
            before = self._seen(of, before, asker, version)
            check_delete(of, asker, before, self._now())
            return Planned(key=key_text(of, before), before=before, after=None, changes={})

        await write(self._databases, tables, key_is(tables, key), plan, asker, self._now())

    def _seen(
        self, of: ObjectClass, before: Mapping[str, Value] | None, asker: Asker, version: str
    ) -> Mapping[str, Value]:
        """Return the object that is to be changed, if the asker may see it and has seen just this state."""
        condition = row_condition(of, asker, self._now())
        if before is None or not holds(condition, {**before, **computed_values(of, before, self._now())}):
            raise NotFound(f"There is no such {of.label()}.")
        if version and version != version_of(before):
            raise IllegalMove(f"This {of.label()} was changed meanwhile: look at it again.")
        return before

    def _accepted(
        self, of: ObjectClass, before: Mapping[str, Value] | None, changes: Mapping[str, Any]
    ) -> dict[str, Value]:
        return accepted(
            of, before, changes, now=self._now(), normalise=lambda number: normalised(number, self._region)
        )

    async def _written(
        self, now: InForce, tables: ClassTables, written: Mapping[str, Value], asker: Asker
    ) -> Record:
        return await self._finder.record(
            now, tables, await self._finder.whole(now, tables, key_text(tables.of, written)), asker
        )

    # -- What was ---------------------------------------------------------------------------------------------

    async def history(self, class_name: str, key: str, asker: Asker) -> Sequence[Change]:
        """Return what happened to an object as far as the asker may see it, the newest first."""
        now, tables = self._class(class_name)
        return await self._past.history(now, tables, key, asker)

    async def state(
        self, class_name: str, key: str, change: int, asker: Asker, *, before: bool = True
    ) -> Mapping[str, Any]:
        """Return an object as plain JSON as it was before a change, or right after it; empty for none."""
        now, tables = self._class(class_name)
        return await self._past.state(now, tables, key, change, asker, before=before)

    async def restore(
        self, class_name: str, key: str, change: int, asker: Asker, *, before: bool = True
    ) -> Record:
        """Make an object again what it was before a change, or right after it; also one that was deleted.

        It is a change like any other, and may be refused like one. Raises `IllegalMove` when there was none then.
        """
        now, tables = self._class(class_name)
        there = await self._finder.one(now, tables, key, HOUSE) is not None
        state = await self.state(class_name, key, change, asker if there else HOUSE, before=before)
        if not state:
            raise IllegalMove(f"There was no such {tables.of.label()} then.")
        if not there:
            return await self.create(class_name, {n: v for n, v in state.items() if v is not None}, asker)
        of = tables.of
        since = set(await self.present(class_name, key)) - set(of.attributes) - set(of.lists)
        keys = {each.name for each in of.keys}
        changes = {name: value for name, value in {**dict.fromkeys(since), **state}.items() if name not in keys}
        return await self.change(class_name, key, changes, asker)

    async def present(self, class_name: str, key: str) -> Mapping[str, Any]:
        """Return what an object has in its tables, as plain JSON; nothing when there is none."""
        now, tables = self._class(class_name)
        return await self._past.present(now, tables, key)

    def _now(self) -> datetime:
        return self._clock.now()


def own_objects(database: Database, clock: Clock, *, region: str) -> Objects:
    """Return the objects of a centre that has no models: customers, in its own database."""
    return Objects(Databases(database), built_in_model(), clock, region=region)


def _by_number(tables: ClassTables, phone: str, sql: SqlConditions) -> ByNumber:
    has_number = sql.has_number(phone, tables.source)
    return ByNumber(
        probe=Probe(has_number, tables.source.joined, NUMBERS),
        query=reading(tables, [has_number], sql.dialect, limit=1),
    )


def _any_key(source: Source, keys: Sequence[tuple[Value, ...]]) -> ColumnElement[bool]:
    if len(source.of.of.keys) == 1:
        return source.columns[source.of.of.keys[0].name].in_([key[0] for key in keys])
    return or_(*(source.key_is(key) for key in keys))


def _as_text(of: ObjectClass, key: Any) -> str:
    parts = parse_key(of, key)
    if parts is None:
        raise NotFound(f"There is no such {of.label()}.")
    return key_text(of, dict(zip((each.name for each in of.keys), parts, strict=True)))
