"""Functions of expressions that give texts."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal

from caruso.script_engine.turns import Value
from caruso.script_engine.values import LONGEST_TEXT, number_text


def lower(value: str) -> str:
    """Return `value` in small letters."""
    return value.lower()[:LONGEST_TEXT]


def upper(value: str) -> str:
    """Return `value` in capitals; a letter can become three."""
    return value.upper()[:LONGEST_TEXT]


def text(value: Value) -> str | None:
    """Return a value as a text: numbers without idle zeros, dates and times in ISO 8601."""
    match value:
        case Decimal():
            return number_text(value)
        case datetime() | date() | time():
            return value.isoformat()
        case str():
            return value
        case _:
            return None
