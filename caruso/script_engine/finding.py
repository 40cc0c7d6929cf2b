"""Which business objects a question offers: what to look for, and what to make of the objects found.

A condition is split: what can be searched for is left to whoever has the objects; the whole condition is then held
against each object that came, so that nothing depends on how well they were searched.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from caruso.model.conditions import EVERYTHING
from caruso.script_engine.expressions import Expression
from caruso.script_engine.expressions.compiler import compile_tree
from caruso.script_engine.expressions.searching import Search, search_for
from caruso.script_engine.nodes import FromObjects, Question
from caruso.script_engine.options import OBJECT, object_row
from caruso.script_engine.scope import RunScope
from caruso.script_engine.turns import FindObjects, Value
from caruso.script_engine.values import to_value

#: Objects that are looked at where the condition cannot be left to the search altogether.
MOST_LOOKED_AT = 1_000


def order(question: Question, of: FromObjects, scope: RunScope, run: str) -> FindObjects:
    """Return what has to be looked for before the question can be asked; its key tells one search from another."""
    search = _search(of.where, scope)
    limit = of.limit if search.whole else MOST_LOOKED_AT
    searched = f"{of.class_name} {search.condition!r} {limit}"
    digest = hashlib.sha256(searched.encode()).hexdigest()[:16]
    return FindObjects(
        key=f"{run}/{question.id}/find/{digest}", class_name=of.class_name, where=search.condition, limit=limit
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


def _search(where: Expression | None, scope: RunScope) -> Search:
    if where is None:
        return Search(EVERYTHING)
    return search_for(where.tree, OBJECT, lambda part: compile_tree(part)(scope))
