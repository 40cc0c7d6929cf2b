"""Decide what callers get outside opening hours: another entry point, another queue, a call-back, or words.

Pure: `now` is given.
"""

from __future__ import annotations

from datetime import datetime

from caruso.model.centre import Centre, EntryPoint
from caruso.model.opening_hours import is_open, next_opening


def is_closed(entry_point: EntryPoint, centre: Centre, now: datetime) -> bool:
    """Tell whether callers come outside the hours."""
    hours = centre.hours.get(entry_point.hours) if entry_point.hours else None
    return hours is not None and not is_open(hours, now)


def stands_in(entry_point: EntryPoint, centre: Centre, now: datetime) -> EntryPoint:
    """Return the entry point that callers get: this one when it is open, else the first open one it names.

    When all that are named are closed it is the last of them; what it says then is said.
    """
    passed = {entry_point.id}
    while is_closed(entry_point, centre, now) and entry_point.closed_to is not None:
        other = centre.entry_points.get(entry_point.closed_to)
        if other is None or other.id in passed:
            break
        passed.add(other.id)
        entry_point = other
    return entry_point


def opens_at(entry_point: EntryPoint, centre: Centre, now: datetime) -> datetime | None:
    """Return when callers are let in next; None when never, or when it has no hours."""
    hours = centre.hours.get(entry_point.hours) if entry_point.hours else None
    return next_opening(hours, now) if hours is not None else None
