"""Evaluates the same expression in CEL and in ours, and compares."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from cel_expr_python import cel

from caruso.script_engine.expressions import ExpressionError, expression
from caruso.script_engine.turns import Value
from caruso.script_engine.values import to_value
from tests.unit.script_engine.cel.translation import Inapplicable, translate

#: What CEL gives where it fails.
FAILED = "an error"


class Names:
    """A scope in which names stand for values."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = {name: to_value(value) for name, value in values.items()}
        self.roots: dict[str, dict[str, Value]] = {}
        self.bound: dict[str, Value] = {}
        self.element: Value = None
        self.work = 0
        self.now = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
        self.zone = UTC
        self.today = date(2026, 11, 23)
        self.attempt = 1

    def computed(self, name: str) -> Value:
        return self.values.get(name)

    def label(self, item: str) -> str | None:
        return None

    def score(self, item: str) -> Decimal | None:
        return None

    def visited(self, item: str) -> bool:
        return False

    def answered(self, item: str) -> bool:
        return False

    def is_open(self, hours: str) -> bool | None:
        return None


def difference(source: str, bindings: Mapping[str, Any] | None = None) -> str | None:
    """Return how ours differs from CEL on an expression of CEL, or None; raise `Inapplicable`."""
    bindings = bindings or {}
    translated = translate(source)
    theirs = _theirs(source, bindings)
    try:
        made = expression(translated.source)
    except ExpressionError as error:
        return f"{theirs!r}, ours is refused: {error.message}"
    given = made.value(Names({**bindings, **translated.values}))
    return None if _same(theirs, given) else f"{theirs!r}, ours {given!r}"


def _theirs(source: str, bindings: Mapping[str, Any]) -> Any:
    environment = cel.NewEnv(variables=dict.fromkeys(bindings, cel.Type.DYN))
    try:
        answer = environment.compile(source, disable_check=True).eval(data=dict(bindings))
    except RuntimeError:
        return FAILED
    if answer.type().name() in {"UINT", "BYTES", "DURATION", "TYPE"}:
        raise Inapplicable("bytes, unsigned numbers and durations")
    return FAILED if answer.type().name() == "ERROR" else answer.plain_value()


def _same(theirs: Any, ours: Value) -> bool:
    match theirs:
        case None | bool() | str():
            return type(theirs) is type(ours) and theirs == ours
        case int():
            return isinstance(ours, Decimal) and theirs == ours
        case float():
            return isinstance(ours, Decimal) and theirs == float(ours)
        case datetime():
            return isinstance(ours, datetime) and _aware(theirs) == ours
        case list():
            return isinstance(ours, tuple) and len(theirs) == len(ours) and all(map(_same, theirs, ours))
        case dict():
            return (
                isinstance(ours, Mapping)
                and theirs.keys() == ours.keys()
                and all(_same(theirs[key], ours[key]) for key in theirs)
            )
        case _:
            return False


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
