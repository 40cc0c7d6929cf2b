"""How MariaDB's columns are written: a column in a key must have a length, and others must not be short."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Column, LargeBinary, Text
from sqlalchemy.ext.compiler import compiles

from caruso.storage.tables.columns import metadata

#: Signs of a text that is part of a key.
KEY_SIGNS = 255
#: Sign by sign, and trailing blanks count.
COLLATION = "CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"


@compiles(Text, "mariadb")
def _text(_type: Text, _compiler: Any, *, type_expression: Any = None, **_rest: Any) -> str:
    """Write a text of any length, unless a key has to hold it."""
    in_key = isinstance(type_expression, Column) and is_in_key(type_expression)
    return f"VARCHAR({KEY_SIGNS}) {COLLATION}" if in_key else f"LONGTEXT {COLLATION}"


@compiles(LargeBinary, "mariadb")
def _bytes(_type: LargeBinary, _compiler: Any, **_rest: Any) -> str:
    """A ``BLOB`` ends at 64 KB."""
    return "LONGBLOB"


def is_in_key(column: Column[Any]) -> bool:
    """Tell whether a column, as a migration makes it, is part of a key or index now or later."""
    if column.primary_key or column.foreign_keys:
        return True
    if column.table is None:
        return False
    # Tables of models are made with their indexes; of ours the metadata knows.
    indexed = any(column.name in index.columns for index in column.table.indexes)
    return indexed or (column.table.name, column.name) in _in_keys()


@cache
def _in_keys() -> frozenset[tuple[str, str]]:
    found = {
        (table.name, column.name)
        for table in metadata.tables.values()
        for columns in (table.primary_key.columns, *(index.columns for index in table.indexes))
        for column in columns
    }
    referring = [key for table in metadata.tables.values() for key in table.foreign_keys]
    found |= {(key.parent.table.name, key.parent.name) for key in referring}
    found |= {(key.column.table.name, key.column.name) for key in referring}
    return frozenset(found)
