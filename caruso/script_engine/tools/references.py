"""Who in a script refers to an answer or to an item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

from caruso.script_engine.expressions import Expression
from caruso.script_engine.expressions.tree import Call, Literal, Name, Node, parts, path
from caruso.script_engine.nodes import AnyItem, Dialog, Leave


def referring_to(dialog: Dialog) -> dict[str, tuple[str, ...]]:
    """Return for each item which items, and computed values, use its answer or ask whether it was met."""
    by_compute = {name: _answers_behind(dialog, name, set()) for name in dialog.computes}
    found: dict[str, dict[str, None]] = {name: {} for name in dialog.items}
    for item in dialog.items.values():
        for used in _used(dialog, item, by_compute):
            user = item.of if isinstance(item, Leave) else item.id
            if used in found and used != user:
                found[used][user] = None
    return {name: tuple(items) for name, items in found.items()}


def _used(dialog: Dialog, item: AnyItem, by_compute: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    for expression in expressions_of(dialog, item):
        yield from items_read(expression.tree)
        for name in _names(expression.tree):
            yield from by_compute.get(name, ())


def expressions_of(dialog: Dialog, item: AnyItem) -> Iterator[Expression]:
    """Give every expression that belongs to an item, those of its actions and transitions included."""
    yield from expressions_in(item)
    for block in dialog.blocks.values():
        if block.item == item.id and block is not item.block:
            yield from expressions_in(block)


def expressions_in(node: object) -> Iterator[Expression]:
    """Give every expression in a node of a script, whatever its kind."""
    if isinstance(node, Expression):
        yield node
    elif isinstance(node, tuple):
        for part in node:
            yield from expressions_in(part)
    elif is_dataclass(node):
        for field in fields(node):
            yield from expressions_in(getattr(node, field.name))


def items_read(tree: Node) -> Iterator[str]:
    """Give the items whose answers an expression reads, or which it asks to have been visited."""
    names = path(tree)
    if names is not None:
        if names[0] == "answers" and len(names) > 1:
            yield names[1]
        return
    if isinstance(tree, Call) and tree.function == "visited":
        yield from (
            part.value for part in tree.arguments if isinstance(part, Literal) and isinstance(part.value, str)
        )
    for part in parts(tree):
        yield from items_read(part)


def _names(tree: Node) -> Iterator[str]:
    if isinstance(tree, Name):
        yield tree.name
    for part in parts(tree):
        yield from _names(part)


def _answers_behind(dialog: Dialog, compute: str, seen: set[str]) -> tuple[str, ...]:
    """Return the items whose answers a computed value is made of, directly or through others."""
    if compute in seen or compute not in dialog.computes:
        return ()
    seen.add(compute)
    tree = dialog.computes[compute].value.tree
    behind = [item for name in _names(tree) for item in _answers_behind(dialog, name, seen)]
    return tuple(dict.fromkeys([*items_read(tree), *behind]))
