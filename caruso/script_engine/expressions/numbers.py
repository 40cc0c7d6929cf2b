"""Functions of expressions that give numbers. Halves are rounded up, away from zero."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal

from caruso.script_engine.expressions.operators import ARITHMETIC
from caruso.script_engine.turns import Value
from caruso.script_engine.values import LONGEST_LIST

#: Decimal places `round` knows.
MOST_PLACES = 10

_WITH_ORDER = {Decimal, str, date, datetime, time}


def rounded(value: Decimal, places: Decimal = Decimal(0)) -> Value:
    """Return `value` with at most `places` decimal places; null when there cannot be so many."""
    if not 0 <= places <= MOST_PLACES or places != int(places):
        return None
    unit = Decimal(1).scaleb(-int(places))
    if value == 0 or value.adjusted() < -int(places) - 1:
        return Decimal(0)
    if value.as_tuple().exponent >= unit.as_tuple().exponent:  # type: ignore[operator]  # finite
        return value
    return value.quantize(unit, rounding=ROUND_HALF_UP, context=ARITHMETIC)


def floor(value: Decimal) -> Value:
    """Return the greatest whole number that is not above `value`."""
    return value.to_integral_value(rounding=ROUND_FLOOR)


def ceil(value: Decimal) -> Value:
    """Return the least whole number that is not below `value`."""
    return value.to_integral_value(rounding=ROUND_CEILING)


def least(*arguments: Value) -> Value:
    """Return the least of some values of one kind, or of a list of such; null for anything else."""
    return _extreme(min, arguments)


def greatest(*arguments: Value) -> Value:
    """Return the greatest of some values of one kind, or of a list of such; null for anything else."""
    return _extreme(max, arguments)


def _extreme(choose: Callable[..., Value], arguments: tuple[Value, ...]) -> Value:
    first = arguments[0]
    values = first[:LONGEST_LIST] if len(arguments) == 1 and isinstance(first, tuple) else arguments
    kinds = {type(value) for value in values}
    if len(kinds) != 1 or not kinds <= _WITH_ORDER:
        return None
    try:
        return choose(values)
    except TypeError:  # aware and naive times
        return None


def number(value: Value) -> Value:
    """Return the number a text holds: digits, with a point and a minus at most."""
    if isinstance(value, Decimal):
        return value
    if not isinstance(value, str) or len(value) > ARITHMETIC.prec:
        return None
    plain = value.strip()
    whole, _, places = plain.removeprefix("-").partition(".")
    if not (whole.isascii() and whole.isdigit()) or not (places.isascii() and (places.isdigit() or not places)):
        return None
    return Decimal(plain)
