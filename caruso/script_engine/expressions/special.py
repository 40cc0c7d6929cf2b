"""Functions of expressions that need the run, or their arguments unevaluated: `known`, `any`, `label`, …"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, time
from decimal import Decimal

from caruso.script_engine.expressions.dates import day_of, in_zone, to_date_time, years_between
from caruso.script_engine.expressions.functions import QUANTIFIERS
from caruso.script_engine.expressions.operators import OPERATORS
from caruso.script_engine.expressions.patterns import Pattern, PatternError, compile_pattern
from caruso.script_engine.expressions.scope import Evaluate, Scope
from caruso.script_engine.expressions.tree import And, Call, Literal, Name, Node, parts, path, size
from caruso.script_engine.expressions.work import charge
from caruso.script_engine.turns import Value
from caruso.script_engine.values import LONGEST_LIST, parts_in

_add = OPERATORS["+"]
#: Parts and characters of new values that count as one step.
_PARTS_A_STEP = 8

#: Compiles an argument, with names that stand for elements of a list.
CompileArgument = Callable[[Node, frozenset[str]], Evaluate]


def is_empty(value: Value) -> bool:
    """Whether there is nothing: null, blank text, empty list or object."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or (isinstance(value, (tuple, Mapping)) and not value)


def known(node: Call, arguments: Sequence[Evaluate]) -> Evaluate:
    """Compile `known`."""
    of = arguments[0]

    def evaluate(scope: Scope) -> Value:
        value = of(scope)
        return value is not None and not is_empty(value)

    return evaluate


def empty(node: Call, arguments: Sequence[Evaluate]) -> Evaluate:
    """Compile `empty`."""
    of = arguments[0]
    return lambda scope: is_empty(of(scope))


def label(node: Call, arguments: Sequence[Evaluate]) -> Evaluate:
    """Compile `label`; its argument is an answer."""
    item = answer_named(node)
    return (lambda scope: scope.label(item)) if item else _null


def score(node: Call, arguments: Sequence[Evaluate]) -> Evaluate:
    """Compile `score`; its argument is an answer."""
    item = answer_named(node)
    return (lambda scope: scope.score(item)) if item else _null


def answer_named(node: Call) -> str | None:
    """Return the item when the only argument is ``answers.item``."""
    names = path(node.arguments[0]) if node.arguments else None
    return names[1] if names is not None and len(names) == 2 and names[0] == "answers" else None


def visited(node: Call, arguments: Sequence[Evaluate]) -> Evaluate:
    """Compile `visited`."""
    of = arguments[0]
    return lambda scope: isinstance(item := of(scope), str) and scope.visited(item)


def answered(node: Call, arguments: Sequence[Evaluate]) -> Evaluate:
    """Compile `answered`."""
    of = arguments[0]
    return lambda scope: isinstance(item := of(scope), str) and scope.answered(item)


def opening_hours(node: Call, arguments: Sequence[Evaluate]) -> Evaluate:
    """Compile `opening_hours`."""
    of = arguments[0]
    return lambda scope: scope.is_open(name) if isinstance(name := of(scope), str) else None


def matches(node: Call, arguments: Sequence[Evaluate]) -> Evaluate:
    """Compile `matches`; the check wants the pattern written out, so it is compiled once."""
    of = arguments[0]
    written = node.arguments[1]
    pattern = _pattern(written.value) if isinstance(written, Literal) else None
    if pattern is None:
        return _null

    def evaluate(scope: Scope) -> Value:
        text = of(scope)
        if not isinstance(text, str):
            return None
        charge(scope, pattern.weight(text))
        return pattern.matches(text)

    return evaluate


def _pattern(source: Value) -> Pattern | None:
    try:
        return compile_pattern(source) if isinstance(source, str) else None
    except PatternError:
        return None


def age(node: Call, arguments: Sequence[Evaluate]) -> Evaluate:
    """Compile `age`."""
    of = arguments[0]

    def evaluate(scope: Scope) -> Value:
        born = in_zone(of(scope), scope.zone)
        return Decimal(years_between(day_of(born), scope.today)) if isinstance(born, date) else None

    return evaluate


