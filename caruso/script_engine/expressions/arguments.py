"""Find what is wrong with arguments that are written out: patterns, dates, names of items and opening hours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal

from caruso.script_engine.expressions.names import Finding, Names, near
from caruso.script_engine.expressions.numbers import MOST_PLACES
from caruso.script_engine.expressions.patterns import PatternError, compile_pattern
from caruso.script_engine.expressions.special import answer_named
from caruso.script_engine.expressions.tree import Call, Literal, Node

_KINDS = {"date": "date", "time": "time of day", "date_time": "date with time"}
_EXAMPLES = {"date": "'2026-01-31'", "time": "'14:30'", "date_time": "'2026-01-31T14:30'"}


def written_wrongly(node: Call, names: Names) -> Iterator[Finding]:
    """Give what is wrong with the arguments of a call that fit by number and type."""
    if not node.arguments:
        return
    first, at = node.arguments[0], node.arguments[0].at
    match node.function, [_text_of(argument) for argument in node.arguments]:
        case "matches", [_, pattern]:
            yield from _pattern(pattern, node.arguments[1].at)
        case (("visited" | "answered"), [str(item)]) if item not in names.items:
            yield Finding("unknown-item", f"there is no item “{item}”", at, near(item, names.items))
        case "opening_hours", [str(name)] if names.hours is not None and name not in names.hours:
            yield Finding("unknown-hours", f"there are no hours “{name}”", at, near(name, names.hours))
        case ("date" | "time" | "date_time") as kind, [str(text), *_] if not _reads_as(kind, text):
            yield Finding("wrong-type", f"“{text}” is no {_KINDS[kind]}", at, f"write {_EXAMPLES[kind]}")
        case ("label" | "score") as name, _ if answer_named(node) is None:
            yield Finding("wrong-arguments", f"{name} takes an answer", first.at, f"write {name}(answers.item)")
        case "round", [_, _]:
            yield from _places(node.arguments[1])
        case _:
            pass


def _pattern(written: str | None, at: int) -> Iterator[Finding]:
    if written is None:
        yield Finding("wrong-arguments", "the pattern has to be written out", at)
        return
    try:
        compile_pattern(written)
    except PatternError as error:
        yield Finding("pattern", str(error), at)


def _places(node: Node) -> Iterator[Finding]:
    places = node.value if isinstance(node, Literal) else None
    if isinstance(places, Decimal) and places not in range(MOST_PLACES + 1):
        yield Finding("wrong-arguments", f"round knows 0 to {MOST_PLACES} decimal places", node.at)


def _reads_as(kind: str, text: str) -> bool:
    kinds: Mapping[str, type[date] | type[time]] = {"date": date, "time": time, "date_time": datetime}
    try:
        kinds[kind].fromisoformat(text)
    except ValueError:
        return False
    return True


def _text_of(node: Node) -> str | None:
    return node.value if isinstance(node, Literal) and isinstance(node.value, str) else None
