"""Reads the conformance suite of CEL (github.com/google/cel-spec, Apache-2.0), where there is a copy of it.

The suite is protobuf's text format: ``name: value`` and ``name { … }``, repeated at will.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: Files of the core language; the others are extensions, or about protobuf alone.
CORE = (
    "basic", "comparisons", "conversions", "fields", "fp_math", "integer_math", "lists", "logic", "macros",
    "namespace", "parse", "plumbing", "string", "timestamps", "type_deduction",
)  # fmt: skip

_TOKEN = re.compile(
    r"""\s+|\#[^\n]*|(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?P<sign>[{}\[\]:;,<>])|(?P<word>[^\s{}\[\]:;,<>"'#]+)"""
)


@dataclass(frozen=True)
class Case:
    """One test of the suite."""

    #: ``file/section/test``.
    name: str
    expression: str
    bindings: dict[str, Any] = field(default_factory=dict)


class NotOurs(Exception):
    """The case needs a value we cannot even write down."""


def read(folder: Path) -> Iterator[Case]:
    """Give the cases of the core language, without those that are about types before evaluation alone."""
    for name in CORE:
        message = _parse((folder / f"{name}.textproto").read_text(encoding="utf-8"))
        for section in message.get("section", []):
            for test in section.get("test", []):
                if "check_only" in test:
                    continue
                yield _case(f"{name}/{section['name'][0]}/{test['name'][0]}", test)


def _case(name: str, test: dict[str, list[Any]]) -> Case:
    bindings = {binding["key"][0]: binding["value"][0] for binding in test.get("bindings", [])}
    return Case(name=name, expression=test["expr"][0], bindings=bindings)


def value_of(message: dict[str, list[Any]]) -> Any:
    """Return a `Value` of the suite as Python's; raise `NotOurs`."""
    if "value" in message:
        return value_of(message["value"][0])
    ((kind, (content, *_)),) = message.items()
    match kind:
        case "int64_value":
            return int(content)
        case "double_value":
            return float(content)
        case "string_value":
            return content
        case "bool_value":
            return content == "true"
        case "null_value":
            return None
        case "list_value":
            return [value_of(item) for item in content.get("values", [])]
        case "map_value":
            return {value_of(entry["key"][0]): value_of(entry["value"][0]) for entry in content.get("entries", [])}
        case _:
            raise NotOurs(kind)


def _parse(source: str) -> dict[str, list[Any]]:
    tokens = list(_tokens(source))
    message, at = _message(tokens, 0)
    assert at == len(tokens)
    return message


def _tokens(source: str) -> Iterator[str]:
    at = 0
    while at < len(source):
        found = _TOKEN.match(source, at)
        assert found is not None, source[at : at + 40]
        at = found.end()
        if found.lastgroup is not None and found[0] not in {",", ";"}:
            yield found[0]


def _message(tokens: list[str], at: int) -> tuple[dict[str, list[Any]], int]:
    message: dict[str, list[Any]] = {}
    while at < len(tokens) and tokens[at] not in {"}", ">"}:
        name = tokens[at]
        at += 1
        if name == "[":  # an extension or the type of an Any
            name, at = "".join(tokens[at : tokens.index("]", at)]), tokens.index("]", at) + 1
        at += tokens[at] == ":"
        value, at = _value(tokens, at)
        message.setdefault(name, []).extend(value if isinstance(value, list) else [value])
    return message, at


def _value(tokens: list[str], at: int) -> tuple[Any, int]:
    token = tokens[at]
    if token in {"{", "<"}:
        message, at = _message(tokens, at + 1)
        return message, at + 1
    if token == "[":
        items, at = [], at + 1
        while tokens[at] != "]":
            item, at = _value(tokens, at)
            items.append(item)
        return items, at + 1
    if token[0] not in "\"'":
        return token, at + 1
    pieces = []
    while at < len(tokens) and tokens[at][0] in "\"'":
        pieces.append(_unquoted(tokens[at]))
        at += 1
    return "".join(pieces), at


def _unquoted(token: str) -> str:
    inner = re.sub(r"\\([?`])", r"\1", token[1:-1].replace("\n", "\\n"))
    return str(ast.literal_eval(token[0] + inner + token[0]))
