"""Functions of forms about nodes: how many, in which pass, from which table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from caruso.script_engine.xforms import terms
from caruso.script_engine.xforms.calling import Arguments, Function, number, row_text, takes
from caruso.script_engine.xforms.meaning import Many, Meaning, Row
from caruso.script_engine.xforms.paths import Context, Untranslatable, find
from caruso.script_engine.xforms.terms import Kind, Level, Term
from caruso.script_engine.xforms.xpath import Call, Path, XPath


def _sum(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    nodes = _nodes(meaning, arguments[0], context)
    if isinstance(nodes, Many):
        items, condition, value = meaning.summand(nodes)
        if condition.constant is not True:
            value = terms.choice(condition, terms.as_number(value), terms.number(Decimal(0)))
        total = terms.call("sum", Kind.NUMBER, items, "one", terms.as_number(value))
        passes = terms.call("count", Kind.NUMBER, items)
        if (coming := _coming(meaning, nodes)) is not None:
            if _is_blank_at_first(value):
                return coming.all_or_none(
                    terms.call("sum", Kind.NUMBER, coming.made, "one", terms.as_number(value))
                )
            passes = coming.wanted
            blank = terms.call("sum", Kind.NUMBER, _ONE_BLANK, "one", terms.as_number(value))
            total = coming.added(total, terms.call("count", Kind.NUMBER, items), blank)
        some = terms.ordered(">", passes, terms.number(Decimal(0)))
        return terms.choice(some, total, Term("null", Kind.NUMBER))
    if isinstance(nodes, Term):
        return terms.as_number(nodes)
    parts = [
        terms.choice(row.when, terms.as_number(row_text(row)), terms.number(Decimal(0))).code for row in nodes
    ]
    return Term(" + ".join(parts), Kind.NUMBER, Level.SUM) if parts else Term("null", Kind.NUMBER)


#: The list of one pass in which nothing is answered.
_ONE_BLANK = Term("[null]", Kind.LIST)
#: What a node of a pass is without an answer: nothing, and nothing is worked out of it.
_PLAIN = re.compile(r"(number\()?one\.\w+\)?")
#: Conditions that do not hold for a pass without answers.
_PLAIN_CONDITION = re.compile(r"(number\()?one\.\w+\)? (=|lt|le|gt|ge) ('[^']*'|-?[\d.]+)")


@dataclass(frozen=True, slots=True)
class _Coming:
    """Passes that a form counts beforehand and that were not come to: there they are, with blank nodes."""

    wanted: Term
    #: The list of passes come to.
    made: Term

    def all_or_none(self, of_made: Term) -> Term:
        """Return what is worked out of those come to, and nothing while there are others, or none at all."""
        least = self.wanted if self.wanted.constant else terms.call("max", Kind.NUMBER, self.wanted, "1")
        some = terms.ordered("<", terms.call("count", Kind.NUMBER, self.made), least)
        return terms.choice(some, Term("null", Kind.NUMBER), of_made)

    def added(self, of_made: Term, made: Term, of_one: Term) -> Term:
        """Return a sum over all passes: that over the `made`, and what each blank one adds."""
        rest = f"({self.wanted.at(Level.SUM)} - {made.at(Level.PRODUCT)}) * {of_one.at(Level.ATOM)}"
        some = terms.ordered("<", made, self.wanted)
        more = terms.choice(some, Term(rest, Kind.NUMBER, Level.PRODUCT), terms.number(Decimal(0)))
        return Term(f"{of_made.at(Level.SUM)} + {more.at(Level.PRODUCT)}", Kind.NUMBER, Level.SUM)


def _coming(meaning: Meaning, nodes: Many) -> _Coming | None:
    """Return the passes still to come of a repeat whose passes are counted beforehand; None for any other."""
    wanted = meaning.reading.counted(nodes.repeat, nodes.context)
    return None if wanted is None else _Coming(wanted, meaning.reading.passes(nodes.repeat, nodes.context))


def _is_blank_at_first(value: Term) -> bool:
    return _PLAIN.fullmatch(value.code) is not None


def _nodes(meaning: Meaning, tree: XPath, context: Context) -> Term | Many | tuple[Row, ...]:
    if isinstance(tree, Path) or (isinstance(tree, Call) and tree.name in {"instance", "current", "randomize"}):
        path = tree if isinstance(tree, Path) else Path(False, (), tree)
        return meaning.nodes(path, context)
    raise Untranslatable("a function of nodes with something else as its argument")


def _count(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    nodes = _nodes(meaning, arguments[0], context)
    if isinstance(nodes, Term):
        return terms.number(Decimal(1))
    if isinstance(nodes, Many):
        if not nodes.predicates and not nodes.first_only:
            return meaning.reading.count(nodes.repeat, nodes.context)
        items, condition, _ = meaning.summand(nodes)
        if nodes.predicates and "one" not in condition.code:
            counted = meaning.reading.count(nodes.repeat, nodes.context)
            return terms.choice(condition, counted, terms.number(Decimal(0)))
        found = terms.call("count", Kind.NUMBER, terms.call("where", Kind.LIST, items, "one", condition))
        coming = _coming(meaning, nodes)
        if coming is None or _PLAIN_CONDITION.fullmatch(condition.code):
            return found
        blank = terms.call("where", Kind.LIST, _ONE_BLANK, "one", condition)
        made = terms.call("count", Kind.NUMBER, items)
        return coming.added(found, made, terms.call("count", Kind.NUMBER, blank))
    if all(row.when.constant is True for row in nodes):
        return terms.number(Decimal(len(nodes)))
    return Term(" + ".join(terms.as_number(row.when).code for row in nodes), Kind.NUMBER, Level.SUM)


def _count_non_empty(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    nodes = _nodes(meaning, arguments[0], context)
    if isinstance(nodes, Term):
        return terms.as_number(terms.has_text(nodes))
    if isinstance(nodes, Many):
        items, condition, value = meaning.summand(nodes)
        filled = terms.both(condition, terms.has_text(value))
        return terms.call("count", Kind.NUMBER, terms.call("where", Kind.LIST, items, "one", filled))
    kept = [terms.as_number(row.when).code for row in nodes if str(row_text(row).constant)]
    return Term(" + ".join(kept), Kind.NUMBER, Level.SUM) if kept else terms.number(Decimal(0))


def _extreme(name: str) -> Function:
    def call(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
        if len(arguments) == 1 and isinstance(arguments[0], Path):
            nodes = meaning.nodes(arguments[0], context)
            if isinstance(nodes, Many):
                items, condition, value = meaning.summand(nodes)
                if condition.constant is not True:
                    raise Untranslatable("the least or greatest of some passes of a repeat")
                number_of = terms.as_number(value)
                numbers = terms.call("each", Kind.LIST, items, "one", number_of)
                extreme = terms.call(name, Kind.NUMBER, numbers)
                if (coming := _coming(meaning, nodes)) is None:
                    return extreme
                if _is_blank_at_first(value):
                    return coming.all_or_none(
                        terms.call(name, Kind.NUMBER, terms.call("each", Kind.LIST, coming.made, "one", number_of))
                    )
                blank = terms.call("sum", Kind.NUMBER, _ONE_BLANK, "one", number_of)
                some = terms.ordered("<", terms.call("count", Kind.NUMBER, items), coming.wanted)
                return terms.choice(some, terms.call(name, Kind.NUMBER, extreme, blank), extreme)
        return terms.call(name, Kind.NUMBER, *(number(meaning, each, context) for each in arguments))

    return takes(1, None, call)


def _position(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    if not arguments:
        if context.position is None:
            raise Untranslatable("position() outside a list")
        return context.position
    path = arguments[0]
    target = find(meaning.reading.form, path, context) if isinstance(path, Path) else None
    if target is None or target.predicates:
        raise Untranslatable("position() of this")
    if target.node.repeat is None:
        return terms.number(Decimal(1))
    if target.node not in context.open or target.node in context.passes:
        raise Untranslatable("position() of a pass other than the one being asked")
    return meaning.reading.position(target.node, context)


def _current(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    return meaning.reading.value(context.current, context)


def _indexed_repeat(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    if len(arguments) % 2 == 0 or not isinstance(arguments[0], Path):
        raise Untranslatable("indexed-repeat() with these arguments")
    target = find(meaning.reading.form, arguments[0], context)
    around, code = context, ""
    for path, wanted in zip(arguments[1::2], arguments[2::2], strict=True):
        repeat = find(meaning.reading.form, path, context) if isinstance(path, Path) else None
        if repeat is None or repeat.node.repeat is None:
            raise Untranslatable("indexed-repeat() of something that is not repeated")
        place = meaning.place(number(meaning, wanted, context))
        code = f"{meaning.reading.passes(repeat.node, around).code}[{place}]"
        around = around.within(repeat.node, code)
    if target is None or any(
        repeat not in around.passes and repeat not in context.open for repeat in target.node.repeats
    ):
        raise Untranslatable("indexed-repeat() of a node in another repeat")
    return replace(meaning.reading.value(target.node, around), present=f"known({code})")


def _instance(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    return meaning.term(Path(False, (), Call("instance", tuple(arguments))), context)


def _pulldata(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    table, column, key = (meaning.term(each, context).constant for each in arguments[:3])
    if not (isinstance(table, str) and isinstance(column, str) and isinstance(key, str)):
        raise Untranslatable("pulldata() of a table or column whose name is worked out")
    return meaning.pulled(table, column, key, arguments[3], context)


def _once(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    term = meaning.term(arguments[0], context)
    if "answers." in term.code:
        raise Untranslatable("a value that is kept from when it was first worked out (once)")
    return terms.as_whole_text(term) if term.kind is Kind.BOOLEAN else term


FUNCTIONS: Mapping[str, Function] = {
    "sum": takes(1, 1, _sum),
    "count": takes(1, 1, _count),
    "count-non-empty": takes(1, 1, _count_non_empty),
    "min": _extreme("min"),
    "max": _extreme("max"),
    "position": takes(0, 1, _position),
    "current": takes(0, 0, _current),
    "indexed-repeat": takes(3, None, _indexed_repeat),
    "instance": takes(1, 1, _instance),
    "pulldata": takes(4, 4, _pulldata),
    "once": takes(1, 1, _once),
}