def date_time(node: Call, arguments: Sequence[Evaluate]) -> Evaluate:
    """Compile `date_time`, which reads texts in the centre's time zone."""
    of, at = arguments[0], arguments[1] if len(arguments) > 1 else None

    def evaluate(scope: Scope) -> Value:
        hour = at(scope) if at is not None else None
        if at is not None and not isinstance(hour, time):
            return None
        return to_date_time(of(scope), hour, scope.zone)

    return evaluate


def _null(_: Scope) -> Value:
    return None


SPECIAL: Mapping[str, Callable[[Call, Sequence[Evaluate]], Evaluate]] = {
    "known": known,
    "empty": empty,
    "label": label,
    "score": score,
    "visited": visited,
    "answered": answered,
    "attempt": lambda node, arguments: lambda scope: Decimal(scope.attempt),
    "matches": matches,
    "today": lambda node, arguments: lambda scope: scope.today,
    "now": lambda node, arguments: lambda scope: in_zone(scope.now, scope.zone),
    "age": age,
    "opening_hours": opening_hours,
    "date_time": date_time,
}


# -- Quantifiers ----------------------------------------------------------------------------------------------


def quantifier(node: Call, variables: frozenset[str], compile_argument: CompileArgument) -> Evaluate:
    """Compile ``any(list, x, condition)`` and its like."""
    items, variable, body = node.arguments
    if variables or not isinstance(variable, Name) or any(nests(part) for part in node.arguments):
        return _null
    inside = frozenset({variable.name})
    fold = _FOLDS[node.function]
    if node.function == "any" and isinstance(body, And) and len(body.terms) == 2:
        # What is asked most of a list: one call less for every element.
        first, second = (compile_argument(term, inside) for term in body.terms)
        return _over(compile_argument(items, variables), first, size(body), _any_and(second))
    return _over(compile_argument(items, variables), compile_argument(body, inside), size(body), fold)


Fold = Callable[[Scope, tuple[Value, ...], Evaluate], Value]


def _over(items: Evaluate, body: Evaluate, weight: int, fold: Fold) -> Evaluate:
    def evaluate(scope: Scope) -> Value:
        whole = items(scope)
        if not isinstance(whole, tuple):
            return None
        if len(whole) > LONGEST_LIST:
            whole = whole[:LONGEST_LIST]
        charge(scope, len(whole) * weight)
        return fold(scope, whole, body)

    return evaluate


def nests(node: Node) -> bool:
    """Whether a quantifier is in `node` (at most 40 deep); one in another would make the cost a product."""
    if isinstance(node, Call) and node.function in QUANTIFIERS:
        return True
    return any(nests(part) for part in parts(node))


def _any(scope: Scope, whole: tuple[Value, ...], body: Evaluate) -> Value:
    for value in whole:
        scope.element = value
        if body(scope) is True:
            return True
    return False


def _any_and(also: Evaluate) -> Fold:
    def fold(scope: Scope, whole: tuple[Value, ...], body: Evaluate) -> Value:
        for value in whole:
            scope.element = value
            if body(scope) is True and also(scope) is True:
                return True
        return False

    return fold


def _all(scope: Scope, whole: tuple[Value, ...], body: Evaluate) -> Value:
    for value in whole:
        scope.element = value
        if body(scope) is not True:
            return False
    return True


def _sum(scope: Scope, whole: tuple[Value, ...], body: Evaluate) -> Value:
    total: Value = Decimal(0)
    for value in whole:
        scope.element = value
        number = body(scope)
        total = _add(total, number) if isinstance(number, Decimal) else None
    return total


def _where(scope: Scope, whole: tuple[Value, ...], body: Evaluate) -> Value:
    kept: list[Value] = []
    for value in whole:
        scope.element = value
        if body(scope) is True:
            kept.append(value)
    return tuple(kept)


def _each(scope: Scope, whole: tuple[Value, ...], body: Evaluate) -> Value:
    made: list[Value] = []
    for value in whole:
        scope.element = value
        new = body(scope)
        charge(scope, parts_in(new) // _PARTS_A_STEP)
        made.append(new)
    return tuple(made)


_FOLDS: Mapping[str, Fold] = {"any": _any, "all": _all, "sum": _sum, "where": _where, "each": _each}
