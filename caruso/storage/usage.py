"""Tell whether somebody else has the database open: what replaces data must not do so under a running server."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from caruso.storage.engine import Database


async def others_use(database: Database, connection: AsyncConnection) -> bool:
    """Tell whether anybody but `connection`, which has no transaction, is connected to the database."""
    if database.dialect == "postgresql":
        others = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        count: int = (await connection.execute(others)).scalar_one()
        await connection.rollback()
        return count > 0
    driver = (await connection.get_raw_connection()).driver_connection
    assert driver is not None  # noqa: S101 -- it is connected
    try:
        await driver.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError:
        return True
    await driver.execute("PRAGMA journal_mode = WAL")
    return False


def file_in_use(path: Path) -> bool:
    """Tell whether a process has the SQLite database at `path` open.

    A connection keeps a shared lock on a file in WAL mode, and only who is alone can take it out of that mode.
    """
    connection = sqlite3.connect(path, timeout=0.1, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError:
        return True
    except sqlite3.DatabaseError:
        return False  # no database at all: nobody works with it
    finally:
        connection.close()
    return False
