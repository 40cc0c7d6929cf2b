"""Expressions: what they mean, where they are wrong, and that they are bounded."""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from caruso.script_engine.expressions import ExpressionError, Origin, expression
from caruso.script_engine.expressions.checker import Names, check
from caruso.script_engine.expressions.functions import FUNCTIONS
from caruso.script_engine.expressions.patterns import PatternError, compile_pattern
from caruso.script_engine.turns import Value
from caruso.script_engine.values import from_json, to_json, to_plain, to_value


class World:
    """A scope with a bit of everything."""

    def __init__(self) -> None:
        self.roots: dict[str, dict[str, Value]] = {
            "answers": {
                "product": "gas",
                "kwh": Decimal(7),
                "born": date(2000, 11, 24),
                "none": None,
                "many": ("a", "b"),
                "call-back": "030",
                "blank": " ",
                "vip": True,
            },
            "customer": {"name": "Jo", "address": {"city": "Bern"}},
            "vars": {},
        }
        self.bound: dict[str, Value] = {}
        self.now = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
        self.today = date(2026, 11, 23)
        self.attempt = 2

    def computed(self, name: str) -> Value:
        return Decimal(42) if name == "used" else None

    def label(self, item: str) -> str | None:
        return "Gas" if item == "product" else None

    def visited(self, item: str) -> bool:
        return item == "product"


def value(source: str) -> Any:
    return expression(source).value(World())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        # Numbers are decimal.
        ("0.1 + 0.2 = 0.3", True),
        ("7 / 2", Decimal("3.5")),
        ("2 + 3 * 4 - -1", Decimal(15)),
        ("10 % 3", Decimal(1)),
        ("(2 + 3) * 4", Decimal(20)),
        ("10 − 4 - 3", Decimal(3)),
        ("answers.kwh * 0.25", Decimal("1.75")),
        ("1 / 0", None),
        ("5 % 0", None),
        # Words and signs.
        ("true and not false", True),
        ("true && !false || false", True),
        ("not answers.kwh = 8", True),
        ("1 lt 2 and 2 le 2 and 3 gt 2 and 3 ge 3 and 1 ne 2 and 1 eq 1", True),
        ("1 < 2 and 2 <= 2 and 3 > 2 and 3 >= 3 and 1 != 2 and 1 == 1", True),
        ("'b' gt 'a'", True),
        ("answers.kwh gt 3 ? 'much' : 'little'", "much"),
        ("if(answers.kwh gt 8, 'much', 'little')", "little"),
        ("answers.product in ['gas', 'power']", True),
        ("answers.product not in ['oil']", True),
        ("'a' in answers.many", True),
        ("'as' in answers.product", True),
        ("answers['call-back']", "030"),
        ("customer.address.city", "Bern"),
        ("customer['address']['city']", "Bern"),
        ("answers.many[0]", "a"),
        ("answers.many[7]", None),
        ("used", Decimal(42)),
        ("'it\\'s'", "it's"),
        ("“typographic” + ‘quotes’", "typographicquotes"),
        ("1\u00a0+\u00a01", Decimal(2)),
        ("'a' + 'b'", "ab"),
        # Null.
        ("answers.none = 1", False),
        ("answers.none ne 1", False),
        ("answers.none lt 1", False),
        ("answers.none in ['a']", False),
        ("answers.none not in ['a']", False),
        ("answers.none + 1", None),
        ("-answers.none", None),
        ("not answers.none", True),
        ("answers.none and true", False),
        ("answers.none.deeper.still", None),
        ("unknown_root.x", None),
        ("known(answers.none) or known(answers.blank)", False),
        ("empty(answers.none) and empty(answers.blank) and empty([])", True),
        ("known(answers.vip)", True),
        # Kinds do not mix.
        ("'7' = 7", False),
        ("'7' lt 8", False),
        ("'a' + 1", None),
        ("true = 1", False),
        ("answers.product", "gas"),
        # Functions.
        ("lower('AB') + upper('ab') + trim(' c ')", "abABc"),
        ("starts_with('abc', 'a') and ends_with('abc', 'c') and contains('abc', 'b')", True),
        ("contains(answers.many, 'b')", True),
        ("matches('AB12', '[A-Z]{2}\\\\d+')", True),
        ("length('abc') + count([1, 2])", Decimal(5)),
        ("round(2.5)", Decimal(3)),
        ("round(2.345, 2)", Decimal("2.35")),
        ("floor(2.7) + ceil(2.1) + abs(-1)", Decimal(6)),
        ("min(3, 1, 2) + max([3, 1])", Decimal(4)),
        ("min(1, 'a')", None),
        ("number('12.50')", Decimal("12.50")),
        ("number('12a')", None),
        ("number('1e9')", None),
        ("text(7 / 2)", "3.5"),
        ("today() = date('2026-11-23')", True),
        ("date('nonsense')", None),
        ("days_between(date('2026-01-01'), date('2026-03-01'))", Decimal(59)),
        ("add_days(today(), 8)", date(2026, 12, 1)),
        ("add_days(today(), 99999999999)", None),
        ("age(answers.born)", Decimal(25)),
        ("weekday(today())", Decimal(1)),
        ("now() gt now()", False),
        ("selected(answers.many, 'a') and selected(answers.product, 'gas')", True),
        ("label(answers.product)", "Gas"),
        ("visited('product') and not visited('other')", True),
        ("attempt()", Decimal(2)),
        ("any(answers.many, x, x = 'b')", True),
        ("all(answers.many, x, x = 'b')", False),
        ("sum([1, 2, 3], x, x * 2)", Decimal(12)),
        ("sum(answers.none, x, x)", None),
        ("any([1], x, any([1], y, true))", None),
        ("no_such_function(1)", None),
        ("round('a')", None),
        ("length()", None),
    ],
)
def test_an_expression_means(source: str, expected: object) -> None:
    given = value(source)
    assert given == expected
    assert type(given) is type(expected)


