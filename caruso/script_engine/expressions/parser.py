"""Parse an expression into its tree, or say where it is wrong. Bounded: 4,000 characters, 40 levels."""

from __future__ import annotations

import functools
from decimal import Decimal
from importlib import resources
from typing import NoReturn

import lark
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken, VisitError

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

#: Characters an expression may have.
LONGEST_EXPRESSION = 4_000
#: How deep an expression may nest.
DEEPEST_EXPRESSION = 40
#: Digits a number may have: what `Decimal` keeps exactly in our context.
LONGEST_NUMBER = 28
#: Longer expressions come once; keeping all of them would fill the memory.
_LONGEST_REMEMBERED = 200

_RELATIONS = {
    "=": "eq",
    "==": "eq",
    "!=": "ne",
    "≠": "ne",
    "<": "lt",
    "<=": "le",
    "≤": "le",
    ">": "gt",
    ">=": "ge",
    "≥": "ge",
}
_SIGNS = {"−": "-", "–": "-", "×": "*", "÷": "/"}
_ESCAPES = {"n": "\n", "t": "\t"}


class ExpressionError(ValueError):
    """The expression is wrong at offset `at`."""

    def __init__(self, rule: str, message: str, at: int, suggestion: str = "") -> None:
        """Keep the place and what would help."""
        super().__init__(message)
        self.rule = rule
        self.message = message
        self.at = at
        self.suggestion = suggestion


def parse(source: str) -> Node:
    """Return the tree of `source`; raise `ExpressionError`. Trees are frozen, so equal short sources share one."""
    return _remembered(source) if len(source) <= _LONGEST_REMEMBERED else _parsed(source)


@functools.lru_cache(maxsize=4_096)
def _remembered(source: str) -> Node:
    return _parsed(source)


def _parsed(source: str) -> Node:
    if len(source) > LONGEST_EXPRESSION:
        raise ExpressionError(
            "expression-too-long",
            f"an expression may have {LONGEST_EXPRESSION} characters, this one has {len(source)}",
            LONGEST_EXPRESSION,
        )
    if not source.strip():
        raise ExpressionError("expression", "the expression is empty", 0)
    try:
        # lark types the result of an embedded transformer as a tree of tokens.
        return _parser().parse(source)  # type: ignore[return-value]
    except VisitError as wrapped:
        if isinstance(wrapped.orig_exc, ExpressionError):
            raise wrapped.orig_exc from None
        raise
    except UnexpectedInput as error:
        _explain(error, source)


def _explain(error: UnexpectedInput, source: str) -> NoReturn:
    match error:
        case UnexpectedEOF():
            raise ExpressionError("expression", "the expression ends too early", len(source)) from None
        case UnexpectedToken(token=token) if token.type == "$END":
            raise ExpressionError("expression", "the expression ends too early", len(source)) from None
        case UnexpectedToken(token=token):
            raise ExpressionError(
                "expression", f"“{token}” is not expected here", token.start_pos or 0, _hint(str(token))
            ) from None
        case UnexpectedCharacters():
            at = error.pos_in_stream or 0
            sign = source[at : at + 1]
            message = "a text is not closed" if sign in "'\"“„‘‚" else f"“{sign}” is not expected here"
            raise ExpressionError("expression", message, at, _hint(sign)) from None
        case _:
            raise ExpressionError("expression", "this is not an expression", error.pos_in_stream or 0) from None


def _hint(found: str) -> str:
    return {
        "&": "write and",
        "|": "write or",
        "=": "compare two values only; join comparisons with and",
        ",": "a decimal number has a point",
        "(": "functions stand in front: lower(x)",
        ";": "separate arguments with a comma",
        "AND": "write and",
        "OR": "write or",
        "NOT": "write not",
    }.get(found, "")


@functools.cache
def _parser() -> lark.Lark:
    grammar = (resources.files(__package__) / "grammar.lark").read_text(encoding="utf-8")
    return lark.Lark(grammar, parser="lalr", transformer=_Builder(), maybe_placeholders=False)


