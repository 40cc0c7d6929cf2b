"""Make queries of what somebody writes: a condition as an expression, an order as names. Pure."""

from __future__ import annotations

from datetime import datetime

from caruso.business_objects.model import ObjectClass, types_of
from caruso.business_objects.records import Query
from caruso.business_objects.scope import ObjectScope
from caruso.errors import Located, RejectedInput
from caruso.model.conditions import EVERYTHING, Condition
from caruso.script_engine.expressions import ExpressionError
from caruso.script_engine.expressions.checker import check
from caruso.script_engine.expressions.compiler import compile_tree
from caruso.script_engine.expressions.names import Names
from caruso.script_engine.expressions.parser import parse
from caruso.script_engine.expressions.searching import search_for
from caruso.script_engine.expressions.types import Type
from caruso.script_engine.source import did_you_mean

#: What the object is called in a condition.
ROOT = "object"


def query_of(
    of: ObjectClass, *, where: str = "", order: str = "", limit: int = 50, offset: int = 0, now: datetime
) -> Query:
    """Return the query; raise `RejectedInput` with the place in `where` or `order`.

    Args:
        of: The class.
        where: Condition on ``object``; everything in it can be looked for by the database.
        order: Attributes with commas between; one with ``-`` in front begins with the greatest.
        limit: Objects at most.
        offset: Objects that are left out before.
        now: For conditions that ask for the day.
    """
    condition = condition_of(of, where, now) if where.strip() else EVERYTHING
    return Query(condition=condition, order=_order(of, order), limit=limit, offset=offset)


def condition_of(of: ObjectClass, where: str, now: datetime) -> Condition:
    """Return the condition that an expression is; raise `RejectedInput`."""
    try:
        tree = parse(where)
    except ExpressionError as error:
        raise RejectedInput((_at("where", error.rule, error.message, error.at, error.suggestion),)) from None
    types = None if of.extra else types_of(of)
    findings = check(tree, Names(roots={ROOT: types}), Type.BOOLEAN)
    if findings:
        raise RejectedInput(tuple(_at("where", f.rule, f.message, f.at, f.suggestion) for f in findings))
    scope = ObjectScope({}, now, root="")
    computed = {name: each.value.tree for name, each in of.computed.items()}
    search = search_for(tree, ROOT, lambda part: compile_tree(part)(scope), computed=computed)
    if search.left_over:
        raise RejectedInput(
            tuple(_at("where", "not-searchable", f"no database can look for this: {left.reason}", left.at)
                  for left in search.left_over)
        )  # fmt: skip
    return search.condition


def _order(of: ObjectClass, order: str) -> tuple[tuple[str, bool], ...]:
    found: dict[str, bool] = {}
    for part in filter(None, (part.strip() for part in order.split(","))):
        name = part.removeprefix("-")
        if name not in of.attributes:
            message = f"{of.name} has no attribute “{name}” to sort by"
            suggestion = did_you_mean(name, tuple(of.attributes))
            raise RejectedInput((_at("order", "unknown-attribute", message, order.index(part), suggestion),))
        found.setdefault(name, part.startswith("-"))
    return tuple(found.items())


def _at(attribute: str, rule: str, message: str, at: int, suggestion: str = "") -> Located:
    return Located(rule=rule, message=message, line=1, column=at + 1, attribute=attribute, suggestion=suggestion)
