"""The one statement that inserts a row or replaces the one with its key."""

from __future__ import annotations

from sqlalchemy import Table
from sqlalchemy.sql.dml import Insert

from caruso.storage.adapters.registry import adapter_named


def upsert(dialect: str, table: Table) -> Insert:
    """Return the statement. Keep it: SQLAlchemy finds what it has compiled by the statement's identity."""
    return adapter_named(dialect).upsert(table)
