"""Random expressions as trees, and their text: whatever is written is read as it was meant."""

from __future__ import annotations

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
