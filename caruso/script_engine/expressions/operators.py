"""What the operators of expressions do with values. Total: what makes no sense is false, or null.

Null: a comparison with null is false, arithmetic with null is null. Kinds do not mix: a text is never a number.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import Any

from caruso.script_engine.turns import Value
from caruso.script_engine.values import GREATEST_EXPONENT, LONGEST_LIST, LONGEST_TEXT

#: What overflows or divides by zero raises `ArithmeticError`, and becomes null.
ARITHMETIC = Context(
    prec=28,
    rounding=ROUND_HALF_UP,
    Emax=GREATEST_EXPONENT,
    Emin=-GREATEST_EXPONENT,
    traps=[Overflow, DivisionByZero, InvalidOperation],
)

_WITH_ORDER = (Decimal, str, date, datetime, time)

Compare = Callable[[Value, Value], bool]
Calculate = Callable[[Value, Value], Value]


def equal(left: Value, right: Value) -> bool:
    """Whether two values are the same; null equals nothing, and kinds do not mix, within lists neither."""
    if left is None or type(left) is not type(right):
        return False
    match left:
        case tuple():
            return _same_lists(left, right)  # type: ignore[arg-type]  # of one type
        case Mapping():
            return _same_objects(left, right)  # type: ignore[arg-type]  # of one type
        case _:
            return left == right


def _same_lists(left: tuple[Value, ...], right: tuple[Value, ...]) -> bool:
    return len(left) == len(right) and all(map(_same, left, right))


def _same_objects(left: Mapping[str, Value], right: Mapping[str, Value]) -> bool:
    return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)


def _same(left: Value, right: Value) -> bool:
    return (left is None and right is None) or equal(left, right)


def unequal(left: Value, right: Value) -> bool:
    """Whether two values that are both known are not the same."""
    return left is not None and right is not None and not equal(left, right)


def _ordered(holds: Callable[[Any, Any], bool]) -> Compare:
    def compare(left: Value, right: Value) -> bool:
        if type(left) is not type(right) or not isinstance(left, _WITH_ORDER):
            return False
        try:
            return holds(left, right)
        except TypeError:  # an aware and a naive time
            return False

    return compare


RELATIONS: Mapping[str, Compare] = {
    "eq": equal,
    "ne": unequal,
    "lt": _ordered(operator.lt),
    "le": _ordered(operator.le),
    "gt": _ordered(operator.gt),
    "ge": _ordered(operator.ge),
}

#: The same for two numbers, which is most of what is asked.
NUMBER_RELATIONS: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}


def holds_in(item: Value, whole: Value) -> bool | None:
    """Whether `item` is an element of a list, part of a text or a key of an object; null where nothing can be."""
    if item is None or whole is None:
        return None
    if isinstance(whole, str):
        return isinstance(item, str) and item in whole
    if isinstance(whole, tuple):
        return any(equal(item, part) for part in whole[:LONGEST_LIST])
    return isinstance(whole, Mapping) and isinstance(item, str) and item in whole


def weight(whole: Value) -> int:
    """Return how many steps looking through `whole` takes."""
    if isinstance(whole, str):
        return 1 + len(whole) // 64
    return min(len(whole), LONGEST_LIST) if isinstance(whole, tuple) else 1


def _add(left: Value, right: Value) -> Value:
    if isinstance(left, Decimal) and isinstance(right, Decimal):
        return _calculated(ARITHMETIC.add, left, right)
    if isinstance(left, str) and isinstance(right, str):
        return (left + right)[:LONGEST_TEXT]
    if isinstance(left, tuple) and isinstance(right, tuple):
        return (left + right)[:LONGEST_LIST]
    return None


def _calculated(operation: Callable[[Decimal, Decimal], Decimal], left: Decimal, right: Decimal) -> Decimal | None:
    try:
        return operation(left, right)
    except ArithmeticError:
        return None


def _numeric(operation: Callable[[Decimal, Decimal], Decimal]) -> Calculate:
    def calculate(left: Value, right: Value) -> Value:
        if isinstance(left, Decimal) and isinstance(right, Decimal):
            return _calculated(operation, left, right)
        return None

    return calculate


#: For two numbers; raise `ArithmeticError`.
NUMBER_OPERATORS: Mapping[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": ARITHMETIC.add,
    "-": ARITHMETIC.subtract,
    "*": ARITHMETIC.multiply,
    "/": ARITHMETIC.divide,
    "%": ARITHMETIC.remainder,
}

OPERATORS: Mapping[str, Calculate] = {
    "+": _add,
    **{sign: _numeric(operation) for sign, operation in NUMBER_OPERATORS.items() if sign != "+"},
}
