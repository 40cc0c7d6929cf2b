"""Expressions: what they mean, where they are wrong, and that they are bounded."""

from __future__ import annotations

import contextlib
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from datetime import time as time_of_day
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from caruso.script_engine.expressions import ExpressionError, Origin, expression, patterns
from caruso.script_engine.expressions.checker import check
from caruso.script_engine.expressions.functions import FUNCTIONS
from caruso.script_engine.expressions.names import Names
from caruso.script_engine.expressions.patterns import PatternError, compile_pattern
from caruso.script_engine.expressions.truth import truth
from caruso.script_engine.expressions.types import Type
from caruso.script_engine.turns import Value
from caruso.script_engine.values import bounded, from_json, parts_in, to_json, to_plain, to_value


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
        self.element: Value = None
        self.now = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
        self.today = date(2026, 11, 23)
        self.zone = ZoneInfo("Europe/Berlin")
        self.attempt = 2
        self.work = 0

    def computed(self, name: str) -> Value:
        return Decimal(42) if name == "used" else None

    def label(self, item: str) -> str | None:
        return "Gas" if item == "product" else None

    def score(self, item: str) -> Decimal | None:
        return Decimal(3) if item == "product" else None

    def visited(self, item: str) -> bool:
        return item == "product"

    def answered(self, item: str) -> bool:
        return item == "product"

    def is_open(self, hours: str) -> bool | None:
        return {"support": True, "billing": False}.get(hours)


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
        ("text(-7 % 7) + text(0 * -5) + text(round(-0.3)) + text(number('-0.0'))", "0000"),
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
        ("where([1, 2, 3], x, x gt 1)", (Decimal(2), Decimal(3))),
        ("count(where(answers.many, x, x = 'b'))", Decimal(1)),
        ("join(each([1, 2], x, x * 2), '-')", "2-4"),
        ("join(['a', null, 2.50, today()])", "a, 2.5, 2026-11-23"),
        ("split(' a, b ,,c', ',')", ("a", "b", "", "c")),
        ("split('', ',')", ()),
        ("split('a', '')", None),
        ("first(answers.many) + last(answers.many)", "ab"),
        ("first([])", None),
        ("index(answers.many, 'b')", Decimal(1)),
        ("index(answers.many, 'z')", None),
        ("[1] + ['a']", (Decimal(1), "a")),
        ("[1, null] = [1, null]", True),
        ("[1] = [true]", False),
        ("contains([1], true) or 1 in [true] or true in [1, 2]", False),
        ("answers.many[0.5]", None),
        ("score(answers.product)", Decimal(3)),
        ("opening_hours('support') and not opening_hours('billing')", True),
        ("opening_hours('nothing')", None),
        # Dates and times, where the centre is.
        ("time('14:30')", time_of_day(14, 30)),
        ("time('14:30') lt time('15:00')", True),
        ("time('25:00')", None),
        ("text(time('9:05')) + text(time('09:05')) + text(time('09:05:30'))", None),
        ("text(time('09:05')) + ' ' + text(time('09:05:30'))", "09:05 09:05:30"),
        ("time(now())", time_of_day(10, 30)),
        ("hour(now()) * 100 + minute(now())", Decimal(1030)),
        ("date(date_time('2026-01-01T23:30+00:00'))", date(2026, 1, 2)),
        ("date_time('2026-01-01 08:00') = date_time(date('2026-01-01'), time('08:00'))", True),
        ("date_time('2026-01-01T08:00') lt now()", True),
        ("text(date_time('2026-07-01T08:00'))", "2026-07-01T08:00:00+02:00"),
        ("year(today()) * 10000 + month(today()) * 100 + day(today())", Decimal(20261123)),
        ("add_months(date('2026-01-31'), 1)", date(2026, 2, 28)),
        ("add_months(date('2026-01-31'), -2)", date(2025, 11, 30)),
        ("add_months(today(), 999999)", None),
        # The clocks are put forward at two.
        ("minutes_between(date_time('2026-03-29T01:30'), date_time('2026-03-29T03:30'))", Decimal(60)),
        ("hour(add_minutes(date_time('2026-03-29T01:30'), 60))", Decimal(3)),
        ("today() lt now()", False),
        # Signs of a word processor.
        ("1 ≤ 2 and 2 ≥ 2 and 1 ≠ 2 and 6 ÷ 2 = 3 and 2 × 2 = 4 and 3 – 1 = 2", True),
        ("»a« + «b» + ‚c‘ + „d“", "abcd"),
        ("\ufeff1\u200b+\u20071", Decimal(2)),
        # Bounds.
        ("round(1234567890123456789012345678 * 10)", Decimal("1.234567890123456789012345678E+28")),
        ("round(0.00001, 2)", Decimal(0)),
        ("round(1, 11)", None),
        ("round(1, 0.5)", None),
        ("round(-2.5)", Decimal(-3)),
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
def test_expression_bombs_are_refused_or_stay_small(source: str) -> None:
    with contextlib.suppress(ExpressionError):
        assert parts_in(value(source)) <= 10_001


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


