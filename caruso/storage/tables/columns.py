"""What tables are made of: the types of columns that differ between engines, and the one `metadata`."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Index, Integer, MetaData, String, Text, TextClause
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeDecorator, TypeEngine

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def mariadb_time() -> TypeEngine[datetime]:
    """Return the type of a moment in MariaDB, to the microsecond. Its dialect is loaded where it is used: 1 MB."""
    from sqlalchemy.dialects.mysql import DATETIME

    return DATETIME(fsp=6)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time in UTC, to the microsecond.

    SQLite knows no times: there it is ISO text of fixed length, which sorts. MariaDB knows no zones.
    """

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column's type."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(27))
        if dialect.name == "mariadb":
            return dialect.type_descriptor(mariadb_time())
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse a naive time; write text for SQLite."""
        if value is None:
            return None
        if dialect.name == "sqlite":
            return utc_text(value)
        if dialect.name == "mariadb":
            return _in_utc(value).replace(tzinfo=None)
        return _in_utc(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return an aware time in UTC."""
        if value is None:
            return None
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        at: datetime = value
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


@lru_cache(maxsize=4096)
def utc_text(value: datetime) -> str:
    """Return a time as the text that stands for it in SQLite. Many rows tell of the same moment."""
    return _in_utc(value).isoformat(timespec="microseconds")[:26] + "Z"


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is UTC:
        return value
    if value.tzinfo is None:
        raise ValueError("a time without a zone cannot be stored")
    return value.astimezone(UTC)


class _Json(TypeDecorator[Any]):
    """JSON; None is the database's own null, not JSON's."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column's type. PostgreSQL's dialect is loaded where it is used: 2 MB."""
        if dialect.name == "postgresql":
            from sqlalchemy.dialects.postgresql import JSONB

            return dialect.type_descriptor(JSONB(none_as_null=True))
        return dialect.type_descriptor(self.impl_instance)

    def coerce_compared_value(self, op: OperatorType | None, value: Any) -> TypeEngine[Any]:
        """Bind a name within the JSON as a name, not as JSON."""
        return self.impl_instance.coerce_compared_value(op, value)


#: JSON that PostgreSQL can look into.
Json = _Json()
#: Text that is found by its beginning: compared byte by byte, so that an index serves ``>= 'a' and < 'b'``.
Key = Text().with_variant(Text(collation="C"), "postgresql")
#: Number of a fact.
Seq = BigInteger().with_variant(Integer(), "sqlite")
#: A number the database counts up.
Serial = BigInteger().with_variant(Integer(), "sqlite")


def partial_index(name: str, *columns: str, where: TextClause) -> Index:
    """Return an index of the rows that `where` is true of.

    The migrations make it, and in PostgreSQL of the same rows: saying so here would load its dialect, 2 MB.
    """
    return Index(name, *columns, sqlite_where=where)
