"""Who changed what of an object from what to what, when and from where; and what it was like before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from caruso.business_objects.model import ObjectClass
from caruso.business_objects.records import Change
from caruso.model.actor import Actor
from caruso.script_engine.turns import Value
from caruso.script_engine.values import to_plain
from caruso.storage.tables import audit

#: Field of the row that tells that an object was made or deleted.
WHOLE = ""
#: Rows of one history at most.
LONGEST_HISTORY = 1_000


def audit_rows(
    of: ObjectClass,
    key: str,
    before: Mapping[str, Value] | None,
    after: Mapping[str, Value] | None,
    actor: Actor,
    at: datetime,
) -> list[dict[str, Any]]:
    """Return a row for each attribute that is another than before; None for an object that is not there."""
    left_out = {*of.computed, *of.relations, *of.firsts}
    declared = [*of.attributes, *of.lists]
    others = sorted({*(before or {}), *(after or {})} - left_out - {*declared})
    rows = []
    for name in (*declared, *others):
        old, new = (before or {}).get(name), (after or {}).get(name)
        if old != new and (old, new) not in (((), None), (None, ())):
            rows.append(_row(of, key, name, old, new, actor, at))
    if before is None or after is None:
        rows.insert(0, _row(of, key, WHOLE, before is not None, after is not None, actor, at))
    return rows


def _row(
    of: ObjectClass, key: str, field: str, old: Value, new: Value, actor: Actor, at: datetime
) -> dict[str, Any]:
    return {
        "at": at,
        "by": actor.user,
        "source": actor.source,
        "class_name": of.name,
        "record": key,
        "field": field,
        "old": to_plain(old),
        "new": to_plain(new),
    }


def write(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Write rows; return their numbers."""
    if not rows:
        return []
    return [
        connection.execute(insert(audit).values(dict(row))).inserted_primary_key[0]  # type: ignore[index]
        for row in rows
    ]


def take_back(connection: Connection, ids: Sequence[int]) -> None:
    """Delete rows of a change that did not come about."""
    connection.execute(delete(audit).where(audit.c.id.in_(ids)))


def history(connection: Connection, of: ObjectClass, key: str, limit: int = LONGEST_HISTORY) -> list[Change]:
    """Return what happened to an object, the newest first."""
    query = (
        select(audit)
        .where(audit.c.class_name == of.name, audit.c.record == key)
        .order_by(audit.c.id.desc())
        .limit(limit)
    )
    return [
        Change(
            id=row["id"],
            at=row["at"],
            by=row["by"],
            source=row["source"],
            field=row["field"],
            old=row["old"],
            new=row["new"],
        )
        for row in connection.execute(query).mappings()
    ]


def state_before(now: Mapping[str, Any], changes: Sequence[Change], change: int) -> dict[str, Any]:
    """Return an object as plain JSON as it was before a change: what came since is undone, from the newest on.

    Args:
        now: The object as it is.
        changes: Its history, the newest first.
        change: Number of the first row that is undone.
    """
    state = dict(now)
    for each in changes:
        if each.id < change:
            break
        if each.field:
            state[each.field] = each.old
    return state
