"""What engines differ in when they look at texts; all compare them by their characters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, literal_column

#: What Python takes for blank, for the engines that only know the blank itself.
BLANKS = "".join(chr(code) for code in range(0x3001) if chr(code).isspace())

Column = ColumnElement[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlTexts:
    """How one engine looks at texts."""

    #: Place of a text in another, from 1; 0 where it is not.
    position: Callable[[Column, str], Column]
    #: A text without blanks at its ends.
    trimmed: Callable[[Column], Column]
    #: The first characters of a text, the last ones.
    beginning: Callable[[Column, int], Column]
    ending: Callable[[Column, int], Column]
    #: A column so that it is sorted by its characters, not by the rules of a language.
    in_order: Callable[[Column], Column]
    #: A column so that only what is the same equals it, where it might be compared without regard to capitals.
    exact: Callable[[Column], Column] | None = None


def _in_mariadb(column: Column) -> Column:
    return func.convert(column.op("USING")(literal_column("utf8mb4"))).collate("utf8mb4_nopad_bin")


_OF: dict[str, SqlTexts] = {
    "sqlite": SqlTexts(
        position=func.instr,
        trimmed=lambda column: func.trim(column, BLANKS),
        beginning=lambda column, length: func.substr(column, 1, length),
        ending=lambda column, length: func.substr(column, -length),
        in_order=lambda column: column,
    ),
    "postgresql": SqlTexts(
        position=func.strpos,
        trimmed=lambda column: func.btrim(column, BLANKS),
        beginning=func.left,
        ending=func.right,
        in_order=lambda column: column.collate("C"),
    ),
    "mariadb": SqlTexts(
        position=lambda column, text: func.instr(_in_mariadb(column), text),
        trimmed=lambda column: func.regexp_replace(column, f"^[{BLANKS}]+|[{BLANKS}]+$", ""),
        beginning=lambda column, length: _in_mariadb(func.left(column, length)),
        ending=lambda column, length: _in_mariadb(func.right(column, length)),
        in_order=_in_mariadb,
        exact=_in_mariadb,
    ),
}


def texts_of(dialect: str) -> SqlTexts:
    """Return how an engine looks at texts; one that a plug-in brings does it as SQLite does."""
    return _OF.get(dialect, _OF["sqlite"])
