"""What an answer has to keep to besides its kind: least and greatest, how many, and its form."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal

from caruso.script_engine.answers import times
from caruso.script_engine.answers.asked import Asked, Misread
from caruso.script_engine.answers.showing import shown
from caruso.script_engine.turns import QuestionType, Value

#: The ends of a rating that names none.
USUAL_RATING = (Decimal(1), Decimal(5))

#: Types whose bounds count the options that are chosen.
COUNTED = frozenset({QuestionType.CHOICES, QuestionType.RANKING})


def usual(asked: Asked, minimum: Value, maximum: Value) -> tuple[Value, Value]:
    """Return the bounds, with those that go without saying: of a rating, and that a ranking ranks everything.

    Of a date they are days.
    """
    match asked.type:
        case QuestionType.RATING:
            least, most = USUAL_RATING
            return minimum if minimum is not None else least, maximum if maximum is not None else most
        case QuestionType.RANKING if minimum is None:
            count = Decimal(len(asked.options))
            return min(count, maximum) if isinstance(maximum, Decimal) else count, maximum
        case QuestionType.DATE:
            return times.day_of(minimum, asked.zone), times.day_of(maximum, asked.zone)
        case _:
            return minimum, maximum


def within(asked: Asked, value: Value, minimum: Value, maximum: Value) -> Misread | None:
    """Return which bound or form the answer breaks."""
    minimum, maximum = usual(asked, minimum, maximum)
    counted = asked.type in COUNTED
    measured: Value = Decimal(len(value)) if counted and isinstance(value, tuple) else value
    if _breaks(measured, minimum, lambda order: order < 0):
        return Misread("too-few-options" if counted else _too("small", value), {"limit": _limit(asked, minimum)})
    if _breaks(measured, maximum, lambda order: order > 0):
        return Misread("too-many-options" if counted else _too("large", value), {"limit": _limit(asked, maximum)})
    pattern = asked.question.pattern
    if pattern is not None and isinstance(value, str) and not pattern.matches(value):
        return Misread("wrong-pattern")
    return None


def _too(side: str, value: Value) -> str:
    if isinstance(value, (date, time)):
        return "too-early" if side == "small" else "too-late"
    return f"too-{side}"


def _limit(asked: Asked, limit: Value) -> str:
    return shown(asked, limit)


def _breaks(value: Value, limit: Value, broken: Callable[[int], bool]) -> bool:
    match value, limit:
        case (datetime(), datetime()) | (Decimal(), Decimal()) | (time(), time()):
            pass
        case (datetime(), date()) | (date(), datetime()):
            value, limit = _as_day(value), _as_day(limit)
        case (date(), date()):
            pass
        case _:
            return False
    try:
        return broken((value > limit) - (value < limit))  # type: ignore[operator]
    except TypeError:  # an aware and a naive time
        return False


def _as_day(value: Value) -> Value:
    return value.date() if isinstance(value, datetime) else value
