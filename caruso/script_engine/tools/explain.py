"""Explain a script: a logic sheet of everything it says, asks and does, with its conditions in words.

For the person who has to agree to it, and for the one who maintains it. Nothing of a run is known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from caruso.script_engine.nodes import (
    AnyItem,
    Back,
    Block,
    Call,
    Dialog,
    End,
    Group,
    Handler,
    Handover,
    Info,
    Leave,
    ObjectNode,
    Question,
    Repeat,
    Variable,
)
from caruso.script_engine.tools.edges import ANYWHERE, NOWHERE, Edge, Way, edges_of, event_of
from caruso.script_engine.tools.explain_actions import block_lines, text_lines
from caruso.script_engine.tools.explain_items import kind_of, own_facts
from caruso.script_engine.tools.in_words import condition, duration, on_channels, value
from caruso.script_engine.tools.references import referring_to
from caruso.script_engine.tools.sheet import Code, Fact, Line, Link, Quote, Section, Sheet, Span, line

_BEFORE = {Way.EVENT: "on ", Way.SERVICE: "when ", Way.LOT: "by lot, "}
_BACK = {
    Back.ALLOWED: "is possible",
    Back.WITHIN_GROUP: "is possible within a group",
    Back.NONE: "is not possible",
}
_THEN = {"repeat": "it is asked again", "continue": "it goes on behind it", "end": "the dialog ends"}


def explain(dialog: Dialog) -> Sheet:
    """Return the logic sheet of a script."""
    explainer = _Explainer(dialog)
    return Sheet(
        title=f"{dialog.title(dialog.languages[0])} — {dialog.id}, version {dialog.version}",
        facts=tuple(explainer.about()),
        sections=tuple(explainer.sections()),
    )


class _Explainer:
    """Holds what every section needs."""

    def __init__(self, dialog: Dialog) -> None:
        self.dialog = dialog
        self.edges = edges_of(dialog)
        self.leaving: dict[str, list[Edge]] = {}
        self.arriving: dict[str, dict[str, None]] = {}
        for edge in self.edges:
            self.leaving.setdefault(edge.start, []).append(edge)
            self.arriving.setdefault(edge.to, {})[edge.start] = None
        self.referring = referring_to(dialog)

    # -- The whole --------------------------------------------------------------------------------------------

    def about(self) -> Iterator[Fact]:
        dialog = self.dialog
        for language, title in dialog.titles.items():
            yield _fact(f"Title {language}".strip(), line(Quote(title)))
        yield _fact("Languages", line(", ".join(dialog.languages)))
        yield _fact("Begins", line(on_channels(dialog.channels), ", with ", Link(dialog.start)))
        yield _fact("Going back", line(_BACK[dialog.back]))
        if dialog.expires_seconds is not None:
            yield _fact("Expires", line(f"when nobody has gone on with it for {duration(dialog.expires_seconds)}"))

    def sections(self) -> Iterator[Section]:
        data = tuple(self.data())
        if data:
            yield Section(item="", title="Data", facts=data)
        handlers = tuple(self.handlers(self.dialog.handlers))
        if handlers:
            yield Section(item="", title="At any time", facts=handlers)
        written = (item for item in self.dialog.items.values() if not isinstance(item, Leave))
        for number, item in enumerate(written, 1):
            yield self.section(number, item)

    def data(self) -> Iterator[Fact]:
        dialog = self.dialog
        if dialog.objects:
            yield Fact("Objects", tuple(self.object(node) for node in dialog.objects.values()))
        if dialog.variables:
            yield Fact("Variables", tuple(self.variable(node) for node in dialog.variables.values()))
        if dialog.computes:
            yield Fact(
                "Computed",
                tuple(
                    line(Code(node.name), f": {value(node.value, dialog)}") for node in dialog.computes.values()
                ),
            )

    def variable(self, node: Variable) -> Line:
        words = [f": {node.type}"]
        if node.direction.goes_in:
            words.append("given by whoever calls this dialog")
        if node.direction.comes_out:
            words.append("put out to whoever calls this dialog")
        if node.private:
            words.append("private")
        if node.initial is not None:
            words.append(f"at first {value(node.initial, self.dialog)}")
        return line(Code(f"vars.{node.name}"), ", ".join(words))

    def object(self, node: ObjectNode) -> Line:
        words = [f": a {node.class_name}"]
        if node.key is not None:
            words.append(f"found by {value(node.key, self.dialog)}")
        words.append(
            {"read": "only read", "write": "read and written", "create": "read, written and created"}[node.access]
        )
        if not node.may_be_missing:
            words.append("without it the dialog does not begin")
        return line(Code(node.name), ", ".join(words))

    # -- An item ----------------------------------------------------------------------------------------------

    def section(self, number: int, item: AnyItem) -> Section:
        facts = [fact for fact in self.facts(item) if fact.lines]
        seat = self.dialog.seats[item.id]
        depth = len(seat.groups) + len(seat.repeats)
        return Section(
            item=item.id, title=f"{number}. {item.id} ({kind_of(item)})", depth=depth, facts=tuple(facts)
        )

    def facts(self, item: AnyItem) -> Iterator[Fact]:
        if item.ask_if is not None:
            yield _fact("Only if", line(condition(item.ask_if, self.dialog)))
        yield Fact("Says", tuple(text_lines(item.texts, self.dialog)))
        if isinstance(item, (Info, Question, End)):
            yield Fact("Hints", tuple(text_lines(item.hints, self.dialog)))
        yield from own_facts(item, self.dialog)
        yield Fact(_leaving(item), tuple(block_lines(self.way_out(item).block, self.dialog)))
        yield from self.handlers(item.handlers)
        yield Fact("Leads to", tuple(self.leads(item)))
        yield Fact("Reached from", tuple(self.reached(item.id)))
        yield Fact("Used by", tuple(_links(self.referring.get(item.id, ()))))

    def way_out(self, item: AnyItem) -> AnyItem:
        """Return the item whose transitions are those of `item`: of a group, the one behind its last item."""
        if isinstance(item, (Group, Repeat, Call)):
            return self.dialog.items[item.leave]
        return item

    def handlers(self, handlers: Iterable[Handler]) -> Iterator[Fact]:
        lines = []
        for handler in handlers:
            block = self.dialog.blocks[handler.block]
            below = [*text_lines(handler.texts, self.dialog), *block_lines(block, self.dialog), *self.goes(block)]
            if all(transition.condition is not None for transition in block.nexts):
                below.append(line(_THEN[block.then]))
            lines.append(line(f"on {event_of(handler)}:", below=tuple(below)))
        if lines:
            yield Fact("When it happens", tuple(lines))

    def goes(self, block: Block) -> Iterator[Line]:
        for transition in block.nexts:
            where: Span = Link(transition.to) if transition.to is not None else "the following item"
            only = f", if {condition(transition.condition, self.dialog)}" if transition.condition else ""
            yield line("goes to ", where, only)

    # -- Ways -------------------------------------------------------------------------------------------------

    def leads(self, item: AnyItem) -> Iterator[Line]:
        way_out = self.way_out(item)
        edges = list(self.leaving.get(item.id, ()))
        if way_out is not item:
            edges = [edge for edge in edges if not (edge.way is Way.INSIDE and edge.to == way_out.id)]
            edges += self.leaving.get(way_out.id, ())
        plain = {edge.to for edge in edges if edge.way is Way.FOLLOWS and not edge.otherwise}
        for edge in edges:
            if edge.way is not Way.SKIPPED or edge.to not in plain:
                yield self.lead(edge)

    def lead(self, edge: Edge) -> Line:
        where = self.where(edge.to)
        match edge.way:
            case Way.SKIPPED:
                return line(where, ", when it is not asked")
            case Way.EVENT | Way.SERVICE | Way.LOT:
                about = f", {_BEFORE[edge.way]}{edge.about}"
                return line(where, about, self.only_if(edge))
            case Way.INSIDE:
                return line(where, ", within")
            case Way.EMPTY:
                return line(where, ", when there is no pass")
            case Way.AGAIN:
                return line(where, ", for the next pass")
            case _:
                return line(where, self.only_if(edge), ", otherwise" if edge.otherwise else "")

    def where(self, item: str) -> Span:
        target = self.dialog.items.get(item)
        if isinstance(target, Leave):
            kind = kind_of(self.dialog.items[target.of])
            return f"the end of the {kind} {target.of}"
        return Link(item) if item != NOWHERE else "nowhere: the script just stops"

    def only_if(self, edge: Edge) -> str:
        return f", if {condition(edge.condition, self.dialog)}" if edge.condition is not None else ""

    def reached(self, item: str) -> Iterator[Line]:
        if item == self.dialog.start:
            yield line("the beginning")
        starts = self.arriving.get(item, {})
        if ANYWHERE in starts:
            yield line("any item, by an event")
        named = [self.visible(start) for start in starts if start != ANYWHERE]
        yield from _links(dict.fromkeys(start for start in named if start != item))

    def visible(self, item: str) -> str:
        """Return the item a person knows: the way out of a group is the group's."""
        found = self.dialog.items[item]
        return found.of if isinstance(found, Leave) else item


def _links(items: Iterable[str]) -> Iterator[Line]:
    spans: list[Span] = []
    for item in items:
        spans += [", ", Link(item)] if spans else [Link(item)]
    if spans:
        yield line(*spans)


def _fact(label: str, *lines: Line) -> Fact:
    return Fact(label, lines)


def _leaving(item: AnyItem) -> str:
    return "On arriving" if isinstance(item, (Handover, End)) else "On leaving"
