"""When the next back-up is due, and which of the old ones are thrown away. Pure; knows no file.

Of each of the newest days the newest back-up is kept, and of each of the newest weeks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta, tzinfo


def next_due(now: datetime, at: time, zone: tzinfo) -> datetime:
    """Return the next moment after `now` at which clocks in `zone` show `at`."""
    local = now.astimezone(zone)
    for days in range(3):
        day = local.date() + timedelta(days=days)
        due = datetime.combine(day, at, zone).astimezone(now.tzinfo)
        if due > now:
            return due
    raise AssertionError("a day has no more than two days after it")  # pragma: no cover


def is_missed(last: datetime | None, now: datetime, at: time, zone: tzinfo) -> bool:
    """Tell whether a back-up should have been taken since the `last` one: the server was not running then."""
    return last is None or next_due(last, at, zone) <= now


def superfluous(times: Iterable[datetime], *, daily: int, weekly: int, zone: tzinfo) -> frozenset[datetime]:
    """Return the back-ups that are not the newest of one of `daily` days or `weekly` weeks that have any.

    The newest of all is always kept.
    """
    newest_first = sorted(times, reverse=True)
    kept = {
        *newest_first[:1],
        *_newest_of(newest_first, daily, lambda at: at.astimezone(zone).date()),
        *_newest_of(newest_first, weekly, lambda at: _monday(at.astimezone(zone).date())),
    }
    return frozenset(newest_first) - kept


def _newest_of(newest_first: list[datetime], most: int, period: Callable[[datetime], date]) -> list[datetime]:
    found: dict[date, datetime] = {}
    for at in newest_first:
        found.setdefault(period(at), at)
    return list(found.values())[:most]


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
