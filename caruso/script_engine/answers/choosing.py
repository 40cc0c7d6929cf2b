"""Read yes and no, one option, several options, and options in an order of preference."""

from __future__ import annotations

from collections.abc import Sequence

from caruso.script_engine import wording
from caruso.script_engine.answers.asked import Asked, Misread, Read
from caruso.script_engine.turns import Option, Value

#: Keys of yes and no on the phone.
YES_KEY, NO_KEY = "1", "2"
#: Stands between the values of several options in a typed answer.
BETWEEN = "\n"
#: Characters of an answer in the person's own words.
LONGEST_OWN_WORDS = 500


def yes_no(asked: Asked, text: str) -> Read:
    """Return true or false."""
    word = text.casefold()
    if asked.by_keys and word in {YES_KEY, NO_KEY}:
        return word == YES_KEY
    if word in wording.YES or word in wording.NO:
        return word in wording.YES
    return Misread("not-yes-no")


def one(asked: Asked, text: str) -> Read:
    """Return the value of an option, or own words where an option takes them."""
    found = _pressed(asked, text) if asked.by_keys else _meant(asked.options, text)
    if found is not None:
        return found.value
    return _own_words(asked, text) or Misread("no-such-option")


def several(asked: Asked, text: str) -> Read:
    """Return the values of the chosen options, in the order they are offered in."""
    read = _each(asked, text)
    if isinstance(read, Misread):
        return read
    alone = {option.value for option in asked.options if option.exclusive}
    if len(read) > 1 and alone.intersection(read):
        label = next(option.label for option in asked.options if option.value in alone.intersection(read))
        return Misread("exclusive-option", {"label": label})
    order = {option.value: number for number, option in enumerate(asked.options)}
    return tuple(sorted(read, key=lambda value: order.get(value, len(order))))


def ranked(asked: Asked, text: str) -> Read:
    """Return the values of options, best first."""
    return _each(asked, text)


def as_typed(values: Sequence[Value]) -> str:
    """Return several values as one text."""
    return BETWEEN.join(value for value in values if isinstance(value, str))


def _each(asked: Asked, text: str) -> tuple[str, ...] | Misread:
    parts = text if asked.by_keys else text.split(BETWEEN)
    found: dict[str, None] = {}
    for part in parts:
        if not part.strip():
            continue
        read = one(asked, part.strip())
        if not isinstance(read, str):
            return read if isinstance(read, Misread) else Misread("no-such-option")
        if read in found and asked.question.type.value == "ranking":
            return Misread("ranked-twice")
        found[read] = None
    own = sum(1 for value in found if all(option.value != value for option in asked.options))
    return tuple(found) if own <= sum(option.other for option in asked.options) else Misread("no-such-option")


def _pressed(asked: Asked, text: str) -> Option | None:
    return next((option for option in asked.options if option.key and option.key == text), None)


def _meant(options: Sequence[Option], text: str) -> Option | None:
    """Return the option of that value, else the only one with that label."""
    for option in options:
        if option.value == text:
            return option
    word = text.casefold()
    labelled = [option for option in options if option.label.casefold() == word]
    return labelled[0] if len(labelled) == 1 else None


def _own_words(asked: Asked, text: str) -> Read:
    if asked.by_keys or not any(option.other for option in asked.options):
        return None
    return text if len(text) <= LONGEST_OWN_WORDS else Misread("too-long")
