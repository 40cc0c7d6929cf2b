"""Which days are public holidays, by country and region (ISO 3166). Knows no clock.

The calendars are those of the library `holidays`, loaded when the first one is asked for: a centre without
holidays does not pay for it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from functools import lru_cache


@lru_cache(maxsize=1)
def regions() -> Mapping[str, Collection[str]]:
    """Return the regions that have holidays of their own, by country."""
    import holidays

    return {country: tuple(of) for country, of in holidays.list_supported_countries(include_aliases=False).items()}


def is_holiday(calendar: str, day: date) -> bool:
    """Tell whether `day` is a public holiday in a country (``DE``) or one of its regions (``DE-BY``)."""
    return day in _year(calendar, day.year)


@lru_cache(maxsize=256)
def _year(calendar: str, year: int) -> frozenset[date]:
    import holidays

    country, _, region = calendar.partition("-")
    # Named in a language there always is: only the days count.
    return frozenset(holidays.country_holidays(country, subdiv=region or None, years=year))
