"""Functions of expressions about lists, and about texts where those are like lists. At most 10,000 elements."""

from __future__ import annotations

from decimal import Decimal

from caruso.script_engine.expressions.operators import equal, holds_in
from caruso.script_engine.expressions.wordings import text
from caruso.script_engine.turns import Value
from caruso.script_engine.values import LONGEST_LIST, LONGEST_TEXT

#: Made once: making a decimal takes longer than counting.
_NUMBERS = tuple(map(Decimal, range(1_001)))


def _number(amount: int) -> Decimal:
    return _NUMBERS[amount] if amount < len(_NUMBERS) else Decimal(amount)


def count(items: tuple[Value, ...]) -> Value:
    """Return how many elements there are."""
    return _number(len(items))


def length(thing: Value) -> Value:
    """Return how many characters, or elements, there are."""
    return _number(len(thing)) if isinstance(thing, (str, tuple)) else None


def contains(whole: Value, part: Value) -> Value:
    """Whether `part` is in a text or among the elements of a list."""
    if isinstance(whole, str):
        return part in whole if isinstance(part, str) else None
    return holds_in(part, whole) if isinstance(whole, tuple) else None


def selected(answer: Value, option: str) -> Value:
    """Whether `option` is the answer, or among the answers."""
    return holds_in(option, answer) if isinstance(answer, tuple) else equal(answer, option)


def first(items: tuple[Value, ...]) -> Value:
    """Return the first element; null when there is none."""
    return items[0] if items else None


def last(items: tuple[Value, ...]) -> Value:
    """Return the last element; null when there is none."""
    return items[-1] if items else None


def index(items: tuple[Value, ...], wanted: Value) -> Value:
    """Return where `wanted` is, so that ``items[index(items, wanted)]`` is it: from 0, null when nowhere."""
    for number, item in enumerate(items[:LONGEST_LIST]):
        if equal(item, wanted):
            return _number(number)
    return None


def join(items: tuple[Value, ...], between: str = ", ") -> Value:
    """Return the elements as one text; what is no text, number or date is left out."""
    texts: list[str] = []
    size = 0
    for item in items[:LONGEST_LIST]:
        if (written := text(item)) is None:
            continue
        texts.append(written)
        size += len(written) + len(between)
        if size > LONGEST_TEXT:
            break
    return between.join(texts)[:LONGEST_TEXT]


def split(whole: str, between: str) -> Value:
    """Return the parts of a text without the blanks around them; an empty text has none."""
    if not between or not whole.strip():
        return () if between else None
    return tuple(part.strip() for part in whole.split(between, LONGEST_LIST)[:LONGEST_LIST])
