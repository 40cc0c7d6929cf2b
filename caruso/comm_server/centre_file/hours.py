"""Check opening hours in ``centre.toml``, and read them. Pure."""

from __future__ import annotations

from datetime import date, time
from itertools import pairwise
from zoneinfo import available_timezones

from caruso.comm_server.centre_file.references import nearest
from caruso.comm_server.centre_file.tables import HoursTable
from caruso.model import public_holidays
from caruso.model.centre import Hours, Interval
from caruso.toml.shape import Shape
from caruso.toml.source import KeyPath, did_you_mean

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WORKING_DAYS = 5
_TIMEZONES = available_timezones()
_MIDNIGHT = time(0)


class HoursCheck:
    """Finds what is wrong with opening hours and time zones."""

    def __init__(self, shape: Shape) -> None:
        """Add findings to `shape`."""
        self._shape = shape

    def timezone(self, name: str, where: KeyPath) -> None:
        """Check that there is such a time zone."""
        if name not in _TIMEZONES:
            message = f"There is no time zone “{name}”."
            self._shape.add(where, "unknown-timezone", message, suggestion=did_you_mean(name, _TIMEZONES))

    def hours(self, hours: HoursTable, where: KeyPath) -> None:
        """Check the hours of one id."""
        if hours.timezone:
            self.timezone(hours.timezone, (*where, "timezone"))
        if hours.holidays is not None:
            self._calendar(hours.holidays, (*where, "holidays"))
        if hours.on_holidays and hours.holidays is None:
            self._shape.add((*where, "on_holidays"), "contradiction", "“on_holidays” needs “holidays”.")
        for key in ("weekdays", "on_holidays", *_DAYS):
            self._stretches(getattr(hours, key) or (), (*where, key))
        for day, stretches in hours.special.items():
            if _date(day) is None:
                self._shape.add((*where, "special", day), "wrong-key", f"“{day}” is no day like 2026-12-24.")
            self._stretches(stretches, (*where, "special", day))

    def _calendar(self, name: str, where: KeyPath) -> None:
        country, _, region = name.partition("-")
        known = public_holidays.regions()
        if country not in known:
            message = f"There are no public holidays for a country “{country}”."
            self._shape.add(where, "unknown-country", message, suggestion=did_you_mean(country, known))
        elif region and region not in known[country]:
            message = f"There are no public holidays for a region “{region}” of {country}."
            of = [f"{country}-{each}" for each in known[country]]
            self._shape.add(where, "unknown-region", message, suggestion=nearest(name, of))

    def _stretches(self, stretches: tuple[str, ...], where: KeyPath) -> None:
        read: list[tuple[int, int, int]] = []
        for index, stretch in enumerate(stretches):
            opens, closes = (_minutes(part) for part in stretch.split("-"))
            if opens is None or closes is None:
                self._shape.add((*where, index), "wrong-value", f"“{stretch}” holds a time that no clock shows.")
            elif closes <= opens:
                self._shape.add((*where, index), *_closes_too_early(stretch))
            else:
                read.append((opens, closes, index))
        for (_, closes, _), (opens, _, index) in pairwise(sorted(read)):
            if opens < closes:
                self._shape.add((*where, index), "overlap", f"“{stretches[index]}” overlaps another stretch.")


def _closes_too_early(stretch: str) -> tuple[str, str]:
    opens, closes = stretch.split("-")
    two = f"“{opens}-24:00”, and “00:00-{closes}” on the next day"
    return "closes-before-opening", f"“{stretch}” closes before it opens. Over midnight write {two}."


def _minutes(text: str) -> int | None:
    """Return the minutes from midnight of ``HH:MM``, up to ``24:00``."""
    hour, minute = int(text[:2]), int(text[3:])
    return hour * 60 + minute if (hour < 24 and minute < 60) or (hour, minute) == (24, 0) else None


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def opening_hours(key: str, hours: HoursTable, timezone: str) -> Hours:
    """Return the hours of one id that was checked; `timezone` is the centre's own."""
    weekdays: dict[int, tuple[Interval, ...]] = {}
    for number, name in enumerate(_DAYS):
        own: tuple[str, ...] | None = getattr(hours, name)
        usual = hours.weekdays if number < _WORKING_DAYS else ()
        weekdays[number] = _intervals(usual if own is None else own)
    special = {date.fromisoformat(day): _intervals(stretches) for day, stretches in hours.special.items()}
    return Hours(
        id=key,
        timezone=hours.timezone or timezone,
        weekdays=weekdays,
        special=special,
        holidays=hours.holidays or "",
        on_holidays=_intervals(hours.on_holidays),
    )


def _intervals(stretches: tuple[str, ...]) -> tuple[Interval, ...]:
    pairs = (stretch.split("-") for stretch in sorted(stretches))
    return tuple(Interval(opens=_time(opens), closes=_time(closes)) for opens, closes in pairs)


def _time(text: str) -> time:
    """Return the time of day; 24:00 is written as 00:00 (`Interval`)."""
    return _MIDNIGHT if text == "24:00" else time.fromisoformat(text)
