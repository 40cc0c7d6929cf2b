"""Decide when something is open, in its own time zone, across daylight saving and midnight.

An interval is a stretch of real time: it begins the first time the clock shows `opens` and ends the last time it
shows `closes`; where the clock skips one of them, the skip itself counts. Knows no clock: `now` is given.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from caruso.model.centre import Hours, Interval
from caruso.model.public_holidays import is_holiday

#: How far ahead a next opening is looked for: a year of special days, and a bit.
HORIZON_DAYS = 400

_MIDNIGHT = time(0)
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


def is_open(hours: Hours, now: datetime) -> bool:
    """Return whether `now` (aware) lies in an interval; the moment of closing does not."""
    today = now.astimezone(_zone(hours.timezone)).date()
    # A day around it: where a clock skips a whole day, an instant can belong to a neighbour.
    days = (today - _DAY, today, today + _DAY)
    return any(opens <= now < closes for day in days for opens, closes in _stretches(hours, day))


def next_opening(hours: Hours, now: datetime) -> datetime | None:
    """Return when it is open next (UTC): `now` itself when it is open, None when it never is again."""
    first = now.astimezone(_zone(hours.timezone)).date() - _DAY
    for ahead in range(HORIZON_DAYS):
        for opens, closes in _stretches(hours, first + ahead * _DAY):
            if now < closes:
                return max(opens, now.astimezone(UTC))
    return None


def _stretches(hours: Hours, day: date) -> Iterator[tuple[datetime, datetime]]:
    """Yield the open stretches of a local day as instants, earliest first."""
    zone = _zone(hours.timezone)
    for interval in sorted(intervals_on(hours, day), key=lambda i: i.opens):
        opens = _instant(datetime.combine(day, interval.opens), zone, last=False)
        closing_day = day + _DAY if interval.closes == _MIDNIGHT else day
        closes = _instant(datetime.combine(closing_day, interval.closes), zone, last=interval.closes != _MIDNIGHT)
        if opens < closes:
            yield opens, closes


def intervals_on(hours: Hours, day: date) -> tuple[Interval, ...]:
    """Return the intervals of a day: its own if it is a special one, else a holiday's, else its weekday's."""
    if day in hours.special:
        return hours.special[day]
    if hours.holidays and is_holiday(hours.holidays, day):
        return hours.on_holidays
    return hours.weekdays.get(day.weekday(), ())


def _instant(wall: datetime, zone: ZoneInfo, *, last: bool) -> datetime:
    """Return the first or last instant (UTC) at which clocks in `zone` show `wall`, or skip it."""
    early, late = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early <= late:
        return late if last else early
    # The clock skips `wall` (PEP 495: the two folds are then the wrong way round): find the skip between them.
    offset = late.astimezone(zone).utcoffset()
    low, high = late, early
    while high - low > _SECOND:
        middle = low + (high - low) / 2
        low, high = (middle, high) if middle.astimezone(zone).utcoffset() == offset else (low, middle)
    return high.replace(microsecond=0)


@lru_cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
