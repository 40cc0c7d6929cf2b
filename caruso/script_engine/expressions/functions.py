"""The functions of expressions. Each is total: a wrong kind of argument, or null, gives null.

Those without a `call` need more than the values of their arguments; `compiler` knows them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal

from caruso.script_engine.expressions.types import Type
from caruso.script_engine.turns import Value
from caruso.script_engine.values import number_text

#: No traps: what overflows or divides by zero is not finite, and becomes null.
ARITHMETIC = Context(prec=28, rounding=ROUND_HALF_UP, Emax=999, Emin=-999, traps=[])
#: Elements of a list that are looked at.
LONGEST_LIST = 10_000
#: Decimal places `round` knows.
MOST_PLACES = 10


@dataclass(frozen=True, slots=True)
class Function:
    """What a function takes and gives."""

    takes: tuple[Type, ...]
    gives: Type
    #: How many of `takes` may be left out at the end.
    optional: int = 0
    #: The last of `takes` may come again and again.
    repeats: bool = False
    #: None for those that `compiler` knows.
    call: Callable[..., Value] | None = None


def finite(number: Decimal) -> Decimal | None:
    """Return `number`, or null when a calculation left the bounds."""
    return number if number.is_finite() else None


def as_date(value: date) -> date:
    """Return the day of a date or of a date with time."""
    return value.date() if isinstance(value, datetime) else value


def is_empty(value: Value) -> bool:
    """Whether there is nothing: null, blank text, empty list or object."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or (isinstance(value, (tuple, list, dict)) and not value)


def _round(number: Decimal, places: Decimal = Decimal(0)) -> Value:
    digits = int(places) if 0 <= places <= MOST_PLACES else 0
    return finite(number.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP, context=ARITHMETIC))


def _floor(number: Decimal) -> Value:
    return finite(number.to_integral_value(rounding=ROUND_FLOOR))


def _ceil(number: Decimal) -> Value:
    return finite(number.to_integral_value(rounding=ROUND_CEILING))


def _extreme(choose: Callable[..., Value]) -> Callable[..., Value]:
    def call(*arguments: Value) -> Value:
        values = arguments[0] if len(arguments) == 1 and isinstance(arguments[0], tuple) else arguments
        kinds = {type(value) for value in values}
        return choose(values) if len(kinds) == 1 and kinds <= {Decimal, str, date, datetime} else None

    return call


def _number(text: Value) -> Value:
    if isinstance(text, Decimal):
        return text
    if not isinstance(text, str) or len(text) > ARITHMETIC.prec:
        return None
    plain = text.strip()
    whole, _, places = plain.removeprefix("-").partition(".")
    if not (whole.isascii() and whole.isdigit()) or not (places.isascii() and (places.isdigit() or not places)):
        return None
    return Decimal(plain)


def _text(value: Value) -> Value:
    match value:
        case Decimal():
            return number_text(value)
        case datetime() | date():
            return value.isoformat()
        case str():
            return value
        case _:
            return None


def _date(value: Value) -> Value:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value.strip()[:10])
        except ValueError:
            return None
    return as_date(value) if isinstance(value, date) else None


def _days_between(first: date, last: date) -> Value:
    return Decimal((as_date(last) - as_date(first)).days)


def _add_days(day: date, days: Decimal) -> Value:
    try:
        return as_date(day) + timedelta(days=int(days))
    except OverflowError:
        return None


def _contains(whole: Value, part: Value) -> Value:
    if isinstance(whole, str):
        return part in whole if isinstance(part, str) else None
    return part in whole[:LONGEST_LIST] if isinstance(whole, tuple) else None


def _length(thing: Value) -> Value:
    return Decimal(len(thing)) if isinstance(thing, (str, tuple)) else None


def years_between(born: date, today: date) -> int:
    """Return full years from `born` to `today`."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


_TEXT, _NUMBER, _DATE, _LIST, _ANY, _BOOLEAN = Type.TEXT, Type.NUMBER, Type.DATE, Type.LIST, Type.ANY, Type.BOOLEAN

FUNCTIONS: dict[str, Function] = {
    # Compiled specially.
    "known": Function((_ANY,), _BOOLEAN),
    "empty": Function((_ANY,), _BOOLEAN),
    "if": Function((_BOOLEAN, _ANY, _ANY), _ANY),
    "any": Function((_LIST, _ANY, _BOOLEAN), _BOOLEAN),
    "all": Function((_LIST, _ANY, _BOOLEAN), _BOOLEAN),
    "sum": Function((_LIST, _ANY, _NUMBER), _NUMBER),
    "selected": Function((_ANY, _TEXT), _BOOLEAN),
    "label": Function((_ANY,), _TEXT),
    "visited": Function((_TEXT,), _BOOLEAN),
    "attempt": Function((), _NUMBER),
    "matches": Function((_TEXT, _TEXT), _BOOLEAN),
    "today": Function((), _DATE),
    "now": Function((), Type.TIME),
    "age": Function((_DATE,), _NUMBER),
    # Plain.
    "count": Function((_LIST,), _NUMBER, call=lambda items: Decimal(len(items))),
    "length": Function((_ANY,), _NUMBER, call=_length),
    "lower": Function((_TEXT,), _TEXT, call=str.lower),
    "upper": Function((_TEXT,), _TEXT, call=str.upper),
    "trim": Function((_TEXT,), _TEXT, call=str.strip),
    "starts_with": Function((_TEXT, _TEXT), _BOOLEAN, call=str.startswith),
    "ends_with": Function((_TEXT, _TEXT), _BOOLEAN, call=str.endswith),
    "contains": Function((_ANY, _ANY), _BOOLEAN, call=_contains),
    "round": Function((_NUMBER, _NUMBER), _NUMBER, optional=1, call=_round),
    "floor": Function((_NUMBER,), _NUMBER, call=_floor),
    "ceil": Function((_NUMBER,), _NUMBER, call=_ceil),
    "abs": Function((_NUMBER,), _NUMBER, call=abs),
    "min": Function((_ANY,), _ANY, repeats=True, call=_extreme(min)),
    "max": Function((_ANY,), _ANY, repeats=True, call=_extreme(max)),
    "number": Function((_ANY,), _NUMBER, call=_number),
    "text": Function((_ANY,), _TEXT, call=_text),
    "date": Function((_ANY,), _DATE, call=_date),
    "days_between": Function((_DATE, _DATE), _NUMBER, call=_days_between),
    "add_days": Function((_DATE, _NUMBER), _DATE, call=_add_days),
    "weekday": Function((_DATE,), _NUMBER, call=lambda day: Decimal(day.isoweekday())),
}

#: How a value of a type shows at run time.
CLASSES: dict[Type, type | tuple[type, ...]] = {
    Type.TEXT: str,
    Type.NUMBER: Decimal,
    Type.BOOLEAN: bool,
    Type.DATE: date,
    Type.TIME: datetime,
    Type.LIST: tuple,
    Type.OBJECT: dict,
    Type.ANY: object,
}
