"""What a script may hold: turns foreign data into `Value`s, and `Value`s into plain JSON and back.

Numbers are `Decimal`, sequences tuples, mappings plain dicts that nobody changes. Knows no script.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from itertools import chain
from typing import Any

from caruso.script_engine.turns import Value

#: Texts longer than this are cut: an expression cannot fill the memory.
LONGEST_TEXT = 10_000
#: Lists longer than this are cut.
LONGEST_LIST = 10_000
#: Nested deeper than this, foreign data is cut to null.
DEEPEST = 20
#: Parts and characters a value may have that is kept: a variable that doubles itself must not fill the memory.
LARGEST_VALUE = 200_000
#: Numbers beyond 10 to this power, either way, are no numbers of a script: written out they would fill the memory.
GREATEST_EXPONENT = 999
_LONGEST_INTEGER_BITS = 3_318  # 999 digits


def to_value(thing: object, depth: int = 0) -> Value:
    """Return foreign data (JSON, database rows) as a script sees it; what has no meaning becomes null."""
    match thing:
        case None | bool() | datetime() | date() | time():
            return thing
        case Decimal():
            return thing if _can_be_written(thing) else None
        case int():
            return to_value(Decimal(thing)) if thing.bit_length() < _LONGEST_INTEGER_BITS else None
        case float():
            return to_value(Decimal(str(thing)))
        case str():
            return str(thing)[:LONGEST_TEXT]
        case Mapping() if depth < DEEPEST:
            return {str(key): to_value(part, depth + 1) for key, part in thing.items()}
        case Sequence() if depth < DEEPEST and not isinstance(thing, (bytes, bytearray)):
            return tuple(to_value(part, depth + 1) for part in thing[:LONGEST_LIST])
        case _:
            return None


def _can_be_written(number: Decimal) -> bool:
    return number.is_finite() and (not number or abs(number.adjusted()) <= GREATEST_EXPONENT)


def bounded(value: Value) -> Value:
    """Return `value`, or null when it is too large or nests too deep to be kept."""
    return value if not isinstance(value, (tuple, Mapping)) or _size(value, 0, LARGEST_VALUE) >= 0 else None


def parts_in(value: Value) -> int:
    """Return how large a value is: its parts and the characters of its texts, up to `LARGEST_VALUE`."""
    return LARGEST_VALUE - max(0, _size(value, 0, LARGEST_VALUE))


def _size(value: Value, depth: int, left: int) -> int:
    """Return what is left of `left` after counting `value`; below zero when it was too much."""
    if isinstance(value, str):
        return left - 1 - len(value)
    if not isinstance(value, (tuple, Mapping)):
        return left - 1
    if depth >= DEEPEST:
        return -1
    for part in chain(value, value.values()) if isinstance(value, Mapping) else value:
        left = _size(part, depth + 1, left)
        if left < 0:
            break
    return left - 1


def to_values(thing: Mapping[str, Any]) -> dict[str, Value]:
    """Return a mapping of foreign data as a script sees it."""
    return {str(key): to_value(part) for key, part in thing.items()}


def to_json(value: Value) -> Any:
    """Return `value` as plain JSON that `from_json` brings back exactly."""
    match value:
        case None | bool() | str():
            return value
        case Decimal():
            return {"number": str(value)}
        case datetime():
            return {"time": value.isoformat()}
        case date():
            return {"date": value.isoformat()}
        case time():
            return {"clock": value.isoformat()}
        case Mapping():
            return {"map": {key: to_json(part) for key, part in value.items()}}
        case _:
            return [to_json(part) for part in value]


def from_json(thing: Any) -> Value:
    """Undo `to_json`."""
    match thing:
        case {"number": str(text)}:
            return Decimal(text)
        case {"time": str(text)}:
            return datetime.fromisoformat(text)
        case {"date": str(text)}:
            return date.fromisoformat(text)
        case {"clock": str(text)}:
            return time.fromisoformat(text)
        case {"map": dict(parts)}:
            return {key: from_json(part) for key, part in parts.items()}
        case list(parts):
            return tuple(from_json(part) for part in parts)
        case None | bool() | str():
            return thing
        case _:
            raise ValueError("not a script's value")


def to_plain(value: Value) -> Any:
    """Return `value` as ordinary JSON for services and screens: numbers as int or text, dates in ISO."""
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() and abs(value) < 2**53 else float(value)
        case datetime() | date() | time():
            return value.isoformat()
        case None | bool() | str():
            return value
        case Mapping():
            return {key: to_plain(part) for key, part in value.items()}
        case _:
            return [to_plain(part) for part in value]


def number_text(value: Decimal) -> str:
    """Return a number without an exponent and without idle zeros; zero has no sign, as remainders of it may."""
    text = format(value or Decimal(0), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
