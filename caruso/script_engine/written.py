"""Numbers, amounts, days and times as they are written where a language is used. The home of Babel."""

from __future__ import annotations

import functools
import math
import re
from datetime import date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError, dates, numbers, units

from caruso.script_engine.values import number_text

#: What is taken for a language; anything else is written as in the fall-back.
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,2}")
#: Amounts beyond are written as plain numbers.
LARGEST_AMOUNT = Decimal(10) ** 18
#: Plain English is that of Europe: the day goes first.
_FALL_BACK = Locale("en", "GB")
_REGIONS = {"en": "en_GB"}


@functools.lru_cache(maxsize=64)
def locale(language: str) -> Locale:
    """Return the habits of a language, or those of English where they are not known."""
    if not _LANGUAGE.fullmatch(language):
        return _FALL_BACK
    name = language.replace("-", "_")
    try:
        return Locale.parse(_REGIONS.get(name.lower(), name))
    except (UnknownLocaleError, ValueError, TypeError):
        bare = name.partition("_")[0]
        return locale(bare) if bare != name else _FALL_BACK


@functools.lru_cache(maxsize=64)
def decimal_sign(language: str) -> str:
    """Return the sign before the decimals: a point or a comma."""
    return "," if numbers.get_decimal_symbol(locale(language)) == "," else "."


def month_first(language: str) -> bool:
    """Whether ``1/2`` is a day in January."""
    return locale(language).territory == "US"


def number(value: Decimal, language: str) -> str:
    """Return a number without signs between thousands."""
    return number_text(value).replace(".", decimal_sign(language))


def places(currency: str) -> int:
    """Return how many decimals amounts of a currency have."""
    return numbers.get_currency_precision(currency)


def is_currency(code: str) -> bool:
    """Whether this is the code of a currency (ISO 4217)."""
    return numbers.is_currency(code)


def symbols(currency: str) -> frozenset[str]:
    """Return what may stand beside an amount for its currency."""
    return frozenset({currency, numbers.get_currency_symbol(currency, _FALL_BACK)})


def money(value: Decimal, currency: str, language: str) -> str:
    """Return an amount; without a currency just the number."""
    if not currency or abs(value) >= LARGEST_AMOUNT:
        return f"{number(value, language)} {currency}".strip()
    return numbers.format_currency(value or Decimal(0), currency, locale=locale(language))


def currency_name(count: Decimal, currency: str, language: str) -> str:
    """Return what `count` of a currency are called: “euro”, “euros”."""
    return numbers.get_currency_name(currency, count=count, locale=locale(language))


def day(value: date, language: str, form: str = "plain") -> str:
    """Return a day: ``short`` in figures, ``long`` with its weekday, else with the month's name."""
    match form:
        case "short":
            return dates.format_skeleton("yMMdd", value, locale=locale(language))
        case "long":
            return dates.format_date(value, "full", locale=locale(language))
        case _:
            return dates.format_date(value, "long", locale=locale(language))


def clock(value: time | datetime, language: str) -> str:
    """Return a time of the day; seconds only where there are any."""
    at = value.timetz() if isinstance(value, datetime) else value
    form = "medium" if at.second else "short"
    return dates.format_time(at.replace(tzinfo=None), form, locale=locale(language))


def moment(value: datetime, language: str, form: str = "plain") -> str:
    """Return a day and a time of it."""
    return f"{day(value, language, form)}, {clock(value, language)}"


def moment_in(value: datetime, zone: str, language: str) -> str:
    """Return a point in time as the clocks of a time zone show it, with its name: for who is elsewhere."""
    local = value.astimezone(ZoneInfo(zone)).replace(second=0)
    return f"{moment(local, language)} ({zone})"


def span(seconds: int, language: str) -> str:
    """Return how long something takes, exactly: “3 minutes”, “90 seconds”."""
    for unit, length in (("hour", 3600), ("minute", 60)):
        if seconds and seconds % length == 0:
            return units.format_unit(seconds // length, f"duration-{unit}", locale=locale(language))
    return units.format_unit(seconds, "duration-second", locale=locale(language))


def about(seconds: float, language: str) -> str:
    """Return how long at least to wait, as one says it: long times in minutes or hours, rounded up."""
    length = next(unit for unit, least in ((3600, 7200), (60, 120), (1, 0)) if seconds >= least)
    return span(max(1, math.ceil(seconds / length)) * length, language)
