"""Read days, times of the day and points in time, as typed on a screen or pressed on a phone."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timezone, tzinfo

from caruso.script_engine import written
from caruso.script_engine.answers.asked import Asked, Misread, Read
from caruso.script_engine.turns import Value

#: Keys of a day (DDMMYYYY), of a time (HHMM), and of both one after the other.
DATE_KEYS, TIME_KEYS = 8, 4
DATE_TIME_KEYS = DATE_KEYS + TIME_KEYS
#: Characters of a day with its time.
LONGEST_TIME = 80
#: Moments lie between; so every zone can tell them.
EARLIEST, LATEST = date(1, 1, 2), date(9999, 12, 30)

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_IN_FIGURES = re.compile(r"(\d{1,2})\s*([./-])\s*(\d{1,2})\s*[./-]\s*(\d{4})", re.ASCII)
_LOOSE = re.ASCII | re.IGNORECASE
_CLOCK = re.compile(r"(\d{1,2})(?:\s*[:.h]\s*(\d{2})(?::(\d{2}))?)?\s*(uhr|uur|h|[ap]\.?m\.?)?", _LOOSE)
_NOON = 12


def day(asked: Asked, text: str) -> Read:
    """Return a date; where figures alone are written the day goes first, but for Americans."""
    if asked.by_keys and len(text) == DATE_KEYS and text.isdigit():
        return _day(text[4:], text[2:4], text[:2])
    return _written_day(asked, text)


def clock(asked: Asked, text: str) -> Read:
    """Return a time of the day."""
    if re.fullmatch(rf"[0-9]{{{TIME_KEYS}}}", text):
        return _clock(int(text[:2]), int(text[2:]))
    return _written_clock(text)


def moment(asked: Asked, text: str) -> Read:
    """Return a point in time; where no zone is typed it is meant where the centre is."""
    if len(text) > LONGEST_TIME:
        return Misread("not-date-time")
    if asked.by_keys and len(text) == DATE_TIME_KEYS and text.isdigit():
        on, at = _day(text[4:8], text[2:4], text[:2]), _clock(int(text[8:10]), int(text[10:]))
        return _together(on, at, asked.zone) or Misread("not-date-time")
    exact = _exact(text, asked.zone)
    if exact is not None:
        return exact
    for between in re.finditer(r"\s*,\s*|\s+|T", text):
        on, at = _written_day(asked, text[: between.start()]), _written_clock(text[between.end() :])
        if (both := _together(on, at, asked.zone)) is not None:
            return both
    return Misread("not-date-time")


def day_of(value: Value, zone: tzinfo) -> Value:
    """Return the day of a moment where `zone` is; anything else as it is."""
    if not isinstance(value, datetime):
        return value
    return value.astimezone(zone).date() if value.tzinfo is not None else value.date()


def as_typed(value: datetime, zone: tzinfo | None) -> str:
    """Return a point in time to be read again: as the clocks of `zone` show it, unless they show it twice."""
    if zone is not None and EARLIEST < value.date() < LATEST:
        local = value.astimezone(zone)
        bare = local.replace(tzinfo=None, fold=0)
        if bare.replace(tzinfo=zone).astimezone(UTC) == value.astimezone(UTC):
            return bare.isoformat(timespec=_precision(bare))
    return value.isoformat()


def clock_as_typed(value: time) -> str:
    """Return a time of the day as a screen's own field for it writes it."""
    return value.isoformat(timespec=_precision(value))


def _precision(value: datetime | time) -> str:
    if value.microsecond:
        return "microseconds"
    return "seconds" if value.second else "minutes"


def _together(on: Read, at: Read, zone: tzinfo) -> datetime | None:
    if isinstance(on, date) and isinstance(at, time):
        return _fixed(datetime.combine(on, at, zone))
    return None


def _exact(text: str, zone: tzinfo) -> datetime | None:
    if not _ISO.match(text) or ":" not in text:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return _fixed(read if read.tzinfo is not None else read.replace(tzinfo=zone))


def _fixed(value: datetime) -> datetime | None:
    """Return a moment with its distance from UTC in place of a zone; none at the very ends of the calendar.

    Times that clocks show twice compare as different from everything while they carry a zone (PEP 495).
    """
    distance = value.utcoffset()
    if distance is None or not EARLIEST < value.date() < LATEST:
        return None
    return value.replace(tzinfo=timezone(distance), fold=0)


def _written_day(asked: Asked, text: str) -> Read:
    if found := _ISO.fullmatch(text):
        return _day(*found.groups())
    if found := _IN_FIGURES.fullmatch(text):
        on, sign, month, year = found.groups()
        if sign == "/" and written.month_first(asked.language):
            on, month = month, on
        return _day(year, month, on)
    return Misread("not-date")


def _written_clock(text: str) -> Read:
    try:
        if re.match(r"\d\d:\d\d", text):
            exact = time.fromisoformat(text)
            return exact if exact.tzinfo is None else Misread("not-time")
    except ValueError:
        pass
    found = _CLOCK.fullmatch(text.strip())
    if found is None or (found[2] is None and found[4] is None):
        return Misread("not-time")
    hour, half = int(found[1]), (found[4] or "").lower().replace(".", "")
    if half in {"am", "pm"}:
        if not 1 <= hour <= _NOON:
            return Misread("not-time")
        hour = hour % _NOON + (_NOON if half == "pm" else 0)
    return _clock(hour, int(found[2] or 0), int(found[3] or 0))


def _day(year: str, month: str, on: str) -> Read:
    try:
        return date(int(year), int(month), int(on))
    except ValueError:
        return Misread("not-date")


def _clock(hour: int, minute: int, second: int = 0) -> Read:
    try:
        return time(hour, minute, second)
    except ValueError:
        return Misread("not-time")