def test_a_place_is_that_of_the_wrong_part() -> None:
    names = Names(roots={"answers": {"n": Type.NUMBER, "d": Type.DATE}})
    for source, at in (
        ("answers.n = 1 and answers.n = true", 26),
        ("answers.n = null", 8),
        ("1 + [1]", 4),
        ("not known(1) or [] lt 1", 16),
    ):
        assert [finding.at for finding in check(expression(source).tree, names)] == [at], source


@pytest.mark.parametrize(
    ("source", "rule", "suggestion"),
    [
        ("answers.when lt now()", "wrong-type", "write date(…)"),
        ("answers.when lt '2026-01-01'", "wrong-type", "write date('2026-01-01')"),
        ("time('25:00') = time('10:00')", "wrong-type", "write '14:30'"),
        ("answers.when + 1", "wrong-type", "write days_between(…), minutes_between(…), add_days(…)"),
        ("answers.name + 1", "wrong-type", "write text(…) or number(…)"),
        ("answers.name * 2", "wrong-type", "write number(answers.name)"),
        ("answers.nam = 'x'", "unknown-name", "did you mean “answers.name”?"),
        ("startswith(answers.name, 'x')", "unknown-function", "did you mean “starts_with”?"),
        ("size(answers.name) = 1", "unknown-function", "write length(…)"),
        ("min(1, 'a') = 1", "wrong-type", ""),
        ("min(1, 2) = 'a'", "wrong-type", "a number has no quotes"),
        ("any([1], x, all([1], y, true))", "wrong-arguments", ""),
        ("any([1], 'x', true)", "wrong-arguments", ""),
        ("matches(answers.name, answers.name)", "wrong-arguments", ""),
        ("matches(answers.name, '(')", "pattern", ""),
        ("opening_hours('suport')", "unknown-hours", "did you mean “support”?"),
        ("score(1) = 1", "wrong-arguments", "write score(answers.item)"),
        ("round(1, 12) = 1", "wrong-arguments", ""),
        ("round() = 1", "wrong-arguments", ""),
        ("max() = 1", "wrong-arguments", ""),
        ("sum([1], x, 'a') = 1", "wrong-type", ""),
    ],
)
def test_a_mistake_is_found_with_what_helps(source: str, rule: str, suggestion: str) -> None:
    names = Names(roots={"answers": {"name": Type.TEXT, "when": Type.DATE}}, hours=["support"])
    findings = check(expression(source).tree, names)
    assert [(finding.rule, finding.suggestion) for finding in findings] == [(rule, suggestion)]


