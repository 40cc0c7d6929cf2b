"""Write many rows of one table at once: for the journal's writer, which does little else.

A statement is compiled once, rows become plain tuples, and the driver gets both. SQLAlchemy's own way handles each
row as if it were the only one, which cost more than the database itself.

SQLite takes many rows in one statement: the interpreter's lock is let go and taken again once for each statement,
and while the event loop is busy whoever takes it has to wait for his turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import StatementError
from sqlalchemy.sql.dml import Insert
from sqlalchemy.types import TypeEngine

from caruso.storage.tables.columns import UtcDateTime, utc_text

#: Rows in one statement of SQLite: as many as can be, of few sizes, so that all statements stay prepared.
SIZES = (512, 64, 8, 1)

Row = Mapping[str, Any]
Values = tuple[Any, ...]


class BulkInsert:
    """One statement that inserts rows, or replaces those with their keys."""

    def __init__(self, statement: Insert) -> None:
        """Take a statement without values, made for the engine it will run on."""
        self._statement = statement
        self._compiled: _Compiled | None = None

    def execute(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Write rows that have all columns of the table. Raises what SQLAlchemy raises."""
        if not rows:
            return
        if self._compiled is None:
            self._compiled = _Compiled(self._statement, connection.dialect)
        compiled = self._compiled
        values = compiled.values(rows)
        if connection.dialect.name != "sqlite":
            connection.exec_driver_sql(compiled.text, values)
            return
        for some in _pieces(values):
            flat = tuple(chain.from_iterable(some))
            connection.exec_driver_sql(compiled.text_for(len(some)), flat)


class _Compiled:
    """Text of a statement, the order of its parameters, and how each is written."""

    def __init__(self, statement: Insert, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self.text = str(compiled)
        self._names = tuple(compiled.positiontup or ())
        converted = ((name, _conversion(statement.table.c[name].type, dialect)) for name in self._names)
        self._conversions = tuple((name, convert) for name, convert in converted if convert is not None)
        self._of_many: dict[int, str] = {}

    def values(self, rows: Sequence[Row]) -> list[Values]:
        """Return the parameters of each row; a value that has no form raises `StatementError`."""
        names, conversions = self._names, self._conversions
        found = []
        try:
            for row in rows:
                written = {**row}
                for name, convert in conversions:
                    value = written[name]
                    if value is not None:
                        written[name] = convert(value)
                found.append(tuple([written[name] for name in names]))
        except (ValueError, TypeError, OverflowError) as error:
            raise StatementError(str(error), self.text, None, error) from error
        return found

    def text_for(self, rows: int) -> str:
        """Return the statement for several rows."""
        if rows not in self._of_many:
            one = f"({', '.join('?' * len(self._names))})"
            self._of_many[rows] = self.text.replace(one, ", ".join([one] * rows), 1)
        return self._of_many[rows]


def _conversion(column_type: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    """Return how a value of a column is handed to the driver; None when it goes as it is."""
    if isinstance(column_type, UtcDateTime) and dialect.name == "sqlite":
        return utc_text
    return column_type.dialect_impl(dialect).bind_processor(dialect)


def _pieces(values: Sequence[Values]) -> Iterator[Sequence[Values]]:
    """Give all of `values`, as many at a time as one of the sizes says."""
    start = 0
    for size in SIZES:
        while len(values) - start >= size:
            yield values[start : start + size]
            start += size
