"""Which business objects a question offers: what to look for, and what to make of the objects found.

A condition is split: what compares an attribute with a text is left to whoever has the objects; the whole
condition is then held against each object that came, so that nothing depends on how well they were searched.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence

from caruso.model.records import ObjectFilter
from caruso.script_engine.expressions import Expression
from caruso.script_engine.expressions.compiler import compile_tree
from caruso.script_engine.expressions.tree import And, Name, Node, Relation, Within, parts, path
from caruso.script_engine.nodes import FromObjects, Question
from caruso.script_engine.options import OBJECT, object_row
from caruso.script_engine.scope import RunScope
from caruso.script_engine.turns import FindObjects, Value
from caruso.script_engine.values import to_json, to_value

#: Objects that are looked at where the condition cannot be left to the search altogether.
MOST_LOOKED_AT = 1_000


def order(question: Question, of: FromObjects, scope: RunScope, run: str) -> FindObjects:
    """Return what has to be looked for before the question can be asked; its key tells one search from another."""
    filters, whole = _filters(of.where, scope)
    limit = of.limit if whole else MOST_LOOKED_AT
    searched = json.dumps([of.class_name, [[f.attribute, to_json(f.values)] for f in filters], limit])
    digest = hashlib.sha256(searched.encode()).hexdigest()[:16]
    return FindObjects(
        key=f"{run}/{question.id}/find/{digest}", class_name=of.class_name, where=filters, limit=limit
    )


def found(
    question: Question, of: FromObjects, key: str, objects: Sequence[Mapping[str, object]], scope: RunScope
) -> Value:
    """Return what the run keeps of the objects that came: those the condition holds for, as answer and label."""
    rows = []
    for thing in objects[:MOST_LOOKED_AT]:
        values = to_value(thing)
        if isinstance(values, Mapping) and _offered(of, values, scope):
            rows.append(object_row(question, values))
    return {"key": key, "rows": tuple(row for row in rows if row[0])[: of.limit]}


def is_there(question: Question, key: str, scope: RunScope) -> bool:
    """Whether just these objects have been looked for."""
    kept = scope.found_for(question.id)
    return isinstance(kept, Mapping) and kept.get("key") == key


def _offered(of: FromObjects, values: Mapping[str, Value], scope: RunScope) -> bool:
    return of.where is None or scope.holds_of(of.where, OBJECT, values)


def _filters(where: Expression | None, scope: RunScope) -> tuple[tuple[ObjectFilter, ...], bool]:
    """Return what a search can do of the condition, and whether that is all of it."""
    if where is None:
        return (), True
    conditions = list(_conjuncts(where.tree))
    filters = [made for condition in conditions if (made := _filter(condition, scope)) is not None]
    return tuple(filters), len(filters) == len(conditions)


def _conjuncts(node: Node) -> Iterator[Node]:
    if isinstance(node, And):
        for term in node.terms:
            yield from _conjuncts(term)
    else:
        yield node


def _filter(node: Node, scope: RunScope) -> ObjectFilter | None:
    match node:
        case Relation(operator="eq", left=left, right=right):
            for attribute, other in ((left, right), (right, left)):
                if (name := _attribute(attribute)) and not _mentions(other):
                    return _of_texts(name, (compile_tree(other)(scope),))
        case Within(item=item, of=of, negated=False):
            if (name := _attribute(item)) and not _mentions(of):
                values = compile_tree(of)(scope)
                return _of_texts(name, values) if isinstance(values, tuple) else None
    return None


def _of_texts(name: str, values: tuple[Value, ...]) -> ObjectFilter | None:
    """Return a filter where only texts are wanted; null never equals anything, so it wants nothing."""
    wanted = tuple(value for value in values if isinstance(value, str))
    if any(value is not None and not isinstance(value, str) for value in values):
        return None
    return ObjectFilter(attribute=name, values=wanted)


def _attribute(node: Node) -> str:
    names = path(node)
    return names[1] if names is not None and len(names) == 2 and names[0] == OBJECT else ""


def _mentions(node: Node) -> bool:
    return (isinstance(node, Name) and node.name == OBJECT) or any(_mentions(part) for part in parts(node))
