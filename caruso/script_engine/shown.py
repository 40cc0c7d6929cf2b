"""Show a value of a script as a person would write it, or say it, in her language."""

from __future__ import annotations

from datetime import date, datetime, time, tzinfo
from decimal import Decimal

from caruso.script_engine import spoken, wording, written
from caruso.script_engine.turns import Value

#: Forms a `value` may ask for.
FORMS = ("plain", "digits", "short", "long", "money")


def show(
    value: Value,
    language: str,
    form: str = "plain",
    *,
    aloud: bool = False,
    zone: tzinfo | None = None,
    currency: str = "",
) -> str:
    """Return the value in words; nothing for null and for what has no words. Times are those of `zone`."""
    match value:
        case None:
            return ""
        case bool():
            return wording.phrase("yes" if value else "no", language)
        case Decimal():
            return _number(value, language, form, aloud=aloud, currency=currency)
        case datetime():
            local = _local(value, zone)
            return spoken.moment(local, language, form) if aloud else written.moment(local, language, form)
        case date():
            return spoken.day(value, language, form) if aloud else written.day(value, language, form)
        case time():
            return spoken.clock(value, language) if aloud else written.clock(value, language)
        case str():
            return spoken.one_by_one(value) if aloud and form == "digits" else value
        case tuple():
            parts = (show(part, language, form, aloud=aloud, zone=zone, currency=currency) for part in value)
            return ", ".join(parts)
        case _:
            return ""


def _number(value: Decimal, language: str, form: str, *, aloud: bool, currency: str) -> str:
    if form == "money" and currency:
        return spoken.money(value, currency, language) if aloud else written.money(value, currency, language)
    if not aloud:
        return written.number(value, language)
    if form == "digits":
        return spoken.one_by_one(written.number(value, language))
    return spoken.number(value, language)


def _local(value: datetime, zone: tzinfo | None) -> datetime:
    if zone is None or value.tzinfo is None:
        return value
    try:
        return value.astimezone(zone)
    except (OverflowError, ValueError):  # on the first and the last day there is
        return value