def _depth(at: int, *nodes: Node) -> int:
    depth = 1 + max((node.depth for node in nodes), default=0)
    if depth > DEEPEST_EXPRESSION:
        raise ExpressionError("expression-too-deep", f"nested deeper than {DEEPEST_EXPRESSION} levels", at)
    return depth


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    out: list[str] = []
    signs = iter(text)
    for sign in signs:
        following = next(signs) if sign == "\\" else ""
        out.append(_ESCAPES.get(following, following) if following else sign)
    return "".join(out)


def _chain(first: Node, rest: tuple[lark.Token | Node, ...]) -> Node:
    pairs = tuple(
        (_SIGNS.get(str(operator), str(operator)), term)
        for operator, term in zip(rest[::2], rest[1::2], strict=True)
        if not isinstance(term, lark.Token)
    )
    return Arithmetic(first, pairs, first.at, _depth(first.at, first, *(term for _, term in pairs)))


def _position(token: lark.Token) -> int:
    return token.start_pos or 0


@lark.v_args(inline=True)
class _Builder(lark.Transformer[lark.Token, Node]):
    """Builds our nodes while the parser reduces, so that no recursion happens on the way."""

    def conditional(self, condition: Node, then: Node, other: Node) -> Node:
        return Conditional(condition, then, other, condition.at, _depth(condition.at, condition, then, other))

    def disjunction(self, *terms: Node) -> Node:
        return Or(terms, terms[0].at, _depth(terms[0].at, *terms))

    def conjunction(self, *terms: Node) -> Node:
        return And(terms, terms[0].at, _depth(terms[0].at, *terms))

    def negation(self, of: Node) -> Node:
        return Not(of, of.at, _depth(of.at, of))

    def relop(self, token: lark.Token) -> str:
        return _RELATIONS.get(str(token), str(token))

    def relation(self, left: Node, operator: str, right: Node) -> Node:
        return Relation(operator, left, right, left.at, _depth(left.at, left, right))

    def within(self, item: Node, of: Node) -> Node:
        return Within(item, of, False, item.at, _depth(item.at, item, of))

    def not_within(self, item: Node, of: Node) -> Node:
        return Within(item, of, True, item.at, _depth(item.at, item, of))

    def product(self, first: Node, *rest: lark.Token | Node) -> Node:
        return _chain(first, rest)

    def sum(self, first: Node, *rest: lark.Token | Node) -> Node:
        return _chain(first, rest)

    def negative(self, sign: lark.Token, of: Node) -> Node:
        return Negative(of, _position(sign), _depth(of.at, of))

    def attribute(self, of: Node, name: lark.Token) -> Node:
        return Attribute(of, str(name), _position(name), _depth(of.at, of))

    def index(self, of: Node, bracket: lark.Token, key: Node) -> Node:
        if isinstance(key, Literal) and isinstance(key.value, str):
            return Attribute(of, key.value, key.at, _depth(of.at, of))
        return Index(of, key, key.at, _depth(of.at, of, key))

    def number(self, token: lark.Token) -> Node:
        if len(token) > LONGEST_NUMBER:
            raise ExpressionError("expression", f"a number has at most {LONGEST_NUMBER} digits", _position(token))
        return Literal(Decimal(str(token)), _position(token))

    def text(self, token: lark.Token) -> Node:
        return Literal(_unescape(str(token)[1:-1]), _position(token))

    def true(self, token: lark.Token) -> Node:
        return Literal(True, _position(token))

    def false(self, token: lark.Token) -> Node:
        return Literal(False, _position(token))

    def null(self, token: lark.Token) -> Node:
        return Literal(None, _position(token))

    def name(self, token: lark.Token) -> Node:
        return Name(str(token), _position(token))

    def list(self, bracket: lark.Token, *items: Node) -> Node:
        at = _position(bracket)
        return ListLiteral(items, at, _depth(at, *items))

    def call(self, function: lark.Token, *arguments: Node) -> Node:
        at = _position(function)
        if str(function) == "if" and len(arguments) == 3:
            condition, then, other = arguments
            return Conditional(condition, then, other, at, _depth(at, *arguments))
        return Call(str(function), arguments, at, _depth(at, *arguments))
