"""What can be chosen now, and in which order: options of a question or of a list, or made of business objects."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Iterator, Mapping

from caruso.script_engine.nodes import OptionNode, Order, Question, Texts
from caruso.script_engine.scope import RunScope
from caruso.script_engine.shown import show
from caruso.script_engine.turns import Option, Value

#: The name under which a condition of a list or of objects sees what it decides about.
OPTION, OBJECT = "option", "object"

Words = Callable[[Texts], str]


def options_of(
    question: Question, scope: RunScope, words: Words, *, all_of_them: bool = False
) -> tuple[Option, ...]:
    """Return the options that can be chosen now, or all there are; `words` chooses and fills in a label."""
    if question.from_objects is not None:
        return _ordered(tuple(_from_objects(question, scope)), question, scope)
    return _ordered(tuple(_written(question, scope, words, all_of_them=all_of_them)), question, scope)


def _written(question: Question, scope: RunScope, words: Words, *, all_of_them: bool) -> Iterator[Option]:
    for node in question.options:
        if all_of_them or _holds(node, question, scope):
            yield Option(
                value=node.value, label=words(node.texts), key=node.key, exclusive=node.exclusive, other=node.other
            )


def _holds(node: OptionNode, question: Question, scope: RunScope) -> bool:
    if node.condition is not None and not node.condition.holds(scope):
        return False
    listed = question.from_list
    if listed is None or listed.condition is None:
        return True
    return scope.holds_of(listed.condition, OPTION, {"value": node.value, "score": node.score})


def _from_objects(question: Question, scope: RunScope) -> Iterator[Option]:
    """Make options of the objects that were found; keys are their numbers, as many as there are on a telephone."""
    found = scope.found_for(question.id)
    rows = found.get("rows") if isinstance(found, Mapping) else None
    for number, row in enumerate(rows if isinstance(rows, tuple) else (), start=1):
        if isinstance(row, tuple) and len(row) == 2:
            value, label = row
            yield Option(value=str(value), label=str(label), key=str(number) if number <= MOST_KEYS else "")


#: Objects that get a key: 0 leads to an agent.
MOST_KEYS = 9


def object_row(question: Question, values: Mapping[str, Value]) -> tuple[Value, ...]:
    """Return what is kept of an object that can be chosen: the answer and what a person sees."""
    of = question.from_objects
    return (show(values.get(of.value), "en"), show(values.get(of.show), "en")) if of else ()


def _ordered(options: tuple[Option, ...], question: Question, scope: RunScope) -> tuple[Option, ...]:
    match question.order:
        case Order.GIVEN:
            return options
        case Order.SORTED:
            return tuple(sorted(options, key=lambda one: (_last(one), _collated(one.label), one.value)))
        case Order.RANDOM:
            return tuple(sorted(options, key=lambda option: (_last(option), _drawn(question, option, scope))))


def _last(option: Option) -> bool:
    return option.exclusive or option.other


def _collated(label: str) -> str:
    """Return a label so that accents do not tell."""
    apart = unicodedata.normalize("NFKD", label.casefold())
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


def _drawn(question: Question, option: Option, scope: RunScope) -> bytes:
    """Return a place that is another in each run, and the same throughout it."""
    return hashlib.sha256(f"{scope.run_id}\n{question.id}\n{option.value}".encode()).digest()
