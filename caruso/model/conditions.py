"""Conditions on objects: what can be searched for wherever they are. Made of expressions, carried out by stores.

They mean what the expressions mean: a comparison with null is false, and kinds do not mix. `holds` is the meaning;
a store that finds other objects than those for which `holds` is true is wrong.
"""

from __future__ import annotations

import operator as operators
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

#: A value that an attribute is held against.
Constant = None | bool | Decimal | str | date | datetime | time
#: An attribute; the names before the last lead through relations to one object: ``("contract", "tariff")``.
AttributePath = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compare:
    """An attribute and a value; `operator` is one of eq ne lt le gt ge."""

    path: AttributePath
    operator: str
    value: Constant


@dataclass(frozen=True, slots=True)
class CompareAttributes:
    """Two attributes of the object itself."""

    left: str
    operator: str
    right: str


@dataclass(frozen=True, slots=True)
class Among:
    """An attribute is one of some values; `negated`: it is known, and none of them."""

    path: AttributePath
    values: tuple[Constant, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Begins:
    """A text begins with another."""

    path: AttributePath
    text: str


@dataclass(frozen=True, slots=True)
class Ends:
    """A text ends with another."""

    path: AttributePath
    text: str


@dataclass(frozen=True, slots=True)
class Contains:
    """A text is part of a text, or an element of a list."""

    path: AttributePath
    text: str


@dataclass(frozen=True, slots=True)
class Known:
    """There is something: null, blank text and an empty list are nothing."""

    path: AttributePath


@dataclass(frozen=True, slots=True)
class Related:
    """There is a related object for which the condition holds (any at all without one)."""

    relation: str
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Every:
    """All of these hold; of none, that is true."""

    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Either:
    """One of these holds; of none, that is false."""

    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Negation:
    """The condition does not hold, be it that something is not known."""

    condition: Condition


Condition = (
    Compare | CompareAttributes | Among | Begins | Ends | Contains | Known | Related | Every | Either | Negation
)

#: Holds for every object.
EVERYTHING = Every()
#: Holds for none.
NOTHING = Either()

_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operators.eq,
    "ne": operators.ne,
    "lt": operators.lt,
    "le": operators.le,
    "gt": operators.gt,
    "ge": operators.ge,
}


def every(*conditions: Condition | None) -> Condition:
    """Return what holds when all of these do, as plain as it can be written."""
    flat: list[Condition] = []
    for condition in conditions:
        if isinstance(condition, Every):
            flat.extend(condition.conditions)
        elif condition is not None:
            flat.append(condition)
    return flat[0] if len(flat) == 1 else Every(tuple(flat))


def paths_in(condition: Condition) -> Iterator[AttributePath]:
    """Give the attributes that a condition asks for; those of related objects begin with the relation."""
    match condition:
        case Every(conditions=conditions) | Either(conditions=conditions):
            for each in conditions:
                yield from paths_in(each)
        case Negation(condition=inner):
            yield from paths_in(inner)
        case CompareAttributes(left=left, right=right):
            yield from ((left,), (right,))
        case Related(relation=relation, condition=inner):
            yield from [(relation, "")] if inner is None else ((relation, *path) for path in paths_in(inner))
        case _:
            yield condition.path


def holds(condition: Condition, of: Mapping[str, Any]) -> bool:
    """Tell whether a condition holds for an object, given as values of a script."""
    match condition:
        case Compare(path=path, operator=operator, value=value):
            return _compared(_at(of, path), operator, value)
        case CompareAttributes(left=left, operator=operator, right=right):
            return _compared(of.get(left), operator, of.get(right))
        case Among(path=path, values=values, negated=negated):
            value = _at(of, path)
            return value is not None and any(_compared(value, "eq", one) for one in values) is not negated
        case Begins(path=path, text=text):
            return isinstance(value := _at(of, path), str) and value.startswith(text)
        case Ends(path=path, text=text):
            return isinstance(value := _at(of, path), str) and value.endswith(text)
        case Contains(path=path, text=text):
            return isinstance(value := _at(of, path), (str, tuple, list)) and text in value
        case Known(path=path):
            return _is_something(_at(of, path))
        case Related(relation=relation, condition=inner):
            return any(inner is None or holds(inner, one) for one in _related(of.get(relation)))
        case Every(conditions=conditions):
            return all(holds(one, of) for one in conditions)
        case Either(conditions=conditions):
            return any(holds(one, of) for one in conditions)
        case Negation(condition=inner):
            return not holds(inner, of)


def _at(of: Mapping[str, Any], path: AttributePath) -> Any:
    value: Any = of
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _compared(left: Any, operator: str, right: Any) -> bool:
    if left is None or right is None:
        return False
    if type(left) is not type(right):
        return operator == "ne"
    if isinstance(left, bool) and operator not in {"eq", "ne"}:
        return False
    try:
        return _ORDERS[operator](left, right)
    except TypeError:  # an aware and a naive time
        return False


def _is_something(value: Any) -> bool:
    if isinstance(value, str):
        return bool(value.strip())
    return bool(value) if isinstance(value, (list, tuple, Mapping)) else value is not None


def _related(value: Any) -> list[Mapping[str, Any]]:
    listed = value if isinstance(value, (list, tuple)) else [value]
    return [one for one in listed if isinstance(one, Mapping)]
