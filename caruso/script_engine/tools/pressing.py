"""How an answer that is typed on a screen is given on each channel: which keys a caller presses for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation

from caruso.script_engine import wording
from caruso.script_engine.answers.choosing import BETWEEN, NO_KEY, YES_KEY
from caruso.script_engine.turns import Option, QuestionType
from caruso.script_engine.values import number_text

_SEVERAL = frozenset({QuestionType.CHOICES, QuestionType.RANKING})


def as_typed(kind: QuestionType | None, text: str) -> str:
    """Return an answer as it is typed on a screen; several options may be written with commas between."""
    if kind in _SEVERAL and BETWEEN not in text:
        return BETWEEN.join(part.strip() for part in text.split(",") if part.strip())
    return text


def keys_for(kind: QuestionType | None, options: Sequence[Option], text: str) -> str:
    """Return the keys for an answer as typed on a screen; what has none is returned as it is."""
    match kind:
        case QuestionType.CHOICE:
            return _key_of(options, text)
        case QuestionType.CHOICES | QuestionType.RANKING:
            return "".join(_key_of(options, part) for part in as_typed(kind, text).split(BETWEEN))
        case QuestionType.YES_NO:
            word = text.strip().lower()
            return YES_KEY if word in wording.YES else NO_KEY if word in wording.NO else text
        case QuestionType.DATE | QuestionType.TIME | QuestionType.DATE_TIME:
            return _time_keys(kind, text.strip())
        case QuestionType.NUMBER | QuestionType.MONEY:
            return _number_keys(text)
        case _:
            return text


def _key_of(options: Sequence[Option], value: str) -> str:
    return next((option.key for option in options if option.value == value and option.key), value)


def _time_keys(kind: QuestionType, text: str) -> str:
    try:
        match kind:
            case QuestionType.DATE:
                return f"{date.fromisoformat(text):%d%m%Y}"
            case QuestionType.TIME:
                return f"{time.fromisoformat(text.rjust(len('09:00'), '0')):%H%M}"
            case _:
                return f"{datetime.fromisoformat(text):%d%m%Y%H%M}"
    except ValueError:
        return text


def _number_keys(text: str) -> str:
    try:
        return number_text(Decimal(text.strip())).replace(".", "*")
    except InvalidOperation:
        return text
