"""Turn a tree into a closure that gives its value. All names were resolved before; nothing here reaches Python's.

Null: a comparison with null is false, arithmetic with null is null, a condition that is null does not hold.
What is asked most — an attribute of a root, two numbers, a value among written ones — has a closure of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from caruso.script_engine.expressions import special
from caruso.script_engine.expressions.dates import in_zone
from caruso.script_engine.expressions.functions import CLASSES, FUNCTIONS, QUANTIFIERS, Function
from caruso.script_engine.expressions.operators import (
    NUMBER_OPERATORS,
    NUMBER_RELATIONS,
    OPERATORS,
    RELATIONS,
    Calculate,
    holds_in,
    weight,
)
from caruso.script_engine.expressions.scope import Evaluate, Scope
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
)
from caruso.script_engine.expressions.work import MOST_WORK, TooMuchWork, charge
from caruso.script_engine.turns import Value
from caruso.script_engine.values import parts_in

_Variables = frozenset[str]
_NO_VARIABLES: _Variables = frozenset()
#: Longer chains of arithmetic are loops: closures in each other would be as deep as the chain is long.
_MOST_NESTED = 10


def compile_tree(node: Node) -> Evaluate:
    """Return a function that gives the value of `node` in a scope; it never raises, and its cost is bounded."""
    evaluate = _compile(node, _NO_VARIABLES)
    if not _counts(node):
        return evaluate

    def bounded(scope: Scope) -> Value:
        scope.work = MOST_WORK
        try:
            return evaluate(scope)
        except TooMuchWork:
            return None

    return bounded


def _counts(node: Node) -> bool:
    """Whether a part of `node` counts its work."""
    match node:
        case Within(of=of):
            if _written(of) is None:
                return True
        case Call(function=name) if name in QUANTIFIERS or name == "matches" or _searches(name):
            return True
        case Relation(operator="eq" | "ne", left=left, right=right):
            if not isinstance(left, Literal) and not isinstance(right, Literal):
                return True
        case _:
            pass
    return any(_counts(part) for part in parts(node))


def _searches(name: str) -> bool:
    return (function := FUNCTIONS.get(name)) is not None and function.searches


def _compile(node: Node, variables: _Variables) -> Evaluate:
    match node:
        case Literal(value=value):
            return lambda _: value
        case Name(name=name):
            return _element if name in variables else _name(name)
        case ListLiteral(items=items):
            compiled = tuple(_compile(item, variables) for item in items)
            return lambda scope: tuple([item(scope) for item in compiled])
        case Attribute():
            return _attribute(node, variables)
        case Index(of=of, key=key):
            return _index(_compile(of, variables), _compile(key, variables))
        case Call():
            return _call(node, variables)
        case Not(of=of):
            inner = _compile(of, variables)
            return lambda scope: inner(scope) is not True
        case Negative(of=of):
            return _negative(_compile(of, variables), of)
        case Conditional(condition=condition, then=then, other=other):
            return _conditional(*(_compile(part, variables) for part in (condition, then, other)))
        case Or(terms=terms):
            return _or(tuple(_compile(term, variables) for term in terms))
        case And(terms=terms):
            return _and(tuple(_compile(term, variables) for term in terms))
        case Relation(operator=operator, left=left, right=right):
            return _relation(operator, left, right, variables)
        case Within():
            return _within(node, variables)
        case Arithmetic(first=first, rest=rest):
            return _arithmetic(
                _compile(first, variables), [(sign, _compile(term, variables)) for sign, term in rest]
            )


# -- Names ----------------------------------------------------------------------------------------------------


def _element(scope: Scope) -> Value:
    return scope.element


def _name(name: str) -> Evaluate:
    def evaluate(scope: Scope) -> Value:
        root = scope.roots.get(name)
        return root if root is not None else _beside_the_roots(scope, name)

    return evaluate


def _beside_the_roots(scope: Scope, name: str) -> Value:
    return scope.bound[name] if name in scope.bound else scope.computed(name)


def _attribute(node: Attribute, variables: _Variables) -> Evaluate:
    name = node.name
    if isinstance(node.of, Name):
        return _of_element(name) if node.of.name in variables else _of_root(node.of.name, name)
    inner = _compile(node.of, variables)

    def evaluate(scope: Scope) -> Value:
        of = inner(scope)
        if type(of) is dict:
            return of.get(name)
        return _get(of, name)

    return evaluate


def _of_root(root: str, name: str) -> Evaluate:
    def evaluate(scope: Scope) -> Value:
        of = scope.roots.get(root)
        return of.get(name) if of is not None else _get(_beside_the_roots(scope, root), name)

    return evaluate


def _of_element(name: str) -> Evaluate:
    def evaluate(scope: Scope) -> Value:
        of = scope.element
        return of.get(name) if type(of) is dict else _get(of, name)

    return evaluate


def _get(of: Value, name: str) -> Value:
    return of.get(name) if isinstance(of, Mapping) else None


def _index(of: Evaluate, key: Evaluate) -> Evaluate:
    def evaluate(scope: Scope) -> Value:
        whole, wanted = of(scope), key(scope)
        if isinstance(wanted, str):
            return _get(whole, wanted)
        if isinstance(whole, tuple) and isinstance(wanted, Decimal) and 0 <= wanted < len(whole):
            place = int(wanted)
            return whole[place] if place == wanted else None
        return None

    return evaluate


# -- Conditions -----------------------------------------------------------------------------------------------


def _conditional(condition: Evaluate, then: Evaluate, other: Evaluate) -> Evaluate:
    return lambda scope: then(scope) if condition(scope) is True else other(scope)


def _or(terms: tuple[Evaluate, ...]) -> Evaluate:
    if len(terms) == 2:
        one, two = terms
        return lambda scope: one(scope) is True or two(scope) is True

    def evaluate(scope: Scope) -> Value:
        for term in terms:  # noqa: SIM110  twice as fast as any()
            if term(scope) is True:
                return True
        return False

    return evaluate


def _and(terms: tuple[Evaluate, ...]) -> Evaluate:
    if len(terms) == 2:
        one, two = terms
        return lambda scope: one(scope) is True and two(scope) is True

    def evaluate(scope: Scope) -> Value:
        for term in terms:  # noqa: SIM110  twice as fast as all()
            if term(scope) is not True:
                return False
        return True

    return evaluate


def _relation(operator: str, left: Node, right: Node, variables: _Variables) -> Evaluate:
    one, two = _compile(left, variables), _compile(right, variables)
    if isinstance(right, Literal) and isinstance(right.value, Decimal):
        return _against_number(operator, one, right.value)
    if isinstance(right, Literal) and isinstance(right.value, str) and operator in {"eq", "ne"}:
        if (name := _element_attribute(left, variables)) is not None:
            return _element_against_text(operator == "eq", name, right.value)
        return _against_text(operator == "eq", one, right.value)
    holds, compare = NUMBER_RELATIONS[operator], RELATIONS[operator]
    of_lists = operator in {"eq", "ne"} and not isinstance(left, Literal) and not isinstance(right, Literal)

    def evaluate(scope: Scope) -> Value:
        value, other = one(scope), two(scope)
        if type(value) is Decimal and type(other) is Decimal:
            return holds(value, other)
        if of_lists and isinstance(value, (tuple, dict)):
            charge(scope, parts_in(value))
        return compare(value, other)

    return evaluate


def _against_number(operator: str, of: Evaluate, number: Decimal) -> Evaluate:
    holds, differs = NUMBER_RELATIONS[operator], operator == "ne"

    def evaluate(scope: Scope) -> Value:
        value = of(scope)
        if type(value) is Decimal:
            return holds(value, number)
        return differs and value is not None

    return evaluate


def _against_text(same: bool, of: Evaluate, text: str) -> Evaluate:
    def evaluate(scope: Scope) -> Value:
        value = of(scope)
        return value is not None and (value == text) is same

    return evaluate


def _element_attribute(node: Node, variables: _Variables) -> str | None:
    """Return ``b`` of ``x.b``, where x stands for the elements of a list."""
    if isinstance(node, Attribute) and isinstance(node.of, Name) and node.of.name in variables:
        return node.name
    return None


def _element_against_text(same: bool, name: str, text: str) -> Evaluate:
    def evaluate(scope: Scope) -> Value:
        of = scope.element
        value = of.get(name) if type(of) is dict else _get(of, name)
        return value is not None and (value == text) is same

    return evaluate


def _within(node: Within, variables: _Variables) -> Evaluate:
    item, negated = _compile(node.item, variables), node.negated
    written = _written(node.of)
    if written is not None:
        return _among(item, written, negated)
    of = _compile(node.of, variables)

    def evaluate(scope: Scope) -> Value:
        value, whole = item(scope), of(scope)
        charge(scope, weight(whole))
        found = holds_in(value, whole)
        return found is not None and found is not negated

    return evaluate


def _written(node: Node) -> Mapping[type, frozenset[Value]] | None:
    """Return the values of a list of written ones by their kind, since kinds do not mix."""
    if not isinstance(node, ListLiteral) or not all(isinstance(item, Literal) for item in node.items):
        return None
    values = [item.value for item in node.items if isinstance(item, Literal)]
    return {kind: frozenset(v for v in values if type(v) is kind) for kind in {type(v) for v in values}}


def _among(item: Evaluate, written: Mapping[type, frozenset[Value]], negated: bool) -> Evaluate:
    nothing: frozenset[Value] = frozenset()

    def evaluate(scope: Scope) -> Value:
        value = item(scope)
        if value is None:
            return False
        # A kind that is not written may not be hashable, and is not looked up.
        of_kind = written.get(type(value), nothing)
        return (bool(of_kind) and value in of_kind) is not negated

    return evaluate


# -- Arithmetic -----------------------------------------------------------------------------------------------


def _negative(of: Evaluate, node: Node) -> Evaluate:
    if isinstance(node, Literal) and isinstance(node.value, Decimal):
        constant = -node.value
        return lambda _: constant
    return lambda scope: -number if isinstance(number := of(scope), Decimal) else None


def _arithmetic(first: Evaluate, rest: list[tuple[str, Evaluate]]) -> Evaluate:
    evaluate = first
    if len(rest) > _MOST_NESTED:
        return _long_chain(first, [(OPERATORS[sign], term) for sign, term in rest])
    for sign, term in rest:
        evaluate = _operation(sign, evaluate, term)
    return evaluate


def _operation(sign: str, left: Evaluate, right: Evaluate) -> Evaluate:
    calculate, otherwise = NUMBER_OPERATORS[sign], OPERATORS[sign]

    def evaluate(scope: Scope) -> Value:
        value, other = left(scope), right(scope)
        if type(value) is Decimal and type(other) is Decimal:
            try:
                return calculate(value, other)
            except ArithmeticError:
                return None
        return otherwise(value, other)

    return evaluate


def _long_chain(first: Evaluate, rest: list[tuple[Calculate, Evaluate]]) -> Evaluate:
    def evaluate(scope: Scope) -> Value:
        value = first(scope)
        for calculate, term in rest:
            value = calculate(value, term(scope))
        return value

    return evaluate


# -- Functions ------------------------------------------------------------------------------------------------


def _call(node: Call, variables: _Variables) -> Evaluate:
    function = FUNCTIONS.get(node.function)
    if function is None or not function.arity_fits(len(node.arguments)):
        return lambda _: None
    if node.function in QUANTIFIERS:
        return special.quantifier(node, variables, _compile)
    arguments = tuple(_compile(argument, variables) for argument in node.arguments)
    if node.function in special.SPECIAL:
        return special.SPECIAL[node.function](node, arguments)
    if function.call is None:
        return lambda _: None
    match arguments:
        case (one,) if not function.local and not function.searches:
            return _of_one(function, function.call, one)
        case (one, two) if not function.local:
            return _of_two(function, function.call, one, two)
        case _:
            return _of_any(function, function.call, arguments)


def _of_one(function: Function, call: Callable[..., Value], of: Evaluate) -> Evaluate:
    kind = CLASSES[function.takes[0]]

    def evaluate(scope: Scope) -> Value:
        value = of(scope)
        return call(value) if value is not None and isinstance(value, kind) else None

    return evaluate


def _of_two(function: Function, call: Callable[..., Value], first: Evaluate, second: Evaluate) -> Evaluate:
    kind, other_kind, searches = CLASSES[function.takes_at(0)], CLASSES[function.takes_at(1)], function.searches

    def evaluate(scope: Scope) -> Value:
        value, other = first(scope), second(scope)
        if value is None or other is None or not isinstance(value, kind) or not isinstance(other, other_kind):
            return None
        if searches and (steps := weight(value)) > 1:
            charge(scope, steps)
        return call(value, other)

    return evaluate


def _of_any(function: Function, call: Callable[..., Value], arguments: tuple[Evaluate, ...]) -> Evaluate:
    """Give dates with time as they are where the centre is, and count what is looked through."""
    kinds = tuple(CLASSES[function.takes_at(number)] for number in range(len(arguments)))
    local, searches = function.local, function.searches

    def evaluate(scope: Scope) -> Value:
        values = [argument(scope) for argument in arguments]
        for value, kind in zip(values, kinds, strict=True):
            if value is None or not isinstance(value, kind):
                return None
        if searches:
            charge(scope, weight(values[0]))
        return call(*(in_zone(value, scope.zone) for value in values) if local else values)

    return evaluate
