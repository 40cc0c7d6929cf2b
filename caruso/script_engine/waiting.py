"""Work out until when a `wait` waits."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from caruso.script_engine.durations import seconds_of
from caruso.script_engine.scope import zone
from caruso.script_engine.turns import Value

#: No wait is longer: a run has to come to an end.
LONGEST = timedelta(days=366)


def due(value: Value, now: datetime, time_zone: str) -> datetime | None:
    """Return when a wait `for` a value is over; None when the value says nothing of a time.

    Args:
        value: seconds, a text such as ``2h``, or the day or time until when.
        now: the wait begins.
        time_zone: IANA name of where a day begins.
    """
    match value:
        case Decimal():
            return _after(now, float(min(value, Decimal(LONGEST.total_seconds()))))
        case str():
            seconds = seconds_of(value)
            return None if seconds is None else _after(now, seconds)
        case datetime():
            until = value if value.tzinfo is not None else value.replace(tzinfo=zone(time_zone))
        case date():
            until = datetime.combine(value, time(), zone(time_zone))
        case _:
            return None
    if until.year > now.year + 2:  # also spares what no clock can hold
        return now + LONGEST
    return now if until.year < now.year - 1 else min(max(until.astimezone(UTC), now), now + LONGEST)


def _after(now: datetime, seconds: float) -> datetime:
    return now + min(timedelta(seconds=max(0.0, seconds)), LONGEST)
