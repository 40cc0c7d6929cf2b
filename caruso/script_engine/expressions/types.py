"""The types an expression can have, as far as they are known before it runs."""

from __future__ import annotations

from enum import StrEnum


class Type(StrEnum):
    """What kind of value an expression gives."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    DATE_TIME = "date-time"
    LIST = "list"
    OBJECT = "object"
    NULL = "null"
    #: Not known before it runs.
    ANY = "any"


#: As a person reads it in a message.
NAMES = {
    Type.TEXT: "a text",
    Type.NUMBER: "a number",
    Type.BOOLEAN: "yes or no",
    Type.DATE: "a date",
    Type.TIME: "a time of day",
    Type.DATE_TIME: "a date with time",
    Type.LIST: "a list",
    Type.OBJECT: "an object",
    Type.NULL: "null",
    Type.ANY: "anything",
}


def fits(given: Type, wanted: Type) -> bool:
    """Whether a value of type `given` may stand where `wanted` is expected."""
    if Type.ANY in (given, wanted) or given is Type.NULL or given is wanted:
        return True
    return wanted is Type.DATE and given is Type.DATE_TIME
