"""Random expressions as trees, and their text: whatever is written is read as it was meant."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from hypothesis import strategies as st

from caruso.script_engine.expressions.functions import FUNCTIONS, QUANTIFIERS
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
)
from caruso.script_engine.expressions.types import Type

WORDS = {"eq": "=", "ne": "!=", "lt": "lt", "le": "<=", "gt": ">", "ge": "ge"}
RESERVED = {"or", "and", "not", "in", "true", "false", "null", *WORDS}
NAMES = st.sampled_from(["answers", "customer", "vars", "call", "used", "x", "Zähler_2", "nothing"])
ATTRIBUTES = st.one_of(st.sampled_from(["name", "kwh", "in", "not", "a-b", "", "it's", "product", "born", "many"]))
LITERALS = st.one_of(
    st.decimals(min_value=0, max_value=10**9, places=3).map(lambda d: Decimal(format(d, "f"))),
    st.integers(min_value=0, max_value=10**27).map(Decimal),
    st.text(max_size=8),
    st.sampled_from([True, False, None]),
)


def trees() -> st.SearchStrategy[Node]:
    """Return every kind of tree the parser can make; places are all zero."""
    leaves = st.one_of(
        LITERALS.map(lambda value: Literal(value, 0)),
        NAMES.map(lambda name: Name(name, 0)),
        st.tuples(NAMES, ATTRIBUTES).map(lambda t: Attribute(Name(t[0], 0), t[1], 0, 0)),
    )
    return st.recursive(leaves, _wider, max_leaves=12)


def _wider(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    some = st.lists(inner, min_size=2, max_size=3).map(tuple)
    sums = st.lists(st.tuples(st.sampled_from("+-"), inner), min_size=1, max_size=3)
    products = st.lists(st.tuples(st.sampled_from("*/%"), inner), min_size=1, max_size=3)
    keys = inner.filter(lambda node: not (isinstance(node, Literal) and isinstance(node.value, str)))
    return st.one_of(
        st.lists(inner, max_size=3).map(lambda items: ListLiteral(tuple(items), 0, 0)),
        st.tuples(inner, ATTRIBUTES).map(lambda t: Attribute(t[0], t[1], 0, 0)),
        st.tuples(inner, keys).map(lambda t: Index(t[0], t[1], 0, 0)),
        st.tuples(st.sampled_from(sorted(set(FUNCTIONS) - {"if"})), st.lists(inner, max_size=3)).map(
            lambda t: Call(t[0], tuple(t[1]), 0, 0)
        ),
        st.tuples(st.sampled_from(sorted(QUANTIFIERS)), inner, inner).map(
            lambda t: Call(t[0], (t[1], Name("x", 0), t[2]), 0, 0)
        ),
        inner.map(lambda node: Not(node, 0, 0)),
        inner.map(lambda node: Negative(node, 0, 0)),
        st.tuples(inner, inner, inner).map(lambda t: Conditional(*t, 0, 0)),
        some.map(lambda terms: Or(terms, 0, 0)),
        some.map(lambda terms: And(terms, 0, 0)),
        st.tuples(st.sampled_from(sorted(WORDS)), inner, inner).map(lambda t: Relation(*t, 0, 0)),
        st.tuples(inner, inner, st.booleans()).map(lambda t: Within(*t, 0, 0)),
        st.tuples(inner, st.one_of(sums, products)).map(lambda t: Arithmetic(t[0], tuple(t[1]), 0, 0)),
    )


#: A tree for each type that needs no other.
_LEAVES: dict[Type, st.SearchStrategy[Node]] = {
    Type.TEXT: st.one_of(st.text(max_size=6), st.just("12.5")).map(lambda value: Literal(value, 0)),
    Type.NUMBER: st.integers(0, 40).map(lambda number: Literal(Decimal(number), 0)),
    Type.BOOLEAN: st.booleans().map(lambda value: Literal(value, 0)),
    Type.DATE: st.just(Call("today", (), 0, 0)),
    Type.TIME: st.just(Call("time", (Literal("14:30", 0),), 0, 0)),
    Type.DATE_TIME: st.just(Call("now", (), 0, 0)),
    Type.LIST: st.just(ListLiteral((), 0, 0)),
}
#: Functions whose arguments have to be of a kind of their own; the random trees above have them.
_OWN_KIND = {
    "label",
    "score",
    "visited",
    "answered",
    "opening_hours",
    "matches",
    "min",
    "max",
    "round",
    "if",
    "date",
    "time",
    "date_time",
}


def trees_of(answers: Mapping[str, Type]) -> Mapping[Type, st.SearchStrategy[Node]]:
    """Return, for each kind of value, trees that give it and that the check finds right."""
    strategies: dict[Type, st.SearchStrategy[Node]] = {}
    for each in _LEAVES:
        strategies[each] = st.deferred(lambda each=each: _of_kind(each, strategies, answers))  # type: ignore[misc]
    return strategies


def _of_kind(
    kind: Type, of: Mapping[Type, st.SearchStrategy[Node]], answers: Mapping[str, Type]
) -> st.SearchStrategy[Node]:
    named = sorted(name for name, type_ in answers.items() if type_ is kind)
    choices = [_LEAVES[kind]]
    if named:
        choices.append(st.sampled_from(named).map(lambda name: Attribute(Name("answers", 0), name, 0, 0)))
    choices.append(st.tuples(of[Type.BOOLEAN], of[kind], of[kind]).map(lambda t: Conditional(*t, 0, 0)))
    choices += [
        st.tuples(*(_argument(type_, of) for type_ in function.takes)).map(
            lambda arguments, name=name: Call(name, arguments, 0, 0)  # type: ignore[misc]
        )
        for name, function in FUNCTIONS.items()
        if function.gives is kind and name not in _OWN_KIND and name not in QUANTIFIERS
    ]
    if kind is Type.NUMBER:
        signs = st.sampled_from("+-*/%")
        choices.append(st.tuples(of[kind], signs, of[kind]).map(lambda t: Arithmetic(t[0], ((t[1], t[2]),), 0, 0)))
        choices.append(of[kind].map(lambda node: Negative(node, 0, 0)))
    if kind in {Type.TEXT, Type.LIST}:
        choices.append(st.tuples(of[kind], of[kind]).map(lambda t: Arithmetic(t[0], (("+", t[1]),), 0, 0)))
    if kind is Type.BOOLEAN:
        choices.append(of[kind].map(lambda node: Not(node, 0, 0)))
        choices.append(st.tuples(of[kind], of[kind]).map(lambda terms: And(terms, 0, 0)))
        choices += [
            st.tuples(st.sampled_from(sorted(WORDS)), of[each], of[each]).map(lambda t: Relation(*t, 0, 0))
            for each in (Type.TEXT, Type.NUMBER, Type.DATE, Type.TIME, Type.DATE_TIME)
        ]
    return st.one_of(choices)


def _argument(kind: Type, of: Mapping[Type, st.SearchStrategy[Node]]) -> st.SearchStrategy[Node]:
    return of[kind] if kind is not Type.ANY else st.one_of(*of.values())


def written(node: Node) -> str:
    """Return the text of a tree, in parentheses where there is any doubt."""
    match node:
        case Literal(value=value):
            return _literal(value)
        case Name(name=name):
            return name
        case ListLiteral(items=items):
            return f"[{', '.join(map(written, items))}]"
        case Attribute(of=of, name=name):
            plain = name.isidentifier() and name.isascii()
            return f"{_tight(of)}.{name}" if plain else f"{_tight(of)}[{_literal(name)}]"
        case Index(of=of, key=key):
            return f"{_tight(of)}[{written(key)}]"
        case Call(function=function, arguments=arguments):
            return f"{function}({', '.join(map(written, arguments))})"
        case Not(of=of):
            return f"not {_tight(of)}"
        case Negative(of=of):
            return f"-{_tight(of)}"
        case Conditional(condition=condition, then=then, other=other):
            return f"{_tight(condition)} ? {_tight(then)} : {_tight(other)}"
        case Or(terms=terms):
            return " or ".join(map(_tight, terms))
        case And(terms=terms):
            return " and ".join(map(_tight, terms))
        case Relation(operator=operator, left=left, right=right):
            return f"{_tight(left)} {WORDS[operator]} {_tight(right)}"
        case Within(item=item, of=of, negated=negated):
            return f"{_tight(item)} {'not in' if negated else 'in'} {_tight(of)}"
        case Arithmetic(first=first, rest=rest):
            return _tight(first) + "".join(f" {sign} {_tight(term)}" for sign, term in rest)


def _tight(node: Node) -> str:
    return written(node) if isinstance(node, (Literal, Name, ListLiteral, Call)) else f"({written(node)})"


def _literal(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str():
            return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
        case _:
            return str(value)
