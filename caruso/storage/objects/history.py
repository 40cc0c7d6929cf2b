"""What an object was: the lines of the audit about its rows, told by attributes. Pure.

Lines are gone through from the newest on, and what each did is undone in a picture of the object.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Dialect, RowMapping
from sqlalchemy.types import TypeDecorator

from caruso.business_objects.model import OWN, ListAttribute
from caruso.business_objects.records import Change
from caruso.script_engine.values import to_plain
from caruso.storage.objects.column_types import column_type
from caruso.storage.objects.mapping import ClassTables
from caruso.storage.objects.rows import read_value

#: Field of a change that tells that the whole object was made or deleted.
WHOLE = ""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Picture:
    """An object at some time, as plain JSON."""

    there: bool
    values: Mapping[str, Any] = field(default_factory=dict)
    #: Values of lists, by list and place.
    lists: Mapping[str, Mapping[Any, Any]] = field(default_factory=dict)

    def state(self) -> dict[str, Any]:
        """Return what there was of the object."""
        if not self.there:
            return {}
        lists = {name: [items[place] for place in sorted(items)] for name, items in self.lists.items()}
        return {**self.values, **lists}


def batches(lines: Sequence[RowMapping]) -> Iterator[list[RowMapping]]:
    """Give lines of one transaction together, in the order in which they are given."""
    batch: list[RowMapping] = []
    for line in lines:
        if batch and (line["batch"] is None or line["batch"] != batch[-1]["batch"]):
            yield batch
            batch = []
        batch.append(line)
    if batch:
        yield batch


def changes(
    tables: ClassTables, present: Picture, lines: Sequence[RowMapping], dialect: Dialect
) -> Iterator[Change]:
    """Give each attribute that was changed, the newest first; those of one transaction have the same number.

    Args:
        tables: Of its class.
        present: The object as it is.
        lines: Of the audit, the newest first.
        dialect: Of the database that wrote them.
    """
    after = present
    for batch in batches(lines):
        before = after
        for line in batch:
            before = undone(tables, before, line, dialect)
        yield from _differences(batch[-1], before, after)
        after = before


def at(
    tables: ClassTables,
    present: Picture,
    lines: Sequence[RowMapping],
    dialect: Dialect,
    *,
    change: int,
    before: bool,
) -> Picture:
    """Return an object as it was before a change, or right after it: all of a transaction, or nothing."""
    picture = present
    for batch in batches(lines):
        if batch[0]["id"] < change or (batch[-1]["id"] <= change and not before):
            break
        for line in batch:
            picture = undone(tables, picture, line, dialect)
    return picture


def undone(tables: ClassTables, after: Picture, line: RowMapping, dialect: Dialect) -> Picture:
    """Return an object as it was before a line of the audit."""
    for name, listed in followed_lists(tables).items():
        if line["table_name"] == listed.table:
            return _without(after, name, listed, line)
    old, new = (_attributes(tables, line, line[side], dialect) for side in ("old", "new"))
    is_main = line["table_name"] == tables.of.table
    there = after.there if not is_main else line["change"] != "insert"
    values = {name: value for name, value in after.values.items() if name not in new or name in old}
    values.update({name: None for name in new if name not in old and not is_main})
    return replace(after, there=there, values={**values, **old})


def _without(after: Picture, name: str, listed: ListAttribute, line: RowMapping) -> Picture:
    items = dict(after.lists.get(name, {}))
    place = listed.position or listed.column
    if line["new"] is not None:
        items.pop(line["new"][place], None)
    if line["old"] is not None:
        items[line["old"][place]] = line["old"][listed.column]
    return replace(after, lists={**after.lists, name: items})


def followed_lists(tables: ClassTables) -> Mapping[str, ListAttribute]:
    """Return lists with tables that the audit follows; of other databases lines hold them as they are."""
    return tables.of.lists if tables.of.database == OWN else {}


def _differences(line: RowMapping, before: Picture, after: Picture) -> Iterator[Change]:
    old, new = before.state(), after.state()
    if before.there != after.there:
        yield _change(line, WHOLE, before.there, after.there)
    for name in dict.fromkeys((*new, *old)):
        one, other = old.get(name), new.get(name)
        if one != other and (one, other) not in (([], None), (None, [])):
            yield _change(line, name, one, other)


def _change(line: RowMapping, name: str, old: Any, new: Any) -> Change:
    return Change(
        id=line["id"],
        at=line["at"],
        by=line["by"],
        role=line["role"],
        channel=line["channel"],
        address=line["address"],
        field=name,
        old=old,
        new=new,
    )


def _attributes(tables: ClassTables, line: RowMapping, row: Row | None, dialect: Dialect) -> dict[str, Any]:
    """Return what a row has of an object, as plain JSON by attribute."""
    of = tables.of
    if row is None:
        return {}
    if of.database != OWN:
        return dict(row)
    table = "" if line["table_name"] == of.table else line["table_name"]
    found: dict[str, Any] = {}
    if of.extra and not table:
        found.update(row.get(of.extra) or {})
        # Of lines from before whole rows were kept.
        prefix = f"{of.extra}."
        found.update({name.removeprefix(prefix): value for name, value in row.items() if name.startswith(prefix)})
    for name, attribute in of.attributes.items():
        if attribute.table == table and attribute.column in row:
            kind = column_type(attribute.kind)
            raw = row[attribute.column]
            stored = kind.process_result_value(raw, dialect) if isinstance(kind, TypeDecorator) else raw
            found[name] = to_plain(read_value(attribute, stored))
    return found
