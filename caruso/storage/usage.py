"""Tell whether a database file is open: what replaces it must not do so under a running server."""

from __future__ import annotations

import sqlite3
from pathlib import Path


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
