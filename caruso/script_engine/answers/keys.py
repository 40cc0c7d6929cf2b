"""How each kind of answer is given on a telephone: which keys are collected, or what is recorded."""

from __future__ import annotations

from decimal import Decimal

from caruso.script_engine.answers import times
from caruso.script_engine.answers.asked import Asked
from caruso.script_engine.answers.numbers import MOST_DIGITS
from caruso.script_engine.answers.words import PHONE_DIGITS
from caruso.script_engine.turns import DigitRule, QuestionType, RecordRule, Value

#: Ends an entry of varying length where the question says nothing else.
USUAL_END = "#"
#: Keys of a whole number without a maximum.
USUAL_DIGITS = 9

#: What a caller may press at every question, unless it answers it.
REPEAT, AGENT, HELP, BACK = "*", "0", "**", "*#"
EVENTS = {REPEAT: "repeat", AGENT: "agent", HELP: "help", BACK: "back"}

_NOT_ON_PHONE = frozenset(
    {
        QuestionType.TEXT,
        QuestionType.MEMO,
        QuestionType.EMAIL,
        QuestionType.FILE,
        QuestionType.SIGNATURE,
        QuestionType.LOCATION,
    }
)
#: Pressed one after the other.
_ONE_AFTER_THE_OTHER = frozenset({QuestionType.CHOICES, QuestionType.RANKING})
#: Always of one length.
_FIXED = {
    QuestionType.YES_NO: 1,
    QuestionType.DATE: times.DATE_KEYS,
    QuestionType.TIME: times.TIME_KEYS,
    QuestionType.DATE_TIME: times.DATE_TIME_KEYS,
}


def on_phone(kind: QuestionType) -> bool:
    """Whether a telephone can ask for this."""
    return kind not in _NOT_ON_PHONE


def record_rule(asked: Asked) -> RecordRule | None:
    """Return how the answer is recorded on the phone; None where it is pressed."""
    if asked.type is not QuestionType.VOICE_RECORD:
        return None
    entry, usual = asked.question.input, RecordRule()
    longest = entry.max_seconds if entry is not None and entry.max_seconds is not None else usual.max_seconds
    end_key = (entry.end_key if entry is not None else "") or USUAL_END
    codes = tuple(code for code in (REPEAT, AGENT) if code != end_key)
    return RecordRule(max_seconds=longest, end_key=end_key, codes=codes)


def digit_rule(asked: Asked, maximum: Value) -> DigitRule | None:
    """Return how keys are collected on the phone; None where it cannot ask, or records."""
    bounds = _usual(asked, maximum)
    if bounds is None:
        return None
    low, high = bounds
    several = asked.type in _ONE_AFTER_THE_OTHER
    entry = asked.question.input
    if entry is None:
        varies = several or (low != high and asked.type is not QuestionType.CHOICE)
        end_key = USUAL_END if varies else ""
        return DigitRule(minimum=low, maximum=high, end_key=end_key, codes=_codes(asked))
    if entry.minimum is not None and entry.maximum is not None:
        low, high = entry.minimum, entry.maximum
    return DigitRule(
        minimum=low,
        maximum=high,
        end_key=entry.end_key or (USUAL_END if several else ""),
        first_timeout=entry.first_timeout,
        next_timeout=entry.next_timeout,
        codes=_codes(asked),
    )


def _codes(asked: Asked) -> tuple[str, ...]:
    """Return the codes that cannot be the beginning of an answer."""
    keys = {option.key for option in asked.options}
    begun = {key[:1] for key in keys}
    codes = [code for code in (REPEAT, HELP, BACK) if REPEAT not in begun]
    if (asked.options or asked.type is QuestionType.YES_NO) and AGENT not in begun:
        codes.append(AGENT)
    return tuple(codes)


def _usual(asked: Asked, maximum: Value) -> tuple[int, int] | None:
    if asked.type in _FIXED:
        return _FIXED[asked.type], _FIXED[asked.type]
    match asked.type:
        case QuestionType.CHOICE:
            lengths = [len(option.key) for option in asked.options if option.key]
            return (min(lengths), max(lengths)) if lengths else None
        case QuestionType.CHOICES | QuestionType.RANKING:
            # One more than there are, so that a key pressed twice does not end the entry.
            count = sum(1 for option in asked.options if option.key)
            return (1, count + 1) if count else None
        case QuestionType.PHONE:
            return PHONE_DIGITS
        case QuestionType.INTEGER | QuestionType.RATING:
            return 1, _figures(maximum)
        case QuestionType.NUMBER | QuestionType.MONEY | QuestionType.DIGITS:
            return 1, MOST_DIGITS
        case _:
            return None


def _figures(maximum: Value) -> int:
    if isinstance(maximum, Decimal) and 0 < maximum < 10**MOST_DIGITS:
        return len(str(int(maximum)))
    return USUAL_DIGITS
