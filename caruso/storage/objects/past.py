"""What objects were, as somebody may see it: read from the audit, never written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect, RowMapping

from caruso.business_objects.records import Change
from caruso.business_objects.rights import row_condition, visible
from caruso.clock import Clock
from caruso.errors import NotFound
from caruso.model.asker import HOUSE, Asker
from caruso.model.conditions import holds
from caruso.script_engine.values import to_plain, to_values
from caruso.storage.objects import auditing, history, rows
from caruso.storage.objects.databases import Databases
from caruso.storage.objects.finding import Finder, InForce
from caruso.storage.objects.history import Picture
from caruso.storage.objects.mapping import ClassTables

_Lines = tuple[list[RowMapping], Dialect]


class Past:
    """Reads what objects were."""

    def __init__(self, databases: Databases, finder: Finder, clock: Clock) -> None:
        """Read the audit, and objects as they are by `finder`."""
        self._databases = databases
        self._finder = finder
        self._clock = clock

    async def history(self, now: InForce, tables: ClassTables, key: str, asker: Asker) -> Sequence[Change]:
        """Return what happened to an object as far as the asker may see it, the newest first."""
        lines, dialect = await self._lines(tables, key)
        present = await self._picture(now, tables, key)
        changes = list(history.changes(tables, present, lines, dialect))
        shown = self._shown(tables, present.state() if present.there else _last(changes), changes, asker)
        return [change for change in changes if change.field in shown]

    async def state(
        self, now: InForce, tables: ClassTables, key: str, change: int, asker: Asker, *, before: bool
    ) -> Mapping[str, Any]:
        """Return an object as plain JSON as it was before a change, or right after it; empty for none."""
        changes = await self.history(now, tables, key, asker)
        lines, dialect = await self._lines(tables, key)
        if all(line["id"] != change for line in lines):
            raise NotFound("There was no such change.")
        present = await self._picture(now, tables, key)
        picture = history.at(tables, present, lines, dialect, change=change, before=before)
        state = picture.state()
        shown = self._shown(tables, state, changes, asker)
        return {name: value for name, value in state.items() if name in shown}

    async def _lines(self, tables: ClassTables, key: str) -> _Lines:
        def work(connection: Connection) -> _Lines:
            return auditing.lines_of(connection, tables, key), connection.dialect

        return await self._databases.own.look_up(work)

    async def present(self, now: InForce, tables: ClassTables, key: str) -> Mapping[str, Any]:
        """Return what an object has in its tables, as plain JSON; nothing when it is gone."""
        return (await self._picture(now, tables, key)).state()

    async def _picture(self, now: InForce, tables: ClassTables, key: str) -> Picture:
        record = await self._finder.one(now, tables, key, HOUSE)
        if record is None:
            return Picture(there=False)
        lists = history.followed_lists(tables)
        left_out = {*tables.of.computed, *tables.of.relations, *tables.of.firsts, *lists}
        values = {name: to_plain(value) for name, value in record.values.items() if name not in left_out}

        def places(connection: Connection) -> Mapping[str, Mapping[Any, Any]]:
            return {
                name: rows.places_in_list(connection, tables, each, record.values) for name, each in lists.items()
            }

        return Picture(there=True, values=values, lists=await self._databases.own.look_up(places))

    def _shown(
        self, tables: ClassTables, values: Mapping[str, Any], changes: Sequence[Change], asker: Asker
    ) -> Mapping[str, Any]:
        """Return what the asker may see of an object with these values; raise `NotFound` when not even that."""
        at = self._clock.now()
        of = tables.of
        known = to_values(values)
        if not holds(row_condition(of, asker, at), known):
            raise NotFound(f"There is no such {of.label()}.")
        return visible(of, asker, {**dict.fromkeys(change.field for change in changes), **known}, at)


def _last(changes: Sequence[Change]) -> Mapping[str, Any]:
    """Return what an object was that is gone: what its deletion undid."""
    values: dict[str, Any] = {}
    for change in changes:
        if change.field == history.WHOLE and not change.old:
            break
        values.setdefault(change.field, change.old)
    return values
