"""Explain a script: a logic sheet of everything it says, asks and does, with its conditions in words.

For the person who has to agree to it, and for the one who maintains it. Nothing of a run is known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from caruso.script_engine.nodes import (
    AnyItem,
    Block,
    Check,
    Dialog,
    End,
    Handler,
    Handover,
    Info,
    ObjectNode,
    OptionNode,
    Question,
    Save,
    Text,
    Texts,
)
from caruso.script_engine.tools.edges import ANYWHERE, NOWHERE, Edge, Way, edges_of, event_of
from caruso.script_engine.tools.explain_actions import block_lines, parts_spans
from caruso.script_engine.tools.in_words import condition, on_channels, value
from caruso.script_engine.tools.references import referring_to
from caruso.script_engine.tools.sheet import Code, Fact, Line, Link, Quote, Section, Sheet, Span, line

_KINDS = {Info: "info", Question: "question", Handover: "hand-over", End: "end"}
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
        yield _fact("Going back", line("is possible" if dialog.back_allowed else "is not possible"))

    def sections(self) -> Iterator[Section]:
        data = tuple(self.data())
        if data:
            yield Section(item="", title="Data", facts=data)
        handlers = tuple(self.handlers(self.dialog.handlers))
        if handlers:
            yield Section(item="", title="At any time", facts=handlers)
        for number, item in enumerate(self.dialog.items.values(), 1):
            yield self.section(number, item)

    def data(self) -> Iterator[Fact]:
        dialog = self.dialog
        if dialog.objects:
            yield Fact("Objects", tuple(self.object(node) for node in dialog.objects.values()))
        if dialog.variables:
            lines = []
            for variable in dialog.variables.values():
                initial = f", at first {value(variable.initial, dialog)}" if variable.initial else ""
                lines.append(line(Code(f"vars.{variable.name}"), f": {variable.type}{initial}"))
            yield Fact("Variables", tuple(lines))
        if dialog.computes:
            yield Fact(
                "Computed",
                tuple(
                    line(Code(node.name), f": {value(node.value, dialog)}") for node in dialog.computes.values()
                ),
            )

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
        return Section(item=item.id, title=f"{number}. {item.id} ({_kind(item)})", facts=tuple(facts))

    def facts(self, item: AnyItem) -> Iterator[Fact]:
        if item.ask_if is not None:
            yield _fact("Only if", line(condition(item.ask_if, self.dialog)))
        yield Fact("Says", tuple(self.texts(item.texts)))
        if not isinstance(item, Handover):
            yield Fact("Hints", tuple(self.texts(item.hints)))
        yield from self.own(item)
        yield Fact(_leaving(item), tuple(block_lines(item.block, self.dialog)))
        yield from self.handlers(item.handlers)
        yield Fact("Leads to", tuple(self.leads(item.id)))
        yield Fact("Reached from", tuple(self.reached(item.id)))
        yield Fact("Used by", tuple(_links(self.referring.get(item.id, ()))))

    def own(self, item: AnyItem) -> Iterator[Fact]:
        """Give what only this kind of item has."""
        match item:
            case Question():
                yield from self.question(item)
            case Info(confirm=True):
                yield _fact("Waits", line("on a screen, until it was taken note of"))
            case Handover():
                yield from self.handover(item)
            case End():
                yield _fact("Outcome", line(Code(item.outcome)))
                if item.disposition:
                    yield _fact("Disposition", line(Code(item.disposition)))
                if item.hang_up:
                    yield _fact("On the phone", line("hangs up"))
            case _:
                pass

    def question(self, item: Question) -> Iterator[Fact]:
        yield Fact("Options", tuple(self.option(option) for option in item.options))
        yield _fact("Answer", line(", ".join(self.answer(item))))
        yield Fact("Checks", tuple(self.check(check) for check in item.checks))

    def answer(self, item: Question) -> Iterator[str]:
        yield item.type.value
        if isinstance(item.required, bool):
            yield "needed" if item.required else "may stay empty"
        else:
            yield f"needed if {condition(item.required, self.dialog)}"
        if item.minimum is not None:
            yield f"at least {value(item.minimum, self.dialog)}"
        if item.maximum is not None:
            yield f"at most {value(item.maximum, self.dialog)}"
        if item.pattern is not None:
            yield f"of the form {item.pattern.source}"
        if item.default is not None:
            yield f"proposed: {value(item.default, self.dialog)}"
        if item.bind is not None:
            when = {Save.ANSWER: "at once", Save.END: "at the end", Save.NEVER: "never"}[item.save]
            yield f"belongs to {item.bind[0]}.{item.bind[1]}, written {when}"
        if item.skip_if_known:
            yield "not asked when known"

    def option(self, option: OptionNode) -> Line:
        key = f" [key {option.key}]" if option.key else ""
        only = f", only if {condition(option.condition, self.dialog)}" if option.condition else ""
        return line(Code(option.value), f"{key}{only}", below=tuple(self.texts(option.texts)))

    def check(self, check: Check) -> Line:
        level = "else warned" if check.warning else "else refused"
        return line(condition(check.condition, self.dialog), f", {level}:", below=tuple(self.texts(check.texts)))

    def handover(self, item: Handover) -> Iterator[Fact]:
        spans: list[Span] = [on_channels([item.channel]).removeprefix("on ")]
        for name, expression in (("queue", item.queue), ("skills", item.skill), ("priority", item.priority)):
            if expression is not None:
                spans.append(f", {name} {value(expression, self.dialog)}")
        yield _fact("Hands over to", line(*spans))

    def handlers(self, handlers: Iterable[Handler]) -> Iterator[Fact]:
        lines = []
        for handler in handlers:
            block = self.dialog.blocks[handler.block]
            below = [*self.texts(handler.texts), *block_lines(block, self.dialog), *self.goes(block)]
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

    # -- Texts ------------------------------------------------------------------------------------------------

    def texts(self, texts: Texts) -> Iterator[Line]:
        for text in texts:
            about = ", ".join(self.about_text(text))
            more = f" ({text.audio})" if text.audio else ""
            yield line(f"{about}: " if about else "", Quote(parts_spans(text.parts, self.dialog)), more)

    def about_text(self, text: Text) -> Iterator[str]:
        if text.language:
            yield text.language
        if text.channels is not None:
            yield on_channels(text.channels)
        if text.attempt:
            yield f"from attempt {text.attempt} on"
        if text.condition is not None:
            yield f"if {condition(text.condition, self.dialog)}"

    # -- Ways -------------------------------------------------------------------------------------------------

    def leads(self, item: str) -> Iterator[Line]:
        plain = {edge.to for edge in self.leaving.get(item, ()) if edge.way is Way.FOLLOWS and not edge.otherwise}
        for edge in self.leaving.get(item, ()):
            if edge.way is Way.SKIPPED and edge.to in plain:
                continue
            where: Span = Link(edge.to) if edge.to != NOWHERE else "nowhere: the script just stops"
            match edge:
                case Edge(way=Way.SKIPPED):
                    yield line(where, ", when it is not asked")
                case Edge(way=Way.EVENT | Way.SERVICE, about=about):
                    yield line(
                        where, f", {'on ' if edge.way is Way.EVENT else 'when '}{about}", self.only_if(edge)
                    )
                case _:
                    yield line(where, self.only_if(edge), ", otherwise" if edge.otherwise else "")

    def only_if(self, edge: Edge) -> str:
        return f", if {condition(edge.condition, self.dialog)}" if edge.condition is not None else ""

    def reached(self, item: str) -> Iterator[Line]:
        if item == self.dialog.start:
            yield line("the beginning")
        starts = self.arriving.get(item, {})
        if ANYWHERE in starts:
            yield line("any item, by an event")
        yield from _links(start for start in starts if start != ANYWHERE)


def _links(items: Iterable[str]) -> Iterator[Line]:
    spans: list[Span] = []
    for item in items:
        spans += [", ", Link(item)] if spans else [Link(item)]
    if spans:
        yield line(*spans)


def _fact(label: str, *lines: Line) -> Fact:
    return Fact(label, lines)


def _kind(item: AnyItem) -> str:
    return _KINDS[type(item)]


def _leaving(item: AnyItem) -> str:
    return "On arriving" if isinstance(item, (Handover, End)) else "On leaving"
