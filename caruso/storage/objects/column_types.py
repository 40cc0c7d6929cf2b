"""How kinds of attributes are in columns, of our tables and of others': tolerant in reading, exact in writing."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import BigInteger, Boolean, Date, DateTime, Dialect, Integer, Numeric, String, Text, Time
from sqlalchemy.types import TypeDecorator, TypeEngine

from caruso.business_objects.model import Kind
from caruso.storage.tables.columns import Json, mariadb_time

#: Digits of numbers in columns that we make in MariaDB, and how many of them are behind the point.
_DIGITS, _PLACES = 38, 12
#: Digits a whole number may have in an integer of 64 bits.
_WHOLE_DIGITS = 18


class NumberColumn(TypeDecorator[Decimal]):
    """A decimal number, whatever kind of number the database has."""

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column's type; SQLite takes what comes."""
        if dialect.name == "mariadb":  # which would leave out all places behind the point
            return dialect.type_descriptor(Numeric(_DIGITS, _PLACES))
        return dialect.type_descriptor(Numeric(asdecimal=False) if dialect.name == "sqlite" else Numeric())

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        """Write whole numbers as such for SQLite, which has no decimals."""
        if value is None or dialect.name != "sqlite":
            return value
        whole = value == value.to_integral_value() and value.adjusted() < _WHOLE_DIGITS
        return int(value) if whole else float(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Return a decimal; what is no number is not known."""
        if value is None or isinstance(value, Decimal):
            return value
        try:
            return Decimal(str(value))
        except InvalidOperation:
            return None


class DateColumn(TypeDecorator[date]):
    """A day."""

    impl = Date
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column's type: SQLite has texts."""
        return dialect.type_descriptor(String(10) if dialect.name == "sqlite" else Date())

    def process_bind_param(self, value: date | None, dialect: Dialect) -> Any:
        """Write ISO text for SQLite."""
        return value.isoformat() if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> date | None:
        """Return a day, of whatever begins with one."""
        if isinstance(value, str):
            try:
                return date.fromisoformat(value[:10])
            except ValueError:
                return None
        return value.date() if isinstance(value, datetime) else value


class DateTimeColumn(TypeDecorator[datetime]):
    """A moment, in UTC where the column knows no zone."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column's type: SQLite has texts."""
        if dialect.name == "mariadb":
            return dialect.type_descriptor(mariadb_time())
        return dialect.type_descriptor(String(27) if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Write text that sorts for SQLite; MariaDB knows no zones."""
        if value is not None and dialect.name == "mariadb":
            return value.astimezone(UTC).replace(tzinfo=None)
        if value is None or dialect.name != "sqlite":
            return value
        text = value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        return text.removesuffix(".000000")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return an aware moment."""
        if isinstance(value, str):
            try:
                value = datetime.fromisoformat(value)
            except ValueError:
                return None
        if isinstance(value, datetime):
            return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return datetime(value.year, value.month, value.day, tzinfo=UTC) if isinstance(value, date) else None


class TimeColumn(TypeDecorator[time]):
    """A time of day."""

    impl = Time
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column's type: SQLite has texts."""
        return dialect.type_descriptor(String(15) if dialect.name == "sqlite" else Time())

    def process_bind_param(self, value: time | None, dialect: Dialect) -> Any:
        """Write ISO text for SQLite."""
        return value.isoformat() if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> time | None:
        """Return a time."""
        if isinstance(value, str):
            try:
                return time.fromisoformat(value)
            except ValueError:
                return None
        if isinstance(value, timedelta):  # MariaDB's times
            return (datetime(1, 1, 1, tzinfo=UTC) + value).time()
        return value if isinstance(value, time) else None


class BooleanColumn(TypeDecorator[bool]):
    """Yes or no."""

    impl = Boolean
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column's type: SQLite has 0 and 1."""
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else Boolean())

    def process_bind_param(self, value: bool | None, dialect: Dialect) -> Any:
        """Write 0 or 1 for SQLite."""
        return int(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> bool | None:
        """Return yes or no; anything but 0 is yes."""
        return None if value is None else bool(value)


class TextColumn(TypeDecorator[str]):
    """A text, of whatever is there: legacy keys are often numbers."""

    impl = Text
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        """Return a text."""
        return None if value is None else str(value)


#: Type of a number the database counts up.
COUNTED = BigInteger().with_variant(Integer(), "sqlite")

_COLUMNS: dict[Kind, TypeEngine[Any]] = {
    Kind.TEXT: TextColumn(),
    Kind.PHONE: TextColumn(),
    Kind.CHOICE: TextColumn(),
    Kind.NUMBER: NumberColumn(),
    Kind.BOOLEAN: BooleanColumn(),
    Kind.DATE: DateColumn(),
    Kind.TIME: TimeColumn(),
    Kind.DATE_TIME: DateTimeColumn(),
    Kind.DATA: Json,
}


def column_type(kind: Kind) -> TypeEngine[Any]:
    """Return the type of a column with values of that kind."""
    return _COLUMNS[kind]