@pytest.mark.parametrize(
    ("source", "at", "message"),
    [
        ("", 0, "the expression is empty"),
        ("answers.a and", 13, "the expression ends too early"),
        ("a b", 2, "“b” is not expected here"),
        ("1 lt 2 lt 3", 7, "“lt” is not expected here"),
        ("'abc", 0, "a text is not closed"),
        ("a # b", 2, "“#” is not expected here"),
        ("(1 + 2", 6, "the expression ends too early"),
        ("x = 1;", 5, "“;” is not expected here"),
        ("__import__('os').system('x')(1)", 23, "“(” is not expected here"),
    ],
)
def test_a_mistake_is_told_with_its_place(source: str, at: int, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        expression(source)
    assert (caught.value.at, caught.value.message) == (at, message)


def mistake_in(source: str) -> ExpressionError | None:
    try:
        value(source)
    except ExpressionError as error:
        return error
    return None


def test_python_is_out_of_reach() -> None:
    for source in (
        "answers.__class__",
        "customer.name.__class__.__mro__",
        "customer['__class__']",
        "__import__('os')",
        "lower.__globals__",
        "answers.items",
        "customer.name.format",
        "answers.get",
    ):
        assert value(source) is None


@pytest.mark.parametrize(
    "source",
    [
        "(" * 3_999,
        "(" * 1_999 + "1" + ")" * 1_999,
        "not " * 900 + "true",
        "-" * 3_000 + "1",
        "a" + ".b" * 1_900,
        "a" + "[0]" * 1_300,
        "[" * 2_000,
        "1+" * 1_999 + "1",
        "a or " * 799 + "b",
        "true ? " * 500 + "1" + " : 2" * 500,
        "lower(" * 600 + "'a'" + ")" * 600,
        "9" * 3_999,
        "'" + "\\" * 3_990,
        "x" * 1_000_000,
        "9999999999999999999999999999 * " * 100 + "9",
        "'" + "a" * 3_000 + "'" + " + 'b'" * 100,
    ],
)
def test_expression_bombs_are_refused_or_done_quickly(source: str) -> None:
    begin = time.process_time()
    with contextlib.suppress(ExpressionError):
        value(source)
    assert time.process_time() - begin < 0.5


def test_a_number_that_grows_beyond_the_bounds_is_null() -> None:
    assert value(" * ".join(["9999999999999999999999999999"] * 60)) is None


def test_a_quantifier_looks_at_a_bounded_list() -> None:
    world = World()
    world.roots["vars"] = {"long": tuple(Decimal(1) for _ in range(20_000))}
    assert expression("sum(vars.long, x, x)").value(world) == Decimal(10_000)


def test_a_place_counts_references_and_lines() -> None:
    origin = Origin(5, 10, "if", "a &lt; b\n  and c")
    assert [origin.place(at) for at in (0, 2, 3, 4, 5, 6, 8)] == [
        (5, 10), (5, 12), (5, 16), (5, 17), (5, 18), (6, 1), (6, 3),
    ]  # fmt: skip


# -- Patterns -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("abc", ["abc"], ["ab", "abcd", ""]),
        ("^abc$", ["abc"], ["xabc"]),
        ("a|bc|", ["a", "bc", ""], ["ab", "b"]),
        ("a*b+c?", ["b", "aabbc"], ["a", "bcc"]),
        ("[A-Za-z_]{2,3}", ["aB", "a_c"], ["a", "abcd", "a1"]),
        ("[^0-9]+", ["ab-"], ["a1", ""]),
        ("[0-9]{4} ?[A-Z]{2}", ["1234AB", "1234 AB"], ["1234  AB", "123AB"]),
        (r"\d{2}\.\w\s\S", ["12.a b"], ["12xa b"]),
        (r"(?:ab){2,}", ["abab", "ababab"], ["ab", "aba"]),
        (r"[\d\-x]+", ["1-x"], ["y"]),
        (r"a{0}b", ["b"], ["ab"]),
        (".", ["x", "\n"], ["", "xy"]),
    ],
)
def test_a_pattern_matches_the_whole_text(pattern: str, matching: list[str], others: list[str]) -> None:
    compiled = compile_pattern(pattern)
    assert [text for text in matching if not compiled.matches(text)] == []
    assert [text for text in others if compiled.matches(text)] == []


