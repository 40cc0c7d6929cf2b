"""Read an answer by the type of its question, show it again, and type it again.

Each kind of value has its module; this one only says which is which. What `typed` gives, `read` takes for the same
value: screens offer answers for correction that way, and tests and other programs give them that way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, tzinfo
from decimal import Decimal

from caruso.script_engine.answers import choosing, numbers, stored, times, words
from caruso.script_engine.answers.asked import Asked, Misread, Read
from caruso.script_engine.turns import QuestionType, Value

#: Characters of any answer as it is given; what a kind of answer may have is less.
LONGEST_GIVEN = 2 * words.LONGEST_MEMO

_READERS: Mapping[QuestionType, Callable[[Asked, str], Read]] = {
    QuestionType.TEXT: words.line,
    QuestionType.MEMO: words.memo,
    QuestionType.INTEGER: numbers.whole,
    QuestionType.NUMBER: numbers.number,
    QuestionType.MONEY: numbers.money,
    QuestionType.DATE: times.day,
    QuestionType.TIME: times.clock,
    QuestionType.DATE_TIME: times.moment,
    QuestionType.YES_NO: choosing.yes_no,
    QuestionType.CHOICE: choosing.one,
    QuestionType.CHOICES: choosing.several,
    QuestionType.RANKING: choosing.ranked,
    QuestionType.RATING: numbers.rating,
    QuestionType.PHONE: words.phone,
    QuestionType.EMAIL: words.email,
    QuestionType.DIGITS: words.digits,
    QuestionType.FILE: stored.stored,
    QuestionType.VOICE_RECORD: stored.stored,
    QuestionType.SIGNATURE: stored.stored,
    QuestionType.LOCATION: stored.location,
}


def read(asked: Asked, text: str) -> Value | Misread:
    """Return the answer, null for none, or why it cannot be read. Whether none is enough is not decided here."""
    if len(text) > LONGEST_GIVEN:
        return Misread("too-long")
    # What UTF-8 cannot hold could not be stored.
    text = text.replace("\x00", "").encode("utf-8", "ignore").decode("utf-8").strip()
    if not text:
        return None
    found = _READERS[asked.type](asked, text)
    return None if found == () or found == "" else found


def typed(value: Value, zone: tzinfo | None = None) -> str:
    """Return the answer as it would be typed on a screen, so that `read` gives it again.

    A point in time is typed as the clocks of `zone` show it; without one with its distance from UTC.
    """
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return numbers.as_typed(value)
        case datetime():
            return times.as_typed(value, zone)
        case date():
            return value.isoformat()
        case time():
            return times.clock_as_typed(value)
        case str():
            return value
        case Mapping():
            return stored.as_typed(value)
        case _:
            return choosing.as_typed(value)
