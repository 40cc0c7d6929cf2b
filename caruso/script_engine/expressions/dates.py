"""Functions of expressions about dates and times. Dates with time come in the centre's time zone."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import ROUND_DOWN, Decimal

from caruso.script_engine.turns import Value

_MINUTE = timedelta(minutes=1)
_MONTHS = 12
#: More would leave the calendar anyway.
_MOST_DAYS = 4_000_000
_MOST_MINUTES = _MOST_DAYS * 24 * 60


def in_zone(value: Value, zone: tzinfo) -> Value:
    """Return a date with time as clocks in `zone` show it; anything else as it is."""
    if not isinstance(value, datetime):
        return value
    try:
        return value.astimezone(zone) if value.tzinfo else value.replace(tzinfo=zone)
    except OverflowError:  # at an end of the calendar
        return value


def day_of(value: date) -> date:
    """Return the day of a date or of a date with time."""
    return value.date() if isinstance(value, datetime) else value


def years_between(born: date, today: date) -> int:
    """Return full years from `born` to `today`."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def to_date(value: Value) -> Value:
    """Return the date a text begins with (``2026-01-31``), or the day of a date with time."""
    if isinstance(value, str):
        try:
            return date.fromisoformat(value.strip()[:10])
        except ValueError:
            return None
    return day_of(value) if isinstance(value, date) else None


def to_time(value: Value) -> Value:
    """Return the time a text holds (``14:30``), or that of a date with time."""
    if isinstance(value, str):
        try:
            return time.fromisoformat(value.strip()[:8]).replace(tzinfo=None)
        except ValueError:
            return None
    if isinstance(value, datetime):
        return value.time()
    return value if isinstance(value, time) else None


def to_date_time(value: Value, at: Value, zone: tzinfo) -> Value:
    """Return the moment a text holds (``2026-01-31T14:30``), or that of a date at a time; midnight without one."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip()[:32])
        except ValueError:
            return None
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, at if isinstance(at, time) else time(0), tzinfo=zone)
    moment = in_zone(value, zone)
    if not isinstance(moment, datetime):
        return None
    return datetime.combine(moment.date(), at, tzinfo=zone) if isinstance(at, time) else moment


def days_between(first: date, last: date) -> Value:
    """Return the days from `first` to `last`, below zero when `last` is earlier."""
    return Decimal((day_of(last) - day_of(first)).days)


def minutes_between(first: datetime, last: datetime) -> Value:
    """Return the full minutes from `first` to `last`, below zero when `last` is earlier."""
    # Between two times of one zone Python counts what clocks show, which is wrong when they are put forward.
    return Decimal(int((last.astimezone(UTC) - first.astimezone(UTC)) / _MINUTE))


def add_days(value: date, days: Decimal) -> Value:
    """Return the date so many days later; parts of a day do not count."""
    if abs(days) > _MOST_DAYS:
        return None
    try:
        return day_of(value) + timedelta(days=int(days))
    except OverflowError:
        return None


def add_months(value: date, months: Decimal) -> Value:
    """Return the same day so many months later, or the last of a month that is shorter."""
    if abs(months) > _MOST_DAYS:
        return None
    start = day_of(value)
    whole = start.year * _MONTHS + start.month - 1 + int(months.to_integral_value(rounding=ROUND_DOWN))
    year, month = divmod(whole, _MONTHS)
    if not date.min.year <= year <= date.max.year:
        return None
    return date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))


def add_minutes(value: datetime, minutes: Decimal) -> Value:
    """Return the moment so many minutes later."""
    if abs(minutes) > _MOST_MINUTES:
        return None
    try:
        return (value.astimezone(UTC) + timedelta(minutes=int(minutes))).astimezone(value.tzinfo)
    except OverflowError:
        return None


def weekday(value: date) -> Value:
    """Return the day of the week; Monday is 1."""
    return Decimal(value.isoweekday())


def year(value: date) -> Value:
    """Return the year."""
    return Decimal(value.year)


def month(value: date) -> Value:
    """Return the month, from 1."""
    return Decimal(value.month)


def day(value: date) -> Value:
    """Return the day of the month."""
    return Decimal(value.day)


def hour(value: Value) -> Value:
    """Return the hour of a time or of a date with time."""
    return Decimal(value.hour) if isinstance(value, (datetime, time)) else None


def minute(value: Value) -> Value:
    """Return the minute of a time or of a date with time."""
    return Decimal(value.minute) if isinstance(value, (datetime, time)) else None


_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MARKS: Mapping[str, Callable[[datetime], str]] = {
    "Y": lambda at: f"{at.year:04}",
    "y": lambda at: f"{at.year % 100:02}",
    "m": lambda at: f"{at.month:02}",
    "n": lambda at: str(at.month),
    "b": lambda at: _MONTH_NAMES[at.month - 1],
    "d": lambda at: f"{at.day:02}",
    "e": lambda at: str(at.day),
    "a": lambda at: _DAY_NAMES[at.weekday()],
    "H": lambda at: f"{at.hour:02}",
    "h": lambda at: str(at.hour),
    "M": lambda at: f"{at.minute:02}",
    "S": lambda at: f"{at.second:02}",
    "3": lambda at: f"{at.microsecond // 1000:03}",
}


def format_date(value: date, form: str) -> str:
    """Return `value` as `form` has it: ``%Y-%m-%d``. Marks it does not know stay as they are."""
    moment = value if isinstance(value, datetime) else datetime.combine(value, time(0))
    return re.sub("%(.)", lambda found: _MARKS[found[1]](moment) if found[1] in _MARKS else found[0], form)
