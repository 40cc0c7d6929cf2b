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
        case time():
            return value.isoformat("auto" if value.second or value.microsecond else "minutes")
        case datetime() | date():
            return value.isoformat()
        case str():
            return value
        case _:
            return None


def part(whole: str, begin: Decimal, end: Decimal | None = None) -> str:
    """Return the characters from `begin`, counted from 0, up to before `end`; below zero counts from the end."""
    first, last = _place(begin, whole), _place(end, whole) if end is not None else len(whole)
    return whole[first:last]


def _place(number: Decimal, whole: str) -> int:
    bounded = max(-len(whole), min(len(whole), int(number)))
    return bounded + len(whole) if bounded < 0 else bounded


def before(whole: str, mark: str) -> str:
    """Return what stands before the first `mark`; nothing where there is none."""
    found, sign, _ = whole.partition(mark) if mark else ("", "", "")
    return found if sign else ""


def after(whole: str, mark: str) -> str:
    """Return what stands behind the first `mark`; nothing where there is none."""
    return whole.partition(mark)[2] if mark else whole
