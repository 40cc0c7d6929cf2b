"""Rows of a table as lines of JSON, and back: for engines that have nothing quicker and of which that is all.

Values are kept as the driver gives them, so that a back-up of an earlier step, whose tables this version does not
know any more, can be restored as well. What JSON has no form for is an object: ``{"at": …}``, ``{"bytes": …}``.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import msgspec
from sqlalchemy import ColumnClause, Connection, column, insert, select, table

#: Rows read and written at once.
AT_ONCE = 500

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[Any]).decode


def write_rows(connection: Connection, name: str, columns: Sequence[str], output: IO[bytes]) -> int:
    """Write all rows of a table, a line for each; return how many."""
    wanted: list[ColumnClause[Any]] = [column(each) for each in columns]
    query = select(*wanted).select_from(table(name))
    count = 0
    for row in connection.execute(query.execution_options(yield_per=AT_ONCE)):
        output.write(_encode([_plain(value) for value in row]) + b"\n")
        count += 1
    return count


def insert_rows(connection: Connection, name: str, columns: Sequence[str], path: Path) -> None:
    """Insert the rows that are in the file `path`."""
    statement = insert(table(name, *(column(each) for each in columns)))
    for some in _pieces(path):
        connection.execute(statement, [dict(zip(columns, row, strict=True)) for row in some])


def _pieces(path: Path) -> Iterator[list[list[Any]]]:
    some: list[list[Any]] = []
    with path.open("rb") as lines:
        for line in lines:
            some.append([_value(written) for written in _decode(line)])
            if len(some) == AT_ONCE:
                yield some
                some = []
    if some:
        yield some


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"at": value.isoformat()}
    if isinstance(value, bytes):
        return {"bytes": b64encode(value).decode("ascii")}
    return value


def _value(written: Any) -> Any:
    match written:
        case {"at": at}:
            return datetime.fromisoformat(at)
        case {"bytes": text}:
            return b64decode(text)
        case _:
            return written
