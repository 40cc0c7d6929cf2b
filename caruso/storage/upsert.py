"""The one statement that inserts a row or replaces the one with its key."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Table
from sqlalchemy.sql.dml import Insert

from caruso.storage.adapters.registry import adapter_named


def upsert(dialect: str, table: Table, *, keep: Sequence[str] = ()) -> Insert:
    """Return the statement; of a row that is there it leaves the columns `keep` as they are.

    Keep the statement: SQLAlchemy finds what it has compiled by the statement's identity.
    """
    return adapter_named(dialect).upsert(table, keep=keep)
