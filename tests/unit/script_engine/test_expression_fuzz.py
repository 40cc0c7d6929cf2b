"""Random expressions: read as they were meant, refused with a place, typed as they turn out, never failing."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from caruso.script_engine.expressions import Expression, ExpressionError, expression
from caruso.script_engine.expressions.checker import check, infer
from caruso.script_engine.expressions.functions import CLASSES
from caruso.script_engine.expressions.names import Names
from caruso.script_engine.expressions.parser import DEEPEST_EXPRESSION, LONGEST_EXPRESSION, parse
from caruso.script_engine.expressions.tree import Arithmetic, Literal, Node, parts
from caruso.script_engine.expressions.types import Type
from caruso.script_engine.expressions.work import MOST_WORK
from caruso.script_engine.turns import Value
from caruso.script_engine.values import from_json, parts_in, to_json
from tests.unit.script_engine.expression_trees import trees, trees_of, written
from tests.unit.script_engine.test_expressions import World

pytestmark = pytest.mark.slow

TYPES = {
    "name": Type.TEXT,
    "kwh": Type.NUMBER,
    "in": Type.BOOLEAN,
    "not": Type.DATE,
    "a-b": Type.DATE_TIME,
    "": Type.TIME,
    "it's": Type.TEXT,
    "product": Type.TEXT,
    "born": Type.DATE,
    "many": Type.LIST,
}
VALUES: dict[Type, st.SearchStrategy[Any]] = {
    Type.TEXT: st.one_of(
        st.text(max_size=5), st.sampled_from(["gas", "2026-01-31", "14:30", "12.5", "a" * 9_999])
    ),
    Type.NUMBER: st.one_of(
        st.integers(-3, 40).map(Decimal), st.sampled_from([Decimal("1E+998"), Decimal("0.001")])
    ),
    Type.BOOLEAN: st.booleans(),
    Type.DATE: st.one_of(st.dates(), st.sampled_from([date.min, date.max])),
    Type.TIME: st.times(),
    Type.DATE_TIME: st.one_of(
        st.datetimes(timezones=st.just(UTC)),
        st.sampled_from([datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]),
    ),
    Type.LIST: st.lists(st.one_of(st.none(), st.integers().map(Decimal), st.text(max_size=3)), max_size=4).map(
        tuple
    ),
}
ANSWERS = st.fixed_dictionaries({name: st.one_of(st.none(), VALUES[kind]) for name, kind in TYPES.items()})
KNOWN = Names(
    roots=dict.fromkeys(("answers", "customer", "vars", "call"), TYPES),
    computed={"used": Type.NUMBER, "Zähler_2": Type.TEXT, "nothing": Type.ANY, "x": Type.LIST},
)

RIGHT = trees_of(TYPES)


class Facts(World):
    """A scope with just these answers."""

    def __init__(self, answers: dict[str, Value]) -> None:
        super().__init__()
        self.roots = dict.fromkeys(("answers", "customer", "vars", "call"), answers)

    def computed(self, name: str) -> Value:
        values: dict[str, Value] = {"used": Decimal(42), "Zähler_2": "7", "x": (Decimal(1), "b")}
        return values.get(name)


def same(one: Node, other: Node) -> bool:
    """Whether two trees mean the same, wherever they stand."""
    if type(one) is not type(other):
        return False
    match one, other:
        case Literal(value=value), Literal(value=another):
            return type(value) is type(another) and value == another
        case Arithmetic(rest=rest), Arithmetic(rest=more):
            if [sign for sign, _ in rest] != [sign for sign, _ in more]:
                return False
        case _:
            for name in ("name", "function", "operator", "negated"):
                if getattr(one, name, None) != getattr(other, name, None):
                    return False
    mine, theirs = parts(one), parts(other)
    return len(mine) == len(theirs) and all(map(same, mine, theirs))


@settings(deadline=None, max_examples=200)
@given(trees())
def test_what_is_written_is_read_as_it_was_meant(tree: Node) -> None:
    source = written(tree)
    assume(len(source) <= LONGEST_EXPRESSION)
    read = parse(source)
    assert same(read, tree)
    assert read.depth <= DEEPEST_EXPRESSION


@settings(deadline=None, max_examples=200)
@given(trees(), ANSWERS)
def test_an_expression_gives_what_the_check_foretold_and_never_fails(
    tree: Node, answers: dict[str, Value]
) -> None:
    made = expression(written(tree))
    scope = Facts(answers)
    value = made.value(scope)
    assert from_json(to_json(value)) == value
    assert scope.work <= MOST_WORK
    assert parts_in(value) <= 200_000
    foretold = infer(made.tree, KNOWN)
    sure = not check(made.tree, KNOWN) and foretold is not Type.ANY
    event(f"foretold {foretold if sure and value is not None else 'nothing'}")
    if value is not None and sure:
        assert isinstance(value, CLASSES[foretold]), (foretold, value)


@settings(deadline=None, max_examples=100)
@given(st.sampled_from(sorted(VALUES)), st.data(), ANSWERS)
def test_a_right_expression_has_no_findings_and_gives_its_kind(
    kind: Type, data: st.DataObject, answers: dict[str, Value]
) -> None:
    tree = data.draw(RIGHT[kind])
    source = written(tree)
    assume(len(source) <= LONGEST_EXPRESSION)
    made = read_or_mistake(source)
    assume(isinstance(made, Expression))  # else nested too deep
    assert isinstance(made, Expression)
    assert check(made.tree, KNOWN, kind) == ()
    assert infer(made.tree, KNOWN) in {kind, Type.ANY}
    value = made.value(Facts(answers))
    assert value is None or isinstance(value, CLASSES[kind]), value


@settings(deadline=None, max_examples=200)
@given(trees())
def test_findings_have_a_place_in_the_source(tree: Node) -> None:
    source = written(tree)
    findings = check(parse(source), Names(roots={"answers": {}}), Type.BOOLEAN)
    assert all(0 <= finding.at <= len(source) for finding in findings)
    assert len(findings) <= 10


SIGNS = "ab.('\")[],?:+-*/%=!<>&|1 9éinotr\u00a0“”‘«\\\n\x00𝄞"


@settings(deadline=None, max_examples=200)
@given(trees(), st.data())
def test_a_mangled_expression_is_read_or_refused_with_a_place(tree: Node, data: st.DataObject) -> None:
    source = written(tree)
    begin = data.draw(st.integers(0, len(source)))
    end = data.draw(st.integers(begin, min(len(source), begin + 5)))
    mangled = source[:begin] + data.draw(st.text(alphabet=SIGNS, max_size=4)) + source[end:]
    refused_with_a_place(mangled)


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    refused_with_a_place(text)


def refused_with_a_place(source: str) -> None:
    made = read_or_mistake(source)
    if isinstance(made, ExpressionError):
        assert 0 <= made.at <= len(source)
        assert made.message
        assert made.rule in {"expression", "expression-too-long", "expression-too-deep"}
    else:
        made.value(World())


def read_or_mistake(source: str) -> Expression | ExpressionError:
    try:
        return expression(source)
    except ExpressionError as mistake:
        return mistake


def test_the_names_of_this_test_cover_the_types() -> None:
    assert set(VALUES) == set(TYPES.values())
    assert {type(time(1)), type(date.min)} <= {CLASSES[Type.TIME], CLASSES[Type.DATE]}
