"""Show an answer as a person would write it, or say it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from caruso.script_engine import spoken, written
from caruso.script_engine.answers.asked import Asked
from caruso.script_engine.shown import show
from caruso.script_engine.turns import CHOOSING, QuestionType, Value

_ONE_BY_ONE = frozenset({QuestionType.PHONE, QuestionType.DIGITS})


def shown(asked: Asked, value: Value, *, aloud: bool = False) -> str:
    """Return the answer in words of the person's language: labels of options, amounts with their currency."""
    match asked.type, value:
        case QuestionType.MONEY, Decimal():
            form = spoken.money if aloud else written.money
            return form(value, asked.question.currency, asked.language)
        case kind, str() if aloud and kind in _ONE_BY_ONE:
            return spoken.one_by_one(value)
        case QuestionType.EMAIL, str() if aloud:
            return spoken.address(value, asked.language)
        case kind, str() if kind in CHOOSING:
            return _label(asked, value)
        case kind, tuple() if kind in CHOOSING:
            return ", ".join(_label(asked, part) for part in value)
        case _, Mapping():
            return _thing(asked, value)
        case _:
            return show(value, asked.language, aloud=aloud, zone=asked.zone)


def _label(asked: Asked, value: Value) -> str:
    found = next((option.label for option in asked.options if option.value == value), "")
    return found or show(value, asked.language)


def _thing(asked: Asked, value: Mapping[str, Value]) -> str:
    latitude, longitude = value.get("lat"), value.get("lon")
    if isinstance(latitude, Decimal) and isinstance(longitude, Decimal):
        return f"{show(latitude, 'en')}, {show(longitude, 'en')}"
    return show(value.get("name"), asked.language)
