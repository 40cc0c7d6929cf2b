"""Read answers that are no words: things stored elsewhere, and places on the earth."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from caruso.script_engine.answers.asked import Asked, Misread, Read
from caruso.script_engine.turns import QuestionType, Value
from caruso.script_engine.values import number_text

#: What a kind of answer may be, as beginnings of a MIME type; empty for anything. A signature is drawn, or typed.
KINDS: Mapping[QuestionType, tuple[str, ...]] = {
    QuestionType.FILE: ("",),
    QuestionType.VOICE_RECORD: ("audio/",),
    QuestionType.SIGNATURE: ("image/", "text/plain"),
}
#: Degrees; decimal places that are kept are a tenth of a millimetre.
MOST_LATITUDE, MOST_LONGITUDE = 90, 180

_DEGREES = r"([+-]?\d{1,3}(?:\.\d{1,9})?)"
_PLACE = re.compile(rf"{_DEGREES}(?:\s*[,;]\s*|\s+){_DEGREES}", re.ASCII)
_FIELDS = ("id", "name", "type", "size")


def stored(asked: Asked, text: str) -> Read:
    """Return what is stored under that id, if it is known and of the right kind."""
    found = asked.files.get(text)
    if not isinstance(found, Mapping) or found.get("id") != text:
        return Misread("no-such-file")
    kind = found.get("type")
    if not isinstance(kind, str) or not kind.startswith(KINDS.get(asked.type, ("",))):
        return Misread("wrong-file")
    return {name: found.get(name) for name in _FIELDS}


def location(asked: Asked, text: str) -> Read:
    """Return a place written as latitude and longitude."""
    found = _PLACE.fullmatch(text)
    if found is None:
        return Misread("not-location")
    latitude, longitude = Decimal(found[1]), Decimal(found[2])
    if abs(latitude) > MOST_LATITUDE or abs(longitude) > MOST_LONGITUDE:
        return Misread("not-location")
    return {"lat": latitude, "lon": longitude}


def file_of(value: Value) -> tuple[str, str] | None:
    """Return id and name of something stored; None where an answer is nothing of the kind."""
    if not isinstance(value, Mapping):
        return None
    named, name = value.get("id"), value.get("name")
    return (named, name) if isinstance(named, str) and isinstance(name, str) else None


def as_typed(value: Mapping[str, Value]) -> str:
    """Return the id of something stored, or the degrees of a place."""
    latitude, longitude = value.get("lat"), value.get("lon")
    if isinstance(latitude, Decimal) and isinstance(longitude, Decimal):
        return f"{number_text(latitude)} {number_text(longitude)}"
    named = value.get("id")
    return named if isinstance(named, str) else ""
