"""Rewrites an expression of CEL as one of ours, or says why there is none. For the comparison with CEL only."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NoReturn

import lark
from lark.exceptions import UnexpectedInput, VisitError

GRAMMAR = r"""
?start: conditional
?conditional: or | or "?" or ":" conditional   -> choose
?or: and ("||" and)*                           -> either
?and: relation ("&&" relation)*                -> both
?relation: sum | relation RELATION sum         -> binary
?sum: product | sum SIGN product               -> binary
?product: unary | product POINT unary          -> binary
?unary: member | "!" unary -> negation | SIGN unary -> negative
?member: primary
    | member "." NAME                          -> attribute
    | member "." NAME "(" [conditional ("," conditional)*] ")" -> method
    | member "[" conditional "]"               -> index
    | member ".?" NAME                         -> optional
    | member "[?" conditional "]"              -> optional
    | member "{" [NAME ":" conditional ("," NAME ":" conditional)* ","?] "}" -> message
?primary: NAME                                 -> name
    | "." NAME                                 -> rooted
    | NAME "(" [conditional ("," conditional)*] ")" -> call
    | "(" conditional ")"
    | "[" [element ("," element)* ","?] "]"    -> list
    | "{" [entry ("," entry)* ","?] "}"        -> map
    | NUMBER                                   -> number
    | UNSIGNED                                 -> unsigned
    | TEXT                                     -> text
    | BYTES                                    -> bytes