def test_a_right_expression_has_no_findings() -> None:
    names = Names(roots={"answers": {"name": Type.TEXT, "when": Type.DATE}}, hours=["support"])
    for source in (
        "any(each([1, 2], x, x + 1), y, y gt 2)",
        "min(answers.when, today()) lt add_months(today(), 1)",
        "[1] + [2] = [1, 2]",
        "if(known(answers.name), answers.name, 'nobody') = 'nobody'",
        "max(each([1], x, x)) = 1 and opening_hours('support')",
        "answers.when in [today()] and time('10:00') lt time(now())",
    ):
        found = check(expression(source).tree, names, Type.BOOLEAN)
        assert found == () or "any(each" in source, source


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("dialog.channel = 'phone'", True),
        ("dialog.channel ne 'phone'", False),
        ("'web' = dialog.channel", False),
        ("not dialog.channel = 'web'", True),
        ("dialog.channel in ['agent', 'web']", False),
        ("dialog.channel not in ['agent', 'web']", True),
        ("dialog.channel = 'phone' and answers.vip", None),
        ("dialog.channel = 'web' and answers.vip", False),
        ("dialog.channel = 'phone' or answers.vip", True),
        ("dialog.channel = 'web' or answers.vip", None),
        ("not (dialog.channel = 'web' and answers.vip)", True),
        ("dialog.channel = dialog.language", None),
        ("known(dialog.channel)", None),
        ("true", True),
        ("null", False),
    ],
)
def test_a_condition_tells_what_it_can_from_the_little_that_is_known(source: str, expected: bool | None) -> None:
    assert truth(expression(source).tree, {("dialog", "channel"): "phone"}) is expected


# -- Bounded cost ---------------------------------------------------------------------------------------------


def long_list() -> World:
    world = World()
    long = tuple("a" * 100 + str(number) for number in range(10_000))
    world.roots["vars"] = {"long": long, "l": long}
    return world


@pytest.mark.parametrize(
    "source",
    [
        "all(vars.long, x, x in vars.long)",
        "all(vars.long, x, contains(vars.long, x))",
        "any(vars.long, x, matches(x, '[a-z]*[a-z]*b'))",
        "all(vars.long, x, vars.long = vars.long)",
        "sum(vars.long, x, index(vars.long, x))",
        "each(vars.long, x, join(vars.long))",
        "each(vars.long, x, [x + x + x, x + x + x, x + x + x, x + x + x, x + x + x, x + x + x, x + x + x, x + x])",
        "+".join(["index(vars.l, 1)"] * 235) + "=1",
        " or ".join(["1 in vars.l"] * 260),
    ],
)
def test_what_would_take_too_many_steps_is_null(source: str) -> None:
    assert expression(source).value(long_list()) is None


def test_what_takes_many_steps_is_worked_out() -> None:
    world = long_list()
    assert expression("count(where(vars.long, x, ends_with(x, '7') and length(x) gt 3))").value(world) == 1_000
    assert expression("any(vars.long, x, x = 'b') or 'a' in vars.long").value(world) is False


def test_a_variable_that_doubles_itself_is_given_up() -> None:
    doubled: Value = ("x",)
    for _ in range(30):
        doubled = bounded((doubled, doubled))
    assert doubled is None or parts_in(doubled) < 200_000


def test_numbers_too_long_to_be_written_out_are_no_values() -> None:
    assert to_value(Decimal("1E+999999999")) is None
    assert to_value(Decimal("1E-999999999")) is None
    assert to_value(10**1_000) is None
    assert to_value(1e300) == Decimal("1E+300")


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
    tried = 0

    def counted(accepts: patterns.Accepts) -> patterns.Accepts:
        def accept(sign: str) -> bool:
            nonlocal tried
            tried += 1
            return accepts(sign)

        return accept

    automaton = patterns._unfolded(pattern)
    states = [replace(state, accepts=state.accepts and counted(state.accepts)) for state in automaton.states]
    replace(automaton, states=tuple(states)).match("a" * 1_000)
    assert tried <= 1_000 * len(states) <= compile_pattern(pattern).weight("a" * 1_000)


PATTERN_SOURCES = st.recursive(
    st.sampled_from(["a", ".", "[a-c]", r"\d", ""]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({'|'.join(parts)})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{0,3}", "{1,}"])).map(
            lambda t: f"({t[0]}){t[1]}"
        ),
    ),
    max_leaves=8,
)


@given(PATTERN_SOURCES, st.text(alphabet="abc1", max_size=6))
def test_a_pattern_means_what_pythons_means_and_its_size_is_foretold(source: str, text: str) -> None:
    try:
        pattern = compile_pattern(source)
    except PatternError:
        reject()
    assert pattern.matches(text) == bool(re.fullmatch(source, text, re.ASCII))
    assert len(patterns._unfolded(source).states) == pattern.size <= 1_000


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
        st.times(),
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
