"""``INSERT … ON CONFLICT``, as SQLite and PostgreSQL have it in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Table

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

_Insert = TypeVar("_Insert", "postgresql.Insert", "sqlite.Insert")


def insert_on_conflict_update(
    statement: _Insert, table: Table, *, newer: str | None, keep: Sequence[str]
) -> _Insert:
    """Return what replaces a row with the same key; see `StorageAdapter.upsert`."""
    key = list(table.primary_key.columns)
    changed = {
        column.name: statement.excluded[column.name]
        for column in table.columns
        if column not in key and column.name not in keep
    }
    where = table.c[newer] < statement.excluded[newer] if newer is not None else None
    return statement.on_conflict_do_update(index_elements=key, set_=changed, where=where)


def insert_on_conflict_nothing(statement: _Insert, table: Table) -> _Insert:
    """Return what leaves a row with the same key alone."""
    return statement.on_conflict_do_nothing(index_elements=list(table.primary_key.columns))