WRONG_PATTERNS = r"(a a) [a *a a** a{2 a{3,2} [z-a] \b (?=a) a{999}{9} ((a{99}){99}){99} {2}"


@pytest.mark.parametrize("pattern", [*WRONG_PATTERNS.split(" "), "a" * 201, "(" * 30])
def test_a_wrong_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        compile_pattern(pattern)


@pytest.mark.parametrize(
    "pattern", ["(a+)+b", "(a|a)*b", "(a*)*b", "(.*)*(.*)*b", "a?" * 60 + "a{60}", "([a-z]+)*[0-9]"]
)
def test_no_pattern_is_catastrophic(pattern: str) -> None:
    begin = time.process_time()
    compile_pattern(pattern).matches("a" * 1_000)
    assert time.process_time() - begin < 2.0


# -- Fuzz -----------------------------------------------------------------------------------------------------

ATOM_NAMES = "answers.kwh answers.product answers.none answers.many answers.born customer.name call.number used x"
ATOM_VALUES = "1 0 2.5 'a' true false null [1,'a'] today()"
ATOMS = st.sampled_from([*ATOM_NAMES.split(" "), *ATOM_VALUES.split(" ")])
OPERATORS = st.sampled_from(["+", "-", "*", "/", "%", "=", "ne", "lt", "ge", "in", "not in", "and", "or"])


def _wider(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, OPERATORS, inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda one: f"(not {one})"),
        inner.map(lambda one: f"-{one}"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} ? {t[1]} : {t[2]})"),
        st.tuples(st.sampled_from(sorted(FUNCTIONS)), st.lists(inner, max_size=3)).map(
            lambda t: f"{t[0]}({', '.join(t[1])})"
        ),
        st.tuples(inner, inner).map(lambda t: f"{t[0]}[{t[1]}]"),
        st.tuples(st.sampled_from(["any", "all", "sum"]), inner).map(lambda t: f"{t[0]}(answers.many, x, {t[1]})"),
    )


EXPRESSIONS = st.recursive(ATOMS, _wider, max_leaves=12)
NAMES = Names(roots={"answers": None, "customer": None, "call": None}, computed={})


@settings(deadline=None, max_examples=500)
@given(EXPRESSIONS)
def test_a_well_formed_expression_never_raises_and_gives_a_value_of_ours(source: str) -> None:
    try:
        made = expression(source)
    except ExpressionError:
        reject()
    given = made.value(World())
    assert from_json(to_json(given)) == given
    assert all(0 <= finding.at <= len(source) for finding in check(made.tree, NAMES))


@settings(deadline=None, max_examples=500)
@given(st.text(alphabet=st.sampled_from("ab.('\")[],?:+-*/%=!<>&|1 9éнot\u00a0“”\\\n"), max_size=40))
def test_whatever_is_written_is_an_expression_or_a_located_mistake(source: str) -> None:
    mistake = mistake_in(source)
    assert mistake is None or 0 <= mistake.at <= len(source)


# -- Values ---------------------------------------------------------------------------------------------------

VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.text(),
        st.decimals(allow_nan=False, allow_infinity=False),
        st.dates(),
        st.datetimes(timezones=st.just(UTC)),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4).map(tuple), st.dictionaries(st.text(), inner, max_size=4)),
    max_leaves=10,
)


@given(VALUES)
def test_every_value_survives_json(given_value: Any) -> None:
    assert from_json(to_json(given_value)) == given_value


@pytest.mark.parametrize(
    ("thing", "expected"),
    [
        (3, Decimal(3)),
        (0.1, Decimal("0.1")),
        (True, True),
        (float("nan"), None),
        (b"x", None),
        ([1, {"a": 2}], (Decimal(1), {"a": Decimal(2)})),
        (object(), None),
        ("x" * 20_000, "x" * 10_000),
    ],
)
def test_foreign_data_becomes_values(thing: object, expected: object) -> None:
    assert to_value(thing) == expected


def test_foreign_data_without_end_is_cut() -> None:
    endless: list[Any] = []
    endless.append(endless)
    assert isinstance(to_value(endless), tuple)


def test_values_become_ordinary_json_for_services() -> None:
    assert to_plain({"n": Decimal("2.50"), "i": Decimal(3), "d": date(2026, 1, 2), "l": (None, True)}) == {
        "n": 2.5,
        "i": 3,
        "d": "2026-01-02",
        "l": [None, True],
    }
