"""How often a repeat of a form goes round in the dialog, and how its passes are read."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from caruso.script_engine.xforms import terms
from caruso.script_engine.xforms.form import Node
from caruso.script_engine.xforms.paths import Context, Untranslatable
from caruso.script_engine.xforms.terms import Kind, Term

if TYPE_CHECKING:
    from caruso.script_engine.xforms.plan import Plan


class Passes:
    """Reads the repeats of a form."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._counting: dict[Node, bool] = {}
        self._wanted: dict[Node, Term] = {}

    def all(self, repeat: Node, context: Context) -> Term:
        """Return the list of passes of a repeat."""
        self._demand(repeat)
        around = [each for each in repeat.repeats[:-1] if each in context.passes]
        root = context.passes[around[-1]] if around else "answers"
        return Term(f"{root}.{self._plan.ids[repeat]}", Kind.LIST)

    def _demand(self, repeat: Node) -> None:
        if repeat not in self._plan.asked_in:
            raise Untranslatable(f"nobody is asked anything in the repeat {repeat.path}")

    def count(self, repeat: Node, context: Context) -> Term:
        """Return how many passes a repeat has."""
        if (wanted := self.counted(repeat, context)) is not None:
            return wanted
        if repeat not in self._plan.asked_in:
            return terms.number(Decimal(repeat.times))
        passed = terms.call("count", Kind.NUMBER, self.all(repeat, context))
        known = terms.call("known", Kind.BOOLEAN, self.all(repeat, context))
        return terms.choice(known, passed, terms.number(Decimal(repeat.times)))

    def counted(self, repeat: Node, context: Context) -> Term | None:
        """Return how many passes a repeat has where that is worked out beforehand; else None."""
        times = self.times(repeat)
        if times is None or self.counts_itself(repeat):
            return None
        inner = Context(here=repeat, current=repeat, passes=context.passes)
        wanted = terms.as_number(self._plan.meaning.term(self._plan.tree(times), inner))
        if isinstance(wanted.constant, Decimal):
            return terms.number(max(Decimal(int(wanted.constant)), Decimal(0)))
        whole = terms.call("max", Kind.NUMBER, terms.call("floor", Kind.NUMBER, wanted), terms.number(Decimal(0)))
        term = terms.choice(terms.call("known", Kind.BOOLEAN, wanted), whole, terms.number(Decimal(0)))
        if context.passes or repeat.repeats[:-1]:
            return term
        if repeat not in self._wanted:
            self._wanted[repeat] = self._plan.named(repeat, "_passes", term)
        return self._wanted[repeat]

    def counts_itself(self, repeat: Node) -> bool:
        """Whether the number of passes depends on what is answered in them: it is worked out before each."""
        if repeat not in self._counting:
            times = self.times(repeat)
            self._counting[repeat] = times is not None and _counts(repeat, self._plan.reads.all(times, repeat))
        return self._counting[repeat]

    def at_first(self, repeat: Node) -> Term:
        """Return how many passes a repeat has before anybody adds one; null where that is worked out."""
        if self.times(repeat) is not None:
            return Term("null", Kind.NUMBER)
        around = repeat.repeats[:-1]
        if not any(each.has_template for each in around) or repeat.times_in_template == repeat.times:
            return terms.number(Decimal(repeat.times))
        written = [
            terms.ordered("<=", self.position(each), terms.number(Decimal(each.times)))
            for each in around
            if each.has_template
        ]
        then, other = (terms.number(Decimal(times)) for times in (repeat.times, repeat.times_in_template))
        return terms.choice(terms.both(*written), then, other)

    def times(self, repeat: Node) -> str | None:
        """Return the expression for the number of passes, None where people decide."""
        tag = repeat.repeat.tag if repeat.repeat is not None else None
        if tag is None:
            return None
        if tag.get("jr:count"):
            return tag.get("jr:count")
        return str(repeat.times) if tag.get("jr:noAddRemove").startswith("true") else None

    def position(self, repeat: Node) -> Term:
        """Return the number of the pass being asked, from 1."""
        self._demand(repeat)
        return Term(f"{self._plan.ids[repeat]}.index", Kind.NUMBER)


def _counts(repeat: Node, read: Iterable[Node]) -> bool:
    return any(node is repeat or repeat in node.ancestors for node in read)
