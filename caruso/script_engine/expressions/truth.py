"""Whether a condition can hold when only a little is known, such as the channel. Evaluates nothing else."""

from __future__ import annotations

from collections.abc import Mapping

from caruso.script_engine.expressions.operators import RELATIONS, holds_in
from caruso.script_engine.expressions.tree import And, ListLiteral, Literal, Node, Not, Or, Relation, Within, path
from caruso.script_engine.turns import Value

#: Values by path: ``("dialog", "channel")``.
Given = Mapping[tuple[str, ...], Value]


def truth(tree: Node, given: Given) -> bool | None:
    """Return whether the condition holds whatever else is so; None when that depends on what is not given."""
    match tree:
        case Literal(value=value):
            return value is True
        case Not(of=of):
            inner = truth(of, given)
            return None if inner is None else not inner
        case And(terms=terms):
            return _all([truth(term, given) for term in terms])
        case Or(terms=terms):
            nor = _all([_opposite(truth(term, given)) for term in terms])
            return _opposite(nor)
        case Relation(operator=operator, left=left, right=right):
            if (one := _value(left, given)) is None or (other := _value(right, given)) is None:
                return None
            return RELATIONS[operator](one, other)
        case Within(item=item, of=of, negated=negated):
            if (one := _value(item, given)) is None or (whole := _value(of, given)) is None:
                return None
            return holds_in(one, whole) is not negated
        case _:
            return None


def _all(terms: list[bool | None]) -> bool | None:
    if False in terms:
        return False
    return None if None in terms else True


def _opposite(term: bool | None) -> bool | None:
    return None if term is None else not term


def _value(node: Node, given: Given) -> Value:
    """Return a value that is written or given; None for any other."""
    match node:
        case Literal(value=value):
            return value
        case ListLiteral(items=items) if all(isinstance(item, Literal) for item in items):
            return tuple(item.value for item in items if isinstance(item, Literal))
        case _:
            names = path(node)
            return given.get(names) if names is not None else None
