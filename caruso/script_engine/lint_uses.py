"""Find every expression of a script, what is expected of it, and what it sees besides the names of all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from caruso.script_engine.expressions import Expression
from caruso.script_engine.expressions.types import Type
from caruso.script_engine.lint_questions import ANSWERS, LIMITS
from caruso.script_engine.nodes import (
    AnyItem,
    Call,
    Dialog,
    Do,
    End,
    Handover,
    Info,
    Log,
    Parts,
    Question,
    RecordConsent,
    Repeat,
    Set,
    Texts,
    Wait,
    plain_parts,
)
from caruso.script_engine.options import OBJECT, OPTION

#: Attributes by name; None where any attribute may be there.
Roots = Mapping[str, Mapping[str, Type] | None]


@dataclass(frozen=True, slots=True)
class Use:
    """An expression, what is expected of it, and the item it is read at."""

    expression: Expression
    wanted: Type
    #: Empty for all of the dialog.
    item: str = ""
    #: Roots it sees besides those of the script.
    more: Roots = field(default_factory=dict)


class Uses:
    """Gives the expressions of a script."""

    def __init__(self, dialog: Dialog, roots: Roots, classes: Roots | None) -> None:
        """Look at a script whose expressions see `roots`; `classes` are attributes by class."""
        self.dialog = dialog
        self.roots = roots
        self.classes = classes or {}

    def all(self) -> Iterator[Use]:
        """Give every expression, those in a repeat with what they see of the pass."""
        repeats = (item for item in self.dialog.items.values() if isinstance(item, Repeat))
        everywhere = {repeat.name: _of_pass(repeat) for repeat in repeats}
        for use in self.written():
            seen = self.passes(use.item) if use.item else everywhere
            yield Use(use.expression, use.wanted, use.item, {**seen, **use.more}) if seen else use

    def passes(self, item: str) -> Roots:
        """Return what is seen at an item of the repeats around it."""
        if item not in self.dialog.seats:
            return {}
        around = (self.dialog.items[name] for name in self.dialog.seats[item].repeats)
        return {repeat.name: _of_pass(repeat) for repeat in around if isinstance(repeat, Repeat)}

    def written(self) -> Iterator[Use]:
        """Give every expression as it is written."""
        dialog = self.dialog
        for node in dialog.objects.values():
            yield from _used(node.key, Type.ANY)
        for variable in dialog.variables.values():
            yield from _used(variable.initial, variable.type)
        for compute in dialog.computes.values():
            yield Use(compute.value, compute.type)
        for handler in dialog.handlers:
            yield from _in_texts(handler.texts, "")
        for item in dialog.items.values():
            yield from self.uses_of_item(item.id)
        for block in dialog.blocks.values():
            for transition in block.nexts:
                yield from _used(transition.condition, Type.BOOLEAN, block.item)
            for action in block.actions:
                if isinstance(action, Set):
                    yield Use(action.to, self.type_of(action.root, action.name), block.item)
                elif isinstance(action, Log):
                    yield from _in_parts(action.parts, block.item)
                elif isinstance(action, RecordConsent):
                    yield Use(action.given, Type.BOOLEAN, block.item)
        for action in dialog.actions.values():
            yield from _of_service(action)

    def uses_of_item(self, name: str) -> Iterator[Use]:
        item = self.dialog.items[name]
        yield from _used(item.ask_if, Type.BOOLEAN, name)
        yield from _in_texts(item.texts, name)
        for handler in item.handlers:
            yield from _in_texts(handler.texts, name)
        if isinstance(item, (Info, Question, End)):
            yield from _in_texts(item.hints, name)
        if isinstance(item, Handover):
            yield from _used(item.queue, Type.TEXT, name)
            yield from _used(item.skill, Type.ANY, name)
            yield from _used(item.priority, Type.NUMBER, name)
        if isinstance(item, Question):
            yield from self.uses_of_question(item)
        yield from self.uses_of_steering(item)

    def uses_of_steering(self, item: AnyItem) -> Iterator[Use]:
        match item:
            case Repeat():
                yield from _used(item.over, Type.LIST, item.id)
                yield from _used(item.times, Type.NUMBER, item.id)
                yield from _used(item.condition, Type.BOOLEAN, item.leave)
            case Call():
                for passed in item.passes:
                    yield Use(passed.value, Type.ANY, item.id)
            case Wait():
                yield from _used(item.duration, Type.ANY, item.id)
            case _:
                pass

    def uses_of_question(self, item: Question) -> Iterator[Use]:
        answer = ANSWERS.get(item.type, Type.TEXT)
        for condition in (item.required, item.read_only):
            if not isinstance(condition, bool):
                yield Use(condition, Type.BOOLEAN, item.id)
        yield from _used(item.default, answer, item.id)
        for expression in (item.minimum, item.maximum):
            yield from _used(expression, LIMITS.get(item.type, Type.ANY), item.id)
        for option in item.options:
            yield from _used(option.condition, Type.BOOLEAN, item.id)
            yield from _in_texts(option.texts, item.id)
        yield from self.uses_of_offer(item)
        for rule in item.checks:
            yield Use(rule.condition, Type.BOOLEAN, item.id)
            yield from _in_texts(rule.texts, item.id)

    def uses_of_offer(self, item: Question) -> Iterator[Use]:
        """Give the conditions of a list or of objects, which see what they decide about."""
        if item.from_list is not None and item.from_list.condition is not None:
            attributes = {"value": Type.TEXT, "score": Type.NUMBER}
            yield Use(item.from_list.condition, Type.BOOLEAN, item.id, {OPTION: attributes})
        if item.from_objects is not None and item.from_objects.where is not None:
            seen = self.classes.get(item.from_objects.class_name)
            yield Use(item.from_objects.where, Type.BOOLEAN, item.id, {OBJECT: seen})

    def type_of(self, root: str, name: str) -> Type:
        """Return the type of what an expression may set."""
        return (self.roots.get(root) or {}).get(name, Type.ANY)


def _of_pass(repeat: Repeat) -> Mapping[str, Type] | None:
    """Return what is seen of a pass; the attributes of what a repeat goes over are not known."""
    return None if repeat.over is not None else {"index": Type.NUMBER, "count": Type.NUMBER, "item": Type.ANY}


def _used(expression: Expression | None, wanted: Type, item: str = "") -> Iterator[Use]:
    if expression is not None:
        yield Use(expression, wanted, item)


def _in_parts(parts: Parts, item: str) -> Iterator[Use]:
    for part in plain_parts(parts):
        if not isinstance(part, str):
            yield Use(part.of, Type.ANY, item)


def _in_texts(texts: Texts, item: str) -> Iterator[Use]:
    for text in texts:
        yield from _used(text.condition, Type.BOOLEAN, item)
        yield from _in_parts(text.parts, item)


def _of_service(action: Do) -> Iterator[Use]:
    yield from _used(action.condition, Type.BOOLEAN, action.item)
    for _, value in action.params:
        yield Use(value, Type.ANY, action.item)
    yield from _in_texts(action.failure_texts, action.item)
