"""What nodes of a form hold before they are answered, and what actions of the form set them to."""

from __future__ import annotations

import re
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING

from caruso.script_engine.xforms import terms
from caruso.script_engine.xforms.conversions import to_date
from caruso.script_engine.xforms.form import Action, Node
from caruso.script_engine.xforms.paths import Context, Untranslatable, of
from caruso.script_engine.xforms.storing import stored
from caruso.script_engine.xforms.terms import Kind, Term

if TYPE_CHECKING:
    from caruso.script_engine.xforms.plan import Plan

#: Events of the form at which something is set.
FIRST = frozenset({"odk-instance-first-load", "odk-instance-load", "xforms-ready"})
ADDED = "odk-new-repeat"
CHANGED = "xforms-value-changed"


class Becomes(Enum):
    """What a node is in the dialog."""

    QUESTION = "question"
    #: Worked out from others, or always the same.
    COMPUTED = "computed"
    #: Set by actions.
    VARIABLE = "variable"


class Beginnings:
    """Says what nodes hold at first, and after the actions that set them."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def at(self, node: Node, context: Context) -> Term | None:
        """Return what a node holds before anything is answered; None for nothing."""
        held = self._held(node, context)
        if held is None or self._plan.becomes(node) is not Becomes.QUESTION:
            return held
        fitting = self._fitting(self._plan.kind(node), held)
        return None if fitting.code == "null" else fitting

    def _held(self, node: Node, context: Context) -> Term | None:
        if node.bound("calculate") and self._plan.becomes(node) is Becomes.QUESTION:
            return stored(self._plan.meaning.term(self._plan.tree(node.bound("calculate")), of(node)), node.type)
        before = self._at_first(node, context)
        if self._plan.becomes(node) is Becomes.VARIABLE:
            return before
        for action in self.changes(node):
            before = self._after(node, action, before or terms.NOTHING, context)
        return before

    def _at_first(self, node: Node, context: Context) -> Term | None:
        first = next((each for each in node.actions if each.events & FIRST), None)
        added = next((each for each in node.actions if ADDED in each.events), None)
        at_first = self._set_to(node, first, context) if first is not None else self._written(node, context)
        if not node.repeats or (first is None and added is None):
            return at_first
        repeat = node.repeats[-1]
        later = self._set_to(node, added, context) if added is not None else terms.NOTHING
        early = terms.ordered(
            "<=", self._plan.position(repeat, context), terms.number(Decimal(max(repeat.times, 1)))
        )
        return terms.choice(early, at_first or terms.NOTHING, later)

    def _set_to(self, node: Node, action: Action, context: Context) -> Term:
        opening = bool(action.events & FIRST) and not node.repeats
        inner = Context(here=node, current=node, passes=context.passes, opening=opening)
        return stored(self.set_by(action, inner), node.type)

    def _after(self, node: Node, action: Action, before: Term, context: Context) -> Term:
        """Return what a node holds once the answer that sets it is given."""
        trigger = action.trigger
        if trigger.repeats != node.repeats[: len(trigger.repeats)] or not self.follows(action):
            raise Untranslatable("an action that sets more than what follows from the answer it belongs to")
        if node.control is not None and self.order(node) < self.order(trigger):
            raise Untranslatable("an action that changes an earlier answer")
        inner = Context(here=trigger, current=trigger, passes=context.passes)
        set_to = stored(self.set_by(action, inner), node.type)
        return terms.choice(terms.call("known", Kind.BOOLEAN, self._plan.value(trigger, inner)), set_to, before)

    def order(self, node: Node) -> int:
        """Return where a node is asked for in the body."""
        return list(self._plan.ids).index(node)

    def _written(self, node: Node, context: Context) -> Term | None:
        if node.bound("jr:preload"):
            return self._preloaded(node)
        # A pass that is added is like the template, or blank where there is none.
        texts = (
            [*node.defaults, node.template or ""] if node.repeats else [*node.defaults, node.template or ""][:1]
        )
        values = [stored(terms.text(text, node=True), node.type) for text in texts]
        if len({value.code for value in values}) == 1:
            return values[0] if values[0].code != "null" else None
        position = self._plan.position(node.repeats[-1], context)
        chosen = values[-1]
        for number, value in reversed(list(enumerate(values[:-1], start=1))):
            chosen = terms.choice(terms.equal(position, terms.number(Decimal(number))), value, chosen)
        return chosen

    def _fitting(self, kind: Kind, held: Term) -> Term:
        """Return what a question holds as the kind of its answers."""
        if held.code == "null" or held.constant == "":
            return terms.NOTHING
        match kind:
            case Kind.LIST if isinstance(held.constant, str):
                return Term(f"[{', '.join(terms.text(part).code for part in held.constant.split())}]", Kind.LIST)
            case Kind.LIST if held.kind is not Kind.LIST:
                return terms.call("split", Kind.LIST, terms.as_whole_text(held), "' '")
            case Kind.NUMBER:
                return terms.as_number(held)
            case Kind.DATE:
                return to_date(held)
            case Kind.MOMENT | Kind.TIME if held.kind is not kind:
                name = "time" if kind is Kind.TIME else "date_time"
                return terms.call(name, kind, terms.as_text(held))
            case Kind.PLACE | Kind.FILE:
                return terms.NOTHING
            case Kind.TEXT:
                return terms.as_text(held)
            case _:
                return held

    def set_by(self, action: Action, context: Context) -> Term:
        """Return what an action sets."""
        if not action.tag.get("value"):
            return terms.text(action.tag.text, node=True)
        return self._plan.meaning.term(self._plan.tree(action.tag.get("value")), context)

    def _preloaded(self, node: Node) -> Term:
        preload, parameter = node.bound("jr:preload"), node.bound("jr:preloadParams")
        match preload, parameter:
            case "date", "today":
                return terms.call("today", Kind.DATE)
            case _:
                raise Untranslatable(f"data about the device or the submission (jr:preload {preload} {parameter})")

    def is_variable(self, node: Node) -> bool:
        """Whether a node nobody is asked for holds what an action set it to at that time."""
        changes = self.changes(node)
        return bool(changes) and not node.repeats and not node.bound("calculate") and not self.follows(changes[0])

    def changes(self, node: Node) -> list[Action]:
        """Return the actions that set a node when an answer changes."""
        return [action for action in node.actions if CHANGED in action.events and action.control is not None]

    def follows(self, action: Action) -> bool:
        """Whether what an action sets can be worked out at any time: it depends on nothing but its own trigger."""
        source = action.tag.get("value")
        if not source:
            return True
        try:
            code = self._plan.meaning.term(self._plan.tree(source), of(action.trigger)).code
        except Untranslatable:
            return False
        reads = set(re.findall(r"answers\.(\w+)", code)) - {self._plan.ids.get(action.trigger, "")}
        return not reads and not any(word in code for word in ("now(", "today(", *self._plan.computes))
