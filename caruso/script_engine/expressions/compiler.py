"""Turn a tree into a closure that gives its value. All names were resolved before; nothing here reaches Python's.

Null: a comparison with null is false, arithmetic with null is null, a condition that is null does not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from caruso.script_engine.expressions.functions import (
    ARITHMETIC,
    CLASSES,
    FUNCTIONS,
    LONGEST_LIST,
    as_date,
    finite,
    is_empty,
    years_between,
)
from caruso.script_engine.expressions.patterns import Pattern, PatternError, compile_pattern
from caruso.script_engine.expressions.tree import (
    And,
    Arithmetic,
    Attribute,
    Call,
    Conditional,
    Index,
    ListLiteral,
    Literal,
    Name,
    Negative,
    Node,
    Not,
    Or,
    Relation,
    Within,
    parts,
    path,
)
from caruso.script_engine.turns import Value
from caruso.script_engine.values import LONGEST_TEXT


class Scope(Protocol):
    """What an expression sees of a run."""

    #: Variables of the quantifier being evaluated.
    bound: dict[str, Value]

    @property
    def roots(self) -> Mapping[str, Mapping[str, Value]]:
        """Return ``answers``, ``call``, ``vars``, … and the declared objects."""
        ...

    @property
    def now(self) -> datetime:
        """Return the time."""
        ...

    @property
    def today(self) -> date:
        """Return the day where the centre is."""
        ...

    @property
    def attempt(self) -> int:
        """Return how often the current item has been presented."""
        ...

    def computed(self, name: str) -> Value:
        """Return a `compute`d value."""
        ...

    def label(self, item: str) -> str | None:
        """Return the answer of `item` as a person would write it."""
        ...

    def visited(self, item: str) -> bool:
        """Whether `item` is on the path taken."""
        ...


Evaluate = Callable[[Scope], Value]
_QUANTIFIERS = {"any", "all", "sum"}
_LIST_VARIABLE_BODY = 3


def compile_tree(node: Node) -> Evaluate:
    """Return a function that gives the value of `node` in a scope; it never raises."""
    match node:
        case Literal(value=value):
            return lambda _: value
        case Name(name=name):
            return _name(name)
        case ListLiteral(items=items):
            compiled = tuple(compile_tree(item) for item in items)
            return lambda scope: tuple(item(scope) for item in compiled)
        case Attribute():
            return _attribute(node)
        case Index(of=of, key=key):
            return _index(compile_tree(of), compile_tree(key))
        case Call():
            return _call(node)
        case Not(of=of):
            inner = compile_tree(of)
            return lambda scope: inner(scope) is not True
        case Negative(of=of):
            negated = compile_tree(of)
            return lambda scope: -number if isinstance(number := negated(scope), Decimal) else None
        case Conditional(condition=condition, then=then, other=other):
            return _conditional(compile_tree(condition), compile_tree(then), compile_tree(other))
        case Or(terms=terms):
            alternatives = tuple(compile_tree(term) for term in terms)
            return lambda scope: any(term(scope) is True for term in alternatives)
        case And(terms=terms):
            conditions = tuple(compile_tree(term) for term in terms)
            return lambda scope: all(term(scope) is True for term in conditions)
        case Relation(operator=operator, left=left, right=right):
            return _relation(RELATIONS[operator], compile_tree(left), compile_tree(right))
        case Within(item=item, of=of, negated=negated_):
            return _within(compile_tree(item), compile_tree(of), negated_)
        case Arithmetic(first=first, rest=rest):
            steps = tuple((OPERATORS[operator], compile_tree(term)) for operator, term in rest)
            return _arithmetic(compile_tree(first), steps)


def _name(name: str) -> Evaluate:
    def evaluate(scope: Scope) -> Value:
        if name in scope.bound:
            return scope.bound[name]
        root = scope.roots.get(name)
        return root if root is not None else scope.computed(name)

    return evaluate


def _attribute(node: Attribute) -> Evaluate:
    name = node.name
    if isinstance(node.of, Name):
        root = node.of.name

        def evaluate_root(scope: Scope) -> Value:
            of = scope.roots.get(root)
            if of is None:
                return _get(scope.bound.get(root), name)
            return of.get(name)

        return evaluate_root
    inner = compile_tree(node.of)
    return lambda scope: _get(inner(scope), name)


def _get(of: Value, name: str) -> Value:
    return of.get(name) if isinstance(of, Mapping) else None


def _index(of: Evaluate, key: Evaluate) -> Evaluate:
    def evaluate(scope: Scope) -> Value:
        whole, wanted = of(scope), key(scope)
        if isinstance(wanted, str):
            return _get(whole, wanted)
        if isinstance(whole, tuple) and isinstance(wanted, Decimal) and 0 <= wanted < len(whole):
            return whole[int(wanted)]
        return None

    return evaluate


def _conditional(condition: Evaluate, then: Evaluate, other: Evaluate) -> Evaluate:
    return lambda scope: then(scope) if condition(scope) is True else other(scope)


def equal(left: Value, right: Value) -> bool:
    """Whether two values are the same; null equals nothing, and kinds do not mix."""
    if left is None or type(left) is not type(right):
        return False
    return left == right


def _unequal(left: Value, right: Value) -> bool:
    return left is not None and right is not None and not equal(left, right)


def _ordered(holds: Callable[[int], bool]) -> Callable[[Value, Value], bool]:
    def compare(left: Value, right: Value) -> bool:
        if type(left) is not type(right) or not isinstance(left, (Decimal, str, date)):
            return False
        try:
            return holds(0 if left == right else -1 if left < right else 1)  # type: ignore[operator]
        except TypeError:  # an aware and a naive time
            return False

    return compare


RELATIONS: dict[str, Callable[[Value, Value], bool]] = {
    "eq": equal,
    "ne": _unequal,
    "lt": _ordered(lambda order: order < 0),
    "le": _ordered(lambda order: order <= 0),
    "gt": _ordered(lambda order: order > 0),
    "ge": _ordered(lambda order: order >= 0),
}


def _relation(compare: Callable[[Value, Value], bool], left: Evaluate, right: Evaluate) -> Evaluate:
    return lambda scope: compare(left(scope), right(scope))


def _within(item: Evaluate, of: Evaluate, negated: bool) -> Evaluate:
    def evaluate(scope: Scope) -> Value:
        value, whole = item(scope), of(scope)
        if value is None or whole is None:
            return False
        if isinstance(whole, str):
            found = isinstance(value, str) and value in whole
        elif isinstance(whole, tuple):
            found = any(equal(value, part) for part in whole[:LONGEST_LIST])
        else:
            found = isinstance(whole, Mapping) and value in whole
        return found is not negated

    return evaluate


def _add(left: Value, right: Value) -> Value:
    if isinstance(left, Decimal) and isinstance(right, Decimal):
        return finite(ARITHMETIC.add(left, right))
    if isinstance(left, str) and isinstance(right, str):
        return (left + right)[:LONGEST_TEXT]
    return None


def _numeric(operation: Callable[[Decimal, Decimal], Decimal]) -> Callable[[Value, Value], Value]:
    def calculate(left: Value, right: Value) -> Value:
        if isinstance(left, Decimal) and isinstance(right, Decimal):
            return finite(operation(left, right))
        return None

    return calculate


OPERATORS: dict[str, Callable[[Value, Value], Value]] = {
    "+": _add,
    "-": _numeric(ARITHMETIC.subtract),
    "*": _numeric(ARITHMETIC.multiply),
    "/": _numeric(ARITHMETIC.divide),
    "%": _numeric(ARITHMETIC.remainder),
}


def _arithmetic(first: Evaluate, rest: tuple[tuple[Callable[[Value, Value], Value], Evaluate], ...]) -> Evaluate:
    def evaluate(scope: Scope) -> Value:
        value = first(scope)
        for operation, term in rest:
            value = operation(value, term(scope))
        return value

    return evaluate


def _call(node: Call) -> Evaluate:
    special = _SPECIAL.get(node.function)
    if special is not None:
        return special(node)
    function = FUNCTIONS.get(node.function)
    if function is None or function.call is None:
        return lambda _: None
    call = function.call
    arguments = tuple(compile_tree(argument) for argument in node.arguments)
    kinds = tuple(
        CLASSES[function.takes[min(number, len(function.takes) - 1)]] for number in range(len(arguments))
    )
    least = len(function.takes) - function.optional
    if len(arguments) < least or (len(arguments) > len(function.takes) and not function.repeats):
        return lambda _: None

    def evaluate(scope: Scope) -> Value:
        values = [argument(scope) for argument in arguments]
        for value, kind in zip(values, kinds, strict=True):
            if value is None or not isinstance(value, kind):
                return None
        return call(*values)

    return evaluate


def _argument(node: Call, number: int = 0) -> Evaluate:
    return compile_tree(node.arguments[number]) if number < len(node.arguments) else lambda _: None


def _known(node: Call) -> Evaluate:
    of = _argument(node)
    return lambda scope: not is_empty(of(scope))


def _empty(node: Call) -> Evaluate:
    of = _argument(node)
    return lambda scope: is_empty(of(scope))


def _quantifier(node: Call) -> Evaluate:
    if len(node.arguments) != _LIST_VARIABLE_BODY or not isinstance(node.arguments[1], Name):
        return lambda _: None
    if any(nests(argument) for argument in node.arguments):
        return lambda _: None
    items, variable, body = _argument(node), node.arguments[1].name, _argument(node, 2)
    fold = {"any": _any, "all": _all, "sum": _sum}[node.function]

    def evaluate(scope: Scope) -> Value:
        whole = items(scope)
        if not isinstance(whole, tuple):
            return None
        try:
            return fold(scope, whole[:LONGEST_LIST], variable, body)
        finally:
            scope.bound.pop(variable, None)

    return evaluate


def nests(node: Node) -> bool:
    """Whether a quantifier is in `node` (at most 40 deep); one in another would make the cost a product."""
    if isinstance(node, Call) and node.function in _QUANTIFIERS:
        return True
    return any(nests(part) for part in parts(node))


def _any(scope: Scope, whole: tuple[Value, ...], variable: str, body: Evaluate) -> Value:
    for value in whole:
        scope.bound[variable] = value
        if body(scope) is True:
            return True
    return False


def _all(scope: Scope, whole: tuple[Value, ...], variable: str, body: Evaluate) -> Value:
    for value in whole:
        scope.bound[variable] = value
        if body(scope) is not True:
            return False
    return True


def _sum(scope: Scope, whole: tuple[Value, ...], variable: str, body: Evaluate) -> Value:
    total: Value = Decimal(0)
    for value in whole:
        scope.bound[variable] = value
        total = OPERATORS["+"](total, body(scope))
    return total


def _selected(node: Call) -> Evaluate:
    of, wanted = _argument(node), _argument(node, 1)

    def evaluate(scope: Scope) -> Value:
        value, option = of(scope), wanted(scope)
        return option in value if isinstance(value, tuple) else equal(value, option)

    return evaluate


def _label(node: Call) -> Evaluate:
    names = path(node.arguments[0]) if node.arguments else None
    if names is None or len(names) != 2 or names[0] != "answers":
        return lambda _: None
    item = names[1]
    return lambda scope: scope.label(item)


def _visited(node: Call) -> Evaluate:
    of = _argument(node)
    return lambda scope: isinstance(item := of(scope), str) and scope.visited(item)


def _matches(node: Call) -> Evaluate:
    of, wanted = _argument(node), _argument(node, 1)

    def evaluate(scope: Scope) -> Value:
        text, source = of(scope), wanted(scope)
        if not isinstance(text, str) or not isinstance(source, str):
            return None
        pattern = _pattern(source)
        return pattern is not None and pattern.matches(text)

    return evaluate


def _pattern(source: str) -> Pattern | None:
    try:
        return compile_pattern(source)
    except PatternError:
        return None


def _age(node: Call) -> Evaluate:
    of = _argument(node)

    def evaluate(scope: Scope) -> Value:
        born = of(scope)
        return Decimal(years_between(as_date(born), scope.today)) if isinstance(born, date) else None

    return evaluate


_SPECIAL: dict[str, Callable[[Call], Evaluate]] = {
    "known": _known,
    "empty": _empty,
    "any": _quantifier,
    "all": _quantifier,
    "sum": _quantifier,
    "selected": _selected,
    "label": _label,
    "visited": _visited,
    "attempt": lambda _: lambda scope: Decimal(scope.attempt),
    "matches": _matches,
    "today": lambda _: lambda scope: scope.today,
    "now": lambda _: lambda scope: scope.now,
    "age": _age,
}
