"""What of a condition can be searched for, and that it means the same."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caruso.business_objects.scope import ObjectScope
from caruso.model.conditions import (
    EVERYTHING,
    NOTHING,
    Among,
    Begins,
    Compare,
    CompareAttributes,
    Condition,
    Contains,
    Either,
    Every,
    Known,
    Negation,
    Related,
    holds,
)
from caruso.script_engine.expressions import expression
from caruso.script_engine.expressions.compiler import compile_tree
from caruso.script_engine.expressions.parser import parse
from caruso.script_engine.expressions.searching import Search, search_for
from caruso.script_engine.turns import Value

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
SCOPE = ObjectScope({"city": "Bonn", "n": Decimal(3)}, NOW, root="answers")


def search(source: str) -> Search:
    computed = {
        "short": parse("object.name"),
        "rich": parse("object.balance gt 100"),
        "twice": parse("object.n * 2"),
    }
    return search_for(parse(source), "object", lambda node: compile_tree(node)(SCOPE), computed=computed)


@pytest.mark.parametrize(
    ("source", "condition"),
    [
        ("object.city = answers.city", Compare(("city",), "eq", "Bonn")),
        ("answers.n + 1 lt object.floor", Compare(("floor",), "gt", Decimal(4))),
        (
            "object.kind in ['a', 'b'] and object.vip",
            Every((Among(("kind",), ("a", "b")), Compare(("vip",), "eq", True))),
        ),
        ("object.kind not in ['a']", Among(("kind",), ("a",), negated=True)),
        ("not object.vip", Negation(Compare(("vip",), "eq", True))),
        (
            "starts_with(object.name, 'A') or empty(object.name)",
            Either((Begins(("name",), "A"), Negation(Known(("name",))))),
        ),
        ("contains(object.numbers, '+49')", Contains(("numbers",), "+49")),
        ("'x' in object.name", Contains(("name",), "x")),
        ("object.begin lt object.end", CompareAttributes("begin", "lt", "end")),
        ("object.contract.tariff = 'night'", Compare(("contract", "tariff"), "eq", "night")),
        ("any(object.bills, b, b.open gt 0)", Related("bills", Compare(("open",), "gt", Decimal(0)))),
        ("object.rich", Compare(("balance",), "gt", Decimal(100))),
        ("object.short = 'x'", Compare(("name",), "eq", "x")),
        ("answers.city = 'Bonn'", EVERYTHING),
        ("answers.city = 'Ulm'", NOTHING),
        ("object.kind in answers.nothing", NOTHING),
    ],
)  # fmt: skip
def test_what_can_be_searched_for(source: str, condition: Condition) -> None:
    assert search(source) == Search(condition)


@pytest.mark.parametrize(
    ("source", "at"),
    [
        ("lower(object.city) = 'bonn'", 0),
        ("object.n * 2 = 4", 7),
        ("object.twice = 4", 7),
        ("count(object.bills) gt 2", 0),
        ("object.city = ['a']", 14),
        ("any(object.bills, b, b.total = object.limit)", 38),
        ("object.a.b = object.c", 9),
    ],
)
def test_what_cannot_be_searched_for_is_told(source: str, at: int) -> None:
    found = search(f"object.ok and {source}")
    assert found.condition == Compare(("ok",), "eq", True)
    assert [left.at for left in found.left_over] == [at + len("object.ok and ")]
    assert found.left_over[0].reason


_ATOMS = st.sampled_from(
    [
        "object.a = 'x'", "object.a ne 'x'", "object.a lt 'm'", "object.n gt 1", "object.n le 2.5",
        "object.n = 'x'",
        "object.b", "known(object.a)", "empty(object.a)", "object.a in ['x', 'y']", "object.n not in [1, 2]",
        "starts_with(object.a, 'x')", "ends_with(object.a, 'y')", "contains(object.a, 'x')", "object.a = null",
        "object.n lt object.m", "object.o.a = 'x'", "any(object.l, e, e.a = 'x')", "3 gt object.n",
        "object.a ne null",
        "contains(object.t, 'x')", "object.b ne true", "object.b lt true",
    ]
)  # fmt: skip
_CONDITIONS = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda one: f"not ({one})"),
    ),
    max_leaves=6,
)
_TEXTS = st.sampled_from([None, "", " ", "x", "xy", "y", "z"])
_NUMBERS = st.sampled_from([None, Decimal(0), Decimal(1), Decimal("2.5"), Decimal(3)])
_PARTS = st.fixed_dictionaries({"a": _TEXTS})
OBJECTS = st.fixed_dictionaries(
    {
        "a": _TEXTS,
        "n": _NUMBERS,
        "m": _NUMBERS,
        "b": st.sampled_from([None, True, False]),
        "o": st.one_of(st.none(), _PARTS),
        "l": st.lists(_PARTS, max_size=2).map(tuple),
        "t": st.lists(st.sampled_from(["x", "y"]), max_size=2).map(tuple),
    }
)


@given(source=_CONDITIONS, of=OBJECTS)
def test_a_condition_means_what_its_expression_means(source: str, of: dict[str, Value]) -> None:
    found = search(source)
    assert found.whole
    assert holds(found.condition, of) is expression(source).holds(ObjectScope(of, NOW))
