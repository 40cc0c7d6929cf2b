"""Expressions of forms are read into trees, or it is said why not."""

from __future__ import annotations

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caruso.script_engine.xforms.xpath import (
    LONGEST_XPATH,
    Binary,
    Call,
    Negative,
    Number,
    Path,
    Step,
    Text,
    XPathError,
    calls,
    parse,
)

A, B = Path(False, (Step("a"),)), Path(False, (Step("b"),))


@pytest.mark.parametrize(
    ("source", "tree"),
    [
        ("1.5", Number(Decimal("1.5"))),
        (".5", Number(Decimal("0.5"))),
        ("'it'", Text("it")),
        ('"x"', Text("x")),
        ("a", A),
        ("-a", Negative(A)),
        ("--a", A),
        ("a-b", Path(False, (Step("a-b"),))),
        ("a - b", Binary("-", A, B)),
        ("a * b", Binary("*", A, B)),
        ("a div b", Binary("div", A, B)),
        ("div div div", Binary("div", Path(False, (Step("div"),)), Path(False, (Step("div"),)))),
        ("a = b and b != a", Binary("and", Binary("=", A, B), Binary("!=", B, A))),
        ("a or b and a", Binary("or", A, Binary("and", B, A))),
        ("/data/a", Path(True, (Step("data"), Step("a")))),
        ("../a", Path(False, (Step(".."), Step("a")))),
        (" . ", Path(False, (Step("."),))),
        ("./a/*", Path(False, (Step("."), Step("a"), Step("*")))),
        ("@id", Path(False, (Step("@id"),))),
        ("node()", Path(False, (Step("."),))),
        ("parent::node()/a", Path(False, (Step(".."), Step("a")))),
        ("child::a", A),
        ("true()", Call("true", ())),
        ("jr:itext('x')", Call("jr:itext", (Text("x"),))),
        ("a[1]", Path(False, (Step("a", (Number(Decimal(1)),)),))),
        ("a[b = 1]/b", Path(False, (Step("a", (Binary("=", B, Number(Decimal(1))),)), Step("b")))),
        ("current()/../a", Path(False, (Step(".."), Step("a")), Call("current", ()))),
        ("instance('t')/root/item", Path(False, (Step("root"), Step("item")), Call("instance", (Text("t"),)))),
        ("(a)", A),
    ],
)
def test_an_expression_is_read_into_its_tree(source: str, tree: object) -> None:
    assert parse(source) == tree


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("", "a name is expected before “the end”"),
        ("a ? b", "“?” is not expected"),
        ("a b", "“b” is not expected"),
        ("concat('a'", "“)” is expected before “the end”"),
        ("//a", "a name is expected"),
        ("a | b", "unions"),
        ("ancestor::a", "the axis “ancestor” is not known"),
        ("(" * 200 + "1" + ")" * 200, "nests deeper"),
        ("1 + " * LONGEST_XPATH + "1", "more than"),
    ],
)
def test_what_cannot_be_read_is_told(source: str, reason: str) -> None:
    with pytest.raises(XPathError, match=reason.replace("(", r"\(")[:60].replace("?", r"\?").replace(")", r"\)")):
        parse(source)


def test_all_functions_in_an_expression_are_found() -> None:
    assert calls(parse("if(selected(a, 'x'), -round(b[last()]), instance('t')/root)")) == {
        "if", "selected", "round", "last", "instance",
    }  # fmt: skip


@given(st.text(alphabet="abc/.@*[]()|+-=<>!'\" 1:,", max_size=40))
def test_any_text_is_read_or_refused(source: str) -> None:
    with contextlib.suppress(XPathError):
        parse(source)
