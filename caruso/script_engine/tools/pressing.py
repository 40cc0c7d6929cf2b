"""Which keys a caller presses to give an answer that others type."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation

from caruso.script_engine import wording
from caruso.script_engine.answers import NO_KEY, YES_KEY
from caruso.script_engine.turns import Option, QuestionType
from caruso.script_engine.values import number_text


def keys_for(kind: QuestionType | None, options: Sequence[Option], text: str) -> str:
    """Return the keys for an answer as typed on a screen; what has none is returned as it is."""
    match kind:
        case QuestionType.CHOICE:
            return next((option.key for option in options if option.value == text and option.key), text)
        case QuestionType.YES_NO:
            word = text.strip().lower()
            return YES_KEY if word in wording.YES else NO_KEY if word in wording.NO else text
        case QuestionType.DATE:
            return _date_keys(text)
        case QuestionType.NUMBER:
            return _number_keys(text)
        case _:
            return text


def _date_keys(text: str) -> str:
    try:
        return f"{date.fromisoformat(text.strip()):%d%m%Y}"
    except ValueError:
        return text


def _number_keys(text: str) -> str:
    try:
        return number_text(Decimal(text.strip())).replace(".", "*")
    except InvalidOperation:
        return text
