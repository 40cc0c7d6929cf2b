"""Read an answer by the type of its question, as pressed on the phone or typed on a screen; show it again."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from caruso.script_engine import wording
from caruso.script_engine.nodes import InputNode, Question
from caruso.script_engine.texts import show
from caruso.script_engine.turns import DigitRule, Option, QuestionType, ScriptChannel, Value

#: Characters of a text, digits of a number, digits of a telephone number.
LONGEST_ANSWER = 4_000
MOST_DIGITS = 18
PHONE_DIGITS = (3, 15)
#: Keys of yes and no on the phone.
YES_KEY, NO_KEY = "1", "2"

_BLANKS = re.compile(r"[\s\u00a0\u202f]+")
_DAY_FIRST = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})")


@dataclass(frozen=True, slots=True)
class Misread:
    """Why an answer cannot be read: a key of `wording`, and what it says in it."""

    phrase: str
    values: Mapping[str, str] = field(default_factory=dict)

    def message(self, language: str) -> str:
        """Return the reason as a sentence."""
        return wording.phrase(self.phrase, language, **self.values)


def read(question: Question, text: str, channel: ScriptChannel, options: Sequence[Option]) -> Value | Misread:
    """Return the answer, null for none, or why it cannot be read. Whether none is enough is not decided here."""
    if len(text) > LONGEST_ANSWER:
        return Misread("too-long")
    text = text.replace("\x00", "").strip()
    if not text:
        return None
    match question.type:
        case QuestionType.TEXT:
            return text
        case QuestionType.INTEGER:
            return _integer(text)
        case QuestionType.NUMBER:
            return _number(text.replace("*", ".") if channel is ScriptChannel.PHONE else text)
        case QuestionType.YES_NO:
            return _yes_no(text, channel)
        case QuestionType.CHOICE:
            return _choice(text, channel, options)
        case QuestionType.DATE:
            return _date(text, channel)
        case QuestionType.PHONE:
            return _phone(text)
        case QuestionType.DIGITS:
            return _digits(text, question.input)
        case _:
            return text


def within(value: Value, minimum: Value, maximum: Value, question: Question, language: str) -> Misread | None:
    """Return which bound or form the answer breaks."""
    for limit, key, broken in ((minimum, "too-small", -1), (maximum, "too-large", 1)):
        if _order(value, limit) == broken:
            return Misread(key, {"limit": show(limit, language)})
    if question.pattern is not None and isinstance(value, str) and not question.pattern.matches(value):
        return Misread("wrong-pattern")
    return None


def _order(value: Value, limit: Value) -> int:
    match value, limit:
        case (Decimal(), Decimal()) | (date(), date()):
            return (value > limit) - (value < limit)  # type: ignore[operator]
        case _:
            return 0


def _integer(text: str) -> Value | Misread:
    plain = _BLANKS.sub("", text)
    if re.fullmatch(rf"[+-]?[0-9]{{1,{MOST_DIGITS}}}", plain):
        return Decimal(int(plain))
    return Misread("not-integer")


def _number(text: str) -> Value | Misread:
    plain = _BLANKS.sub("", text).replace(",", ".")
    if re.fullmatch(rf"[+-]?[0-9]{{1,{MOST_DIGITS}}}(\.[0-9]{{1,9}})?", plain):
        return Decimal(plain)
    return Misread("not-number")


def _yes_no(text: str, channel: ScriptChannel) -> Value | Misread:
    word = text.lower()
    if channel is ScriptChannel.PHONE and word in {YES_KEY, NO_KEY}:
        return word == YES_KEY
    if word in wording.YES or word in wording.NO:
        return word in wording.YES
    return Misread("not-yes-no")


def _choice(text: str, channel: ScriptChannel, options: Sequence[Option]) -> Value | Misread:
    for option in options:
        if text == (option.key if channel is ScriptChannel.PHONE else option.value):
            return option.value
    return Misread("no-such-option")


def _date(text: str, channel: ScriptChannel) -> Value | Misread:
    if channel is ScriptChannel.PHONE and re.fullmatch(r"[0-9]{8}", text):
        day, month, year = text[:2], text[2:4], text[4:]
    elif found := _ISO.fullmatch(text):
        year, month, day = found.groups()
    elif found := _DAY_FIRST.fullmatch(_BLANKS.sub("", text)):
        day, month, year = found.groups()
    else:
        return Misread("not-date")
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return Misread("not-date")


def _phone(text: str) -> Value | Misread:
    plain = re.sub(r"[\s\u00a0()/.-]", "", text)
    plain = f"+{plain[2:]}" if plain.startswith("00") else plain
    low, high = PHONE_DIGITS
    return plain if re.fullmatch(rf"\+?[0-9]{{{low},{high}}}", plain) else Misread("not-phone")


def _digits(text: str, rule: InputNode | None) -> Value | Misread:
    plain = _BLANKS.sub("", text)
    if not (plain.isascii() and plain.isdigit()):
        return Misread("not-digits")
    if rule is not None and rule.minimum is not None and len(plain) < rule.minimum:
        return Misread("too-few-digits", {"limit": str(rule.minimum)})
    if rule is not None and rule.maximum is not None and len(plain) > rule.maximum:
        return Misread("too-many-digits", {"limit": str(rule.maximum)})
    return plain


def shown(question: Question, value: Value, options: Sequence[Option], language: str) -> str:
    """Return the answer as a person would write it."""
    if question.type is QuestionType.CHOICE:
        return next((option.label for option in options if option.value == value), show(value, language))
    return show(value, language)


def typed(question: Question, value: Value) -> str:
    """Return the answer as it would be typed on a screen, so that `read` gives it again."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case date():
            return value.isoformat()
        case _:
            return show(value, "en")


def digit_rule(question: Question, options: Sequence[Option], maximum: Value) -> DigitRule | None:
    """Return how keys are collected on the phone; None where the phone cannot ask."""
    bounds = _usual(question, options, maximum)
    if bounds is None:
        return None
    low, high = bounds
    entry = question.input
    if entry is None:
        return DigitRule(minimum=low, maximum=high, end_key="" if low == high or options else "#")
    if entry.minimum is not None and entry.maximum is not None:
        low, high = entry.minimum, entry.maximum
    return DigitRule(
        minimum=low,
        maximum=high,
        end_key=entry.end_key,
        first_timeout=entry.first_timeout,
        next_timeout=entry.next_timeout,
    )


def _usual(question: Question, options: Sequence[Option], maximum: Value) -> tuple[int, int] | None:
    match question.type:
        case QuestionType.CHOICE:
            lengths = [len(option.key) for option in options if option.key]
            return (min(lengths), max(lengths)) if lengths else None
        case QuestionType.YES_NO:
            return 1, 1
        case QuestionType.DATE:
            return 8, 8
        case QuestionType.PHONE:
            return PHONE_DIGITS
        case QuestionType.INTEGER:
            return 1, len(str(int(maximum))) if isinstance(
                maximum, Decimal
            ) and 0 < maximum < 10**MOST_DIGITS else 9
        case QuestionType.NUMBER | QuestionType.DIGITS:
            return 1, MOST_DIGITS
        case _:
            return None