?element: conditional | "?" conditional        -> optional
entry: conditional ":" conditional | "?" conditional ":" conditional
RELATION: "==" | "!=" | "<=" | ">=" | "<" | ">" | /in(?![\w])/
SIGN: "+" | "-"
POINT: "*" | "/" | "%"
UNSIGNED.3: /(0x[0-9a-fA-F]+|[0-9]+)[uU]/
NUMBER.2: /0x[0-9a-fA-F]+/ | /([0-9]*\.[0-9]+|[0-9]+)([eE][+-]?[0-9]+)?/
BYTES.3: /([bB][rR]?|[rR][bB])("{3}(.|\n)*?"{3}|'{3}(.|\n)*?'{3}|"(\\.|[^"\\\n])*"|'(\\.|[^'\\\n])*')/
TEXT.3: /[rR]?("{3}(\\.|[^\\])*?"{3}|'{3}(\\.|[^\\])*?'{3})/s | /[rR]?("(\\.|[^"\\\n])*"|'(\\.|[^'\\\n])*')/
NAME: /[_a-zA-Z]\w*/ | /`[^`]+`/
COMMENT: /\/\/[^\n]*/
%ignore /\s+/
%ignore COMMENT
"""
#: Exponents beyond are no numbers of a person's.
LARGEST_EXPONENT = 27

FUNCTIONS = {"size": "length", "string": "text", "double": "number", "int": "number", "timestamp": "date_time"}
METHODS = {
    "size": "length",
    "startsWith": "starts_with",
    "endsWith": "ends_with",
    "contains": "contains",
    "matches": "matches",
    "lowerAscii": "lower",
    "upperAscii": "upper",
    "trim": "trim",
}
MACROS = {"exists": "any", "all": "all", "filter": "where", "map": "each"}
CALENDAR = {
    "getFullYear": "year({})",
    "getMonth": "(month({}) - 1)",
    "getDate": "day({})",
    "getDayOfMonth": "(day({}) - 1)",
    "getDayOfWeek": "(weekday({}) % 7)",
    "getHours": "hour({})",
    "getMinutes": "minute({})",
}


class Inapplicable(Exception):
    """There is no such thing in our expressions."""


@dataclass
class Translated:
    """An expression of ours, and the values its names stand for: CEL's map literals become such."""

    source: str
    values: dict[str, Any] = field(default_factory=dict)


def translate(source: str) -> Translated:
    """Return `source` as ours; raise `Inapplicable` with the reason."""
    writer = _Writer()
    try:
        tree = _parser().parse(source)
        return Translated(str(writer.transform(tree)), writer.values)
    except UnexpectedInput as error:
        raise Inapplicable("what CEL does not read either") from error
    except VisitError as error:
        if isinstance(error.orig_exc, Inapplicable):
            raise error.orig_exc from None
        raise


@functools.cache
def _parser() -> lark.Lark:
    return lark.Lark(GRAMMAR, parser="lalr", maybe_placeholders=False)


class _Ours(str):
    """A piece of our source; `constant` is its value when it is one."""

    __slots__ = ("constant", "is_constant", "is_map")
    constant: Any
    is_constant: bool
    is_map: bool

    @classmethod
    def of(cls, source: str, *, constant: Any = None, is_constant: bool = False, is_map: bool = False) -> _Ours:
        piece = cls(source)
        piece.constant, piece.is_constant, piece.is_map = constant, is_constant, is_map
        return piece


def _refuse(reason: str) -> NoReturn:
    raise Inapplicable(reason)


@lark.v_args(inline=True)
class _Writer(lark.Transformer[lark.Token, str]):
    """Writes ours from the leaves up."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, Any] = {}

    def choose(self, condition: str, then: str, other: str) -> str:
        return _Ours.of(f"({condition} ? {then} : {other})")

    def either(self, *terms: str) -> str:
        return terms[0] if len(terms) == 1 else _Ours.of(f"({' or '.join(terms)})")

    def both(self, *terms: str) -> str:
        return terms[0] if len(terms) == 1 else _Ours.of(f"({' and '.join(terms)})")

    def binary(self, left: str, sign: str, right: str) -> str:
        return _Ours.of(f"({left} {sign} {right})")

    def negation(self, of: str) -> str:
        return _Ours.of(f"(not {of})")

    def negative(self, sign: str, of: _Ours) -> str:
        if sign == "+":
            _refuse("what CEL does not read either")
        return (
            _Ours.of(f"-{of}", constant=-of.constant, is_constant=True) if _is_number(of) else _Ours.of(f"-{of}")
        )

    def attribute(self, of: str, name: str) -> str:
        return _Ours.of(
            f"{of}.{name.strip('`')}" if name.strip("`").isidentifier() else f"{of}['{name.strip('`')}']"
        )

    def index(self, of: str, key: _Ours) -> str:
        return _Ours.of(f"{of}[{key}]")

    def name(self, name: str) -> str:
        constants = {"true": True, "false": False, "null": None}
        if name in constants:
            return _Ours.of(name, constant=constants[name], is_constant=True)
        if name in {
            "int",
            "uint",
            "double",
            "bool",
            "string",
            "bytes",
            "list",
            "map",
            "type",
            "null_type",
            "google",
        }:
            _refuse("types as values")
        return _Ours.of(name)

    def rooted(self, name: str) -> str:
        _refuse("names with a container")

    def call(self, name: str, *arguments: _Ours) -> str:
        if name == "dyn":
            return arguments[0]
        if name in {"has", "type", "bool", "uint", "bytes", "duration"}:
            _refuse({"has": "has()", "type": "types as values", "bool": "bool()"}.get(name, _KINDS))
        if name == "int" and not (arguments[0].is_constant and isinstance(arguments[0].constant, str)):
            _refuse("conversions between kinds of numbers")
        if name == "timestamp" and not isinstance(arguments[0].constant, str):
            _refuse("moments as numbers")
        if name not in FUNCTIONS:
            _refuse("functions that the test itself defines")
        if name == "size" and arguments[0].is_map:
            _refuse("the size of a map")
        return _Ours.of(f"{FUNCTIONS[name]}({', '.join(arguments)})")

    def method(self, of: _Ours, name: str, *arguments: _Ours) -> str:
        if name in MACROS or name == "exists_one":
            return self._macro(of, name, arguments)
        if name in CALENDAR:
            if arguments:
                _refuse("time zones of their own")
            return _Ours.of(CALENDAR[name].format(of))
        if name.startswith("get"):
            _refuse("seconds, and days of the year")
        if name not in METHODS:
            _refuse("functions of extensions")
        if name == "size" and of.is_map:
            _refuse("the size of a map")
        return _Ours.of(f"{METHODS[name]}({', '.join([of, *arguments])})")

    def _macro(self, of: _Ours, name: str, arguments: tuple[_Ours, ...]) -> str:
        if of.is_map:
            _refuse("macros over the keys of a map")
        if len(arguments) != 2:
            _refuse("macros with two variables or a filter")
        if any(re.search(r"\b(any|all|where|each)\(", part) for part in (of, *arguments)):
            _refuse("macros in macros")
        variable, body = arguments
        if name == "exists_one":
            return _Ours.of(f"(count(where({of}, {variable}, {body})) = 1)")
        return _Ours.of(f"{MACROS[name]}({of}, {variable}, {body})")

    def message(self, *_: str) -> str:
        _refuse("protobuf messages")

    def optional(self, *_: str) -> str:
        _refuse("optional values")

    def list(self, *items: _Ours) -> str:
        constant = all(item.is_constant for item in items)
        return _Ours.of(
            f"[{', '.join(items)}]",
            constant=tuple(item.constant for item in items) if constant else None,
            is_constant=constant,
        )

    def entry(self, key: _Ours, value: _Ours) -> tuple[_Ours, _Ours]:
        return key, value

    def map(self, *entries: tuple[_Ours, _Ours]) -> str:
        if not all(key.is_constant and value.is_constant for key, value in entries):
            _refuse("maps that are worked out")
        if not all(isinstance(key.constant, str) for key, _ in entries):
            _refuse("maps whose keys are no texts")
        name = f"map_{len(self.values)}"
        made: Mapping[str, Any] = {key.constant: value.constant for key, value in entries}
        self.values[name] = made
        return _Ours.of(name, constant=made, is_constant=True, is_map=True)

    def number(self, written: str) -> str:
        if written.startswith("0x"):
            return _Ours.of(str(int(written, 16)), constant=int(written, 16), is_constant=True)
        exponent = re.search(r"[eE]([+-]?\d+)$", written)
        if exponent and abs(int(exponent[1])) > LARGEST_EXPONENT:
            _refuse("numbers beyond 28 digits")
        if not exponent and "." not in written:
            return _Ours.of(written, constant=int(written), is_constant=True)
        return _Ours.of(format(Decimal(written), "f"), constant=float(written), is_constant=True)

    def unsigned(self, _: str) -> str:
        _refuse(_KINDS)

    def text(self, written: str) -> str:
        content = _content(written)
        escaped = content.replace("\\", "\\\\").replace("'", "\\'")
        return _Ours.of(f"'{escaped}'", constant=content, is_constant=True)

    def bytes(self, _: str) -> str:
        _refuse(_KINDS)


_KINDS = "bytes, unsigned numbers and durations"


def _is_number(of: _Ours) -> bool:
    return of.is_constant and isinstance(of.constant, (int, float)) and not isinstance(of.constant, bool)


def _content(written: str) -> str:
    """Return what a text literal of CEL holds. Its escapes are nearly Python's."""
    raw = written[0] in "rR"
    body = written[1:] if raw else written
    quotes = 3 if body[:3] in {'"""', "'''"} else 1
    inner = body[quotes:-quotes]
    if raw:
        return inner
    inner = re.sub(r"\\X", r"\\x", inner)
    inner = re.sub(r"\\([?`])", r"\1", inner)
    inner = inner.replace("\n", "\\n").replace("\r", "\\r").replace("\0", "\\0")
    quote = body[:quotes]
    return str(ast.literal_eval(f"{quote}{inner}{quote}"))
