"""Put what a macro is given in the place of ``param.name``: it stands for the expression, as if written there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from caruso.script_engine.expressions import Expression, ExpressionError
from caruso.script_engine.expressions.compiler import compile_tree
from caruso.script_engine.expressions.tree import Attribute, Name, Node, parts

#: Root under which a macro sees what it is given.
PARAM = "param"
#: Levels and nodes of the expression that comes out.
DEEPEST = 80
MOST_NODES = 4_000

Parameters = Mapping[str, Expression]


def filled(expression: Expression, given: Parameters) -> Expression:
    """Return the expression with its parameters filled in; raise `ExpressionError` where that is not possible."""
    wanted = [_wanted(node, given) for node in _nodes(expression.tree) if _is_parameter(node)]
    if not wanted:
        return expression
    # Counted before it is built: parameters in parameters of parameters would grow without bound.
    if sum(1 for _ in _nodes(expression.tree)) + sum(sum(1 for _ in _nodes(tree)) for tree in wanted) > MOST_NODES:
        raise ExpressionError("expression-too-long", f"more than {MOST_NODES} parts once it is filled in", 0)
    tree = _filled(expression.tree, given)
    if tree.depth > DEEPEST:
        raise ExpressionError("expression-too-deep", f"deeper than {DEEPEST} levels once it is filled in", 0)
    return replace(expression, tree=tree, evaluate=compile_tree(tree))


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for part in parts(node):
        yield from _nodes(part)


def _is_parameter(node: Any) -> bool:
    return isinstance(node, Attribute) and isinstance(node.of, Name) and node.of.name == PARAM


def _wanted(node: Any, given: Parameters) -> Node:
    if node.name not in given:
        known = ", ".join(given) or "none"
        raise ExpressionError(
            "unknown-name", f"the macro has no parameter “{node.name}”", node.at, f"it has: {known}"
        )
    return given[node.name].tree


def _filled(node: Any, given: Parameters) -> Any:
    if _is_parameter(node):
        return _moved(given[node.name].tree, node.at)
    return _rebuilt(node, lambda part: _filled(part, given))


def _moved(node: Any, at: int) -> Any:
    """Give a tree the place of the parameter it stands for, so that findings point into the macro."""
    return replace(_rebuilt(node, lambda part: _moved(part, at)), at=at)


def _rebuilt(node: Any, change: Callable[[Any], Any]) -> Any:
    """Return the node with every node below it changed; trees have few levels, so the recursion is bounded."""
    changed = {field.name: _each(getattr(node, field.name), change) for field in fields(node)}
    below = max((part.depth for part in parts(replace(node, **changed))), default=0)
    return replace(node, **{**changed, "depth": 1 + below})


def _each(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, tuple):
        return tuple(_each(part, change) for part in value)
    return change(value) if hasattr(value, "depth") else value
