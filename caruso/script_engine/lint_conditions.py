"""Find conditions that are always the same: nothing in them varies, or their parts exclude each other.

Cheap by intention: what is found is certain, what is not found may still be there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal

from caruso.script_engine.expressions import Expression
from caruso.script_engine.expressions.tree import And, Call, Literal, Name, Node, Or, Relation, parts, path
from caruso.script_engine.expressions.types import Type
from caruso.script_engine.lint_uses import Use
from caruso.script_engine.nodes import Block, Dialog
from caruso.script_engine.turns import Value

Report = Callable[..., None]


def check_conditions(dialog: Dialog, uses: Iterable[Use], report: Report) -> None:
    """Tell of conditions that need not be written, or never hold."""
    for use in uses:
        if use.wanted is Type.BOOLEAN:
            _check(use.expression, report)
    for block in dialog.blocks.values():
        _check_order(block, report)


def _check(condition: Expression, report: Report) -> None:
    tree = condition.tree
    if not _varies(tree):
        if isinstance(tree, (Relation, And, Or)):  # who writes true or false means it
            report("constant", "this is always the same", condition, tree.at, level="warning")
        return
    for node in _all(tree):
        if isinstance(node, And) and (why := _contradiction(node)):
            report("contradiction", f"this never holds: {why}", condition, node.at, level="warning")
        elif isinstance(node, Or) and (why := _tautology(node)):
            report("always-true", f"this always holds: {why}", condition, node.at, level="warning")


def _check_order(block: Block, report: Report) -> None:
    """Find transitions that never fire, because one before them has the same condition."""
    seen: set[tuple[object, ...]] = set()
    for transition in block.nexts:
        if transition.condition is None:
            return  # what comes behind it is found as shadowed anyway
        said = _said(transition.condition.tree)
        if said in seen:
            message = "one with the same condition stands before it"
            report("shadowed-next", message, transition.condition, 0, level="warning")
        seen.add(said)


def _said(node: Node) -> tuple[object, ...]:
    """Return what a tree says, without where it stands."""
    names = [
        repr(getattr(node, name))
        for name in ("value", "name", "function", "operator", "negated")
        if hasattr(node, name)
    ]
    signs = tuple(sign for sign, _ in node.rest) if hasattr(node, "rest") else ()
    return (type(node).__name__, *names, signs, *(_said(part) for part in parts(node)))


def _varies(node: Node) -> bool:
    if isinstance(node, (Name, Call)):
        return True
    return any(_varies(part) for part in parts(node))


def _all(node: Node) -> Iterator[Node]:
    yield node
    for part in parts(node):
        yield from _all(part)


def _contradiction(node: And) -> str:
    """Say why the parts of a conjunction exclude each other, if they plainly do."""
    equal: dict[tuple[str, ...], Value] = {}
    least: dict[tuple[str, ...], Decimal] = {}
    most: dict[tuple[str, ...], Decimal] = {}
    for name, operator, value in _relations(node.terms):
        shown = ".".join(name)
        if operator == "eq":
            if name in equal and equal[name] != value:
                return f"{shown} cannot be both"
            equal[name] = value
        elif isinstance(value, Decimal):
            if operator in {"gt", "ge"}:
                least[name] = max(value, least.get(name, value))
            elif operator in {"lt", "le"}:
                most[name] = min(value, most.get(name, value))
    for name, lowest in least.items():
        if name in most and most[name] < lowest:
            return f"{'.'.join(name)} cannot be above {lowest} and below {most[name]}"
    return ""


def _tautology(node: Or) -> str:
    """Say why one of the parts always holds, if it plainly does: everything is unlike one of two values."""
    unlike: dict[tuple[str, ...], Value] = {}
    for name, operator, value in _relations(node.terms):
        if operator != "ne":
            continue
        if name in unlike and unlike[name] != value:
            return f"{'.'.join(name)} is never both; write and"
        unlike[name] = value
    return ""


def _relations(terms: Iterable[Node]) -> Iterator[tuple[tuple[str, ...], str, Value]]:
    for term in terms:
        if isinstance(term, Relation) and isinstance(term.right, Literal):
            name = path(term.left)
            if name is not None:
                yield name, term.operator, term.right.value
