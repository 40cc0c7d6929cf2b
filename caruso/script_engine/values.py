"""What a script may hold: turns foreign data into `Value`s, and `Value`s into plain JSON and back.

Numbers are `Decimal`, sequences tuples, mappings plain dicts that nobody changes. Knows no script.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from caruso.script_engine.turns import Value

#: Texts longer than this are cut: an expression cannot fill the memory.
LONGEST_TEXT = 10_000
#: Nested deeper than this, foreign data is cut to null.
DEEPEST = 20


def to_value(thing: object, depth: int = 0) -> Value:
    """Return foreign data (JSON, database rows) as a script sees it; what has no meaning becomes null."""
    match thing:
        case None | bool() | datetime() | date() | time():
            return thing
        case Decimal():
            return thing if thing.is_finite() else None
        case int() | float():
            return to_value(Decimal(str(thing)))
        case str():
            return str(thing)[:LONGEST_TEXT]
        case Mapping() if depth < DEEPEST:
            return {str(key): to_value(part, depth + 1) for key, part in thing.items()}
        case Sequence() if depth < DEEPEST and not isinstance(thing, (bytes, bytearray)):
            return tuple(to_value(part, depth + 1) for part in thing)
        case _:
            return None


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
    """Return a number without an exponent and without idle zeros."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
