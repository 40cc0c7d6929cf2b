"""Keys of objects as texts: in addresses, in the audit, in scripts. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import unquote

from caruso.business_objects.model import Kind, ObjectClass
from caruso.script_engine.turns import Value
from caruso.script_engine.values import number_text

#: Between the parts of a key of several attributes.
SEPARATOR = ","
_LONGEST = 1_000


def key_text(of: ObjectClass, values: Mapping[str, Value]) -> str:
    """Return the key of an object; in the parts of one of several, % and the separator are escaped.

    The triggers of the audit write keys in the same way (`caruso.storage.audit_triggers`).
    """
    parts = [_text(values.get(key.name)) for key in of.keys]
    if len(parts) == 1:
        return parts[0]
    return SEPARATOR.join(part.replace("%", "%25").replace(SEPARATOR, "%2C") for part in parts)


def parse_key(of: ObjectClass, key: Any) -> tuple[Value, ...] | None:
    """Return the values of a key given as text, as a script's value or as several; None for what is no key."""
    given: Sequence[Any]
    if isinstance(key, str) and len(of.keys) > 1:
        given = [unquote(part) for part in key.split(SEPARATOR)]
    elif isinstance(key, (list, tuple)):
        given = key
    else:
        given = [key]
    if len(given) != len(of.keys):
        return None
    values = tuple(_parsed(attribute.kind, part) for attribute, part in zip(of.keys, given, strict=True))
    return None if None in values else values


def _text(value: Value) -> str:
    if isinstance(value, Decimal):
        return number_text(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def _parsed(kind: Kind, part: Any) -> Value:
    text = part if isinstance(part, str) else _text(part) if part is not None else ""
    if not text or len(text) > _LONGEST or "\x00" in text:
        return None
    try:
        match kind:
            case Kind.NUMBER:
                number = Decimal(text)
                return number if number.is_finite() and abs(number.adjusted()) < 20 else None
            case Kind.DATE:
                return date.fromisoformat(text)
            case Kind.DATE_TIME:
                return datetime.fromisoformat(text)
            case _:
                return text
    except (InvalidOperation, ValueError):
        return None
