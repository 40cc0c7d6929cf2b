"""The functions of expressions, in one table. Each is total: a wrong kind of argument, or null, gives null.

Those without a `call` need more than the values of their arguments: they are the language's, and `special` knows
them. All others come in as those of plug-ins do (`script_functions` of `caruso.service_manager.hookspecs`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from caruso.script_engine.expressions import dates, lists, numbers, wordings
from caruso.script_engine.expressions.types import Type
from caruso.script_engine.turns import Value


@dataclass(frozen=True, slots=True)
class Function:
    """What a function takes and gives."""

    takes: tuple[Type, ...]
    gives: Type
    #: None for those that `special` knows.
    call: Callable[..., Value] | None = None
    #: How many of `takes` may be left out at the end.
    optional: int = 0
    #: The last of `takes` may come again and again.
    repeats: bool = False
    #: Dates with time are given in the centre's time zone.
    local: bool = False
    #: Looks through its first argument, which may be long.
    searches: bool = False

    def arity_fits(self, count: int) -> bool:
        """Whether it can be called with `count` arguments."""
        most = len(self.takes)
        return most - self.optional <= count and (count <= most or self.repeats)

    def takes_at(self, number: int) -> Type:
        """Return what argument `number` (from 0) has to be."""
        return self.takes[min(number, len(self.takes) - 1)]


#: How a value of a type shows at run time.
CLASSES: Mapping[Type, type | tuple[type, ...]] = {
    Type.TEXT: str,
    Type.NUMBER: Decimal,
    Type.BOOLEAN: bool,
    Type.DATE: date,
    Type.TIME: time,
    Type.DATE_TIME: datetime,
    Type.LIST: tuple,
    Type.OBJECT: dict,
    Type.ANY: object,
}

_TEXT, _NUMBER, _LIST, _ANY, _BOOLEAN = Type.TEXT, Type.NUMBER, Type.LIST, Type.ANY, Type.BOOLEAN
_DATE, _TIME, _DATE_TIME = Type.DATE, Type.TIME, Type.DATE_TIME

#: Functions that go through a list; they cannot stand in each other.
QUANTIFIERS: Mapping[str, Function] = {
    "any": Function((_LIST, _ANY, _BOOLEAN), _BOOLEAN),
    "all": Function((_LIST, _ANY, _BOOLEAN), _BOOLEAN),
    "sum": Function((_LIST, _ANY, _NUMBER), _NUMBER),
    "where": Function((_LIST, _ANY, _BOOLEAN), _LIST),
    "each": Function((_LIST, _ANY, _ANY), _LIST),
}

#: What is said like a function and needs more than values.
FORMS: Mapping[str, Function] = {
    **QUANTIFIERS,
    "known": Function((_ANY,), _BOOLEAN),
    "empty": Function((_ANY,), _BOOLEAN),
    "if": Function((_BOOLEAN, _ANY, _ANY), _ANY),
    "label": Function((_ANY,), _TEXT),
    "score": Function((_ANY,), _NUMBER),
    "visited": Function((_TEXT,), _BOOLEAN),
    "answered": Function((_TEXT,), _BOOLEAN),
    "attempt": Function((), _NUMBER),
    "matches": Function((_TEXT, _TEXT), _BOOLEAN),
    "today": Function((), _DATE),
    "now": Function((), _DATE_TIME),
    "age": Function((_DATE,), _NUMBER),
    "opening_hours": Function((_TEXT,), _BOOLEAN),
    "date_time": Function((_ANY, _TIME), _DATE_TIME, optional=1),
}

#: What comes with Caruso, and is there without any plug-in: where scripts are checked, for example.
BUILT_IN: Mapping[str, Function] = {
    # Lists and texts.
    "count": Function((_LIST,), _NUMBER, lists.count),
    "length": Function((_ANY,), _NUMBER, lists.length),
    "contains": Function((_ANY, _ANY), _BOOLEAN, lists.contains, searches=True),
    "selected": Function((_ANY, _TEXT), _BOOLEAN, lists.selected, searches=True),
    "first": Function((_LIST,), _ANY, lists.first),
    "last": Function((_LIST,), _ANY, lists.last),
    "index": Function((_LIST, _ANY), _NUMBER, lists.index, searches=True),
    "join": Function((_LIST, _TEXT), _TEXT, lists.join, optional=1, searches=True),
    "split": Function((_TEXT, _TEXT), _LIST, lists.split, searches=True),
    "lower": Function((_TEXT,), _TEXT, wordings.lower),
    "upper": Function((_TEXT,), _TEXT, wordings.upper),
    "trim": Function((_TEXT,), _TEXT, str.strip),
    "starts_with": Function((_TEXT, _TEXT), _BOOLEAN, str.startswith),
    "ends_with": Function((_TEXT, _TEXT), _BOOLEAN, str.endswith),
    "text": Function((_ANY,), _TEXT, wordings.text, local=True),
    "part": Function((_TEXT, _NUMBER, _NUMBER), _TEXT, wordings.part, optional=1),
    "before": Function((_TEXT, _TEXT), _TEXT, wordings.before),
    "after": Function((_TEXT, _TEXT), _TEXT, wordings.after),
    # Numbers.
    "number": Function((_ANY,), _NUMBER, numbers.number),
    "round": Function((_NUMBER, _NUMBER), _NUMBER, numbers.rounded, optional=1),
    "floor": Function((_NUMBER,), _NUMBER, numbers.floor),
    "ceil": Function((_NUMBER,), _NUMBER, numbers.ceil),
    "abs": Function((_NUMBER,), _NUMBER, abs),
    "min": Function((_ANY,), _ANY, numbers.least, repeats=True, searches=True),
    "max": Function((_ANY,), _ANY, numbers.greatest, repeats=True, searches=True),
    # Dates and times.
    "date": Function((_ANY,), _DATE, dates.to_date, local=True),
    "time": Function((_ANY,), _TIME, dates.to_time, local=True),
    "days_between": Function((_DATE, _DATE), _NUMBER, dates.days_between, local=True),
    "minutes_between": Function((_DATE_TIME, _DATE_TIME), _NUMBER, dates.minutes_between, local=True),
    "add_days": Function((_DATE, _NUMBER), _DATE, dates.add_days, local=True),
    "add_months": Function((_DATE, _NUMBER), _DATE, dates.add_months, local=True),
    "add_minutes": Function((_DATE_TIME, _NUMBER), _DATE_TIME, dates.add_minutes, local=True),
    "format_date": Function((_DATE, _TEXT), _TEXT, dates.format_date, local=True),
    "weekday": Function((_DATE,), _NUMBER, dates.weekday, local=True),
    "year": Function((_DATE,), _NUMBER, dates.year, local=True),
    "month": Function((_DATE,), _NUMBER, dates.month, local=True),
    "day": Function((_DATE,), _NUMBER, dates.day, local=True),
    "hour": Function((_ANY,), _NUMBER, dates.hour, local=True),
    "minute": Function((_ANY,), _NUMBER, dates.minute, local=True),
}

#: All that expressions can use.
FUNCTIONS: dict[str, Function] = {**FORMS, **BUILT_IN}

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


def add_function(name: str, function: Function) -> None:
    """Let expressions use another function; raise `ValueError` when its name is not free, or it is none."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"“{name}” is no name for a function: small letters, digits and _")
    if name in FORMS or BUILT_IN.get(name, function) is not function:
        raise ValueError(f"The language has a function “{name}” already")
    if function.call is None:
        raise ValueError(f"“{name}” has no call")
    FUNCTIONS[name] = function
