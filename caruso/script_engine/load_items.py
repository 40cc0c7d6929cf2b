"""Read the items of a script: what they say, what they hold, and what follows what."""

from __future__ import annotations

import re
from collections.abc import Sequence

from caruso.script_engine.expressions import Expression
from caruso.script_engine.expressions.checker import answers_used, names_used
from caruso.script_engine.load_questions import QuestionLoader
from caruso.script_engine.load_values import place_of
from caruso.script_engine.nodes import (
    After,
    AnyItem,
    Block,
    Branch,
    Call,
    Choose,
    Compute,
    End,
    Group,
    Handover,
    Info,
    Leave,
    Pass,
    Question,
    Repeat,
    Return,
    Seat,
    Split,
    Wait,
)
from caruso.script_engine.source import Element
from caruso.script_engine.turns import ScriptChannel

ITEMS = {"info", "question", "group", "repeat", "call", "choose", "split", "handover", "wait", "end"}
#: What no id can hold, so that the ways out have ids of their own.
LEAVE = "~leave"


def titles_of(element: Element) -> dict[str, str]:
    """Return the titles by language."""
    return {title.get("lang") or "": " ".join(title.texts[0].split()) for title in element.all("title")}


class ItemLoader(QuestionLoader):
    """Builds items, those within others behind the one that holds them."""

    def __init__(self, file: str) -> None:
        """Begin without items."""
        super().__init__(file)
        self.items: dict[str, AnyItem] = {}
        self.following: dict[str, str | None] = {}
        self.seats: dict[str, Seat] = {}
        self.repeats: dict[str, str] = {}
        self.computes: dict[str, Compute] = {}

    def lay_out(self, elements: Sequence[Element], behind: str | None, seat: Seat) -> None:
        """Build items that follow each other; the last one leads `behind`."""
        ids = [element.required("id") for element in elements]
        for element, following in zip(elements, [*ids[1:], behind], strict=True):
            self.following[element.required("id")] = following
            self.seats[element.required("id")] = seat
            self.build(element, following, seat)

    def build(self, element: Element, following: str | None, seat: Seat) -> None:
        """Build an item and what is in it."""
        name = element.required("id")
        self.item = name
        match element.name:
            case "info":
                self.items[name] = self.info(element)
            case "question":
                self.items[name] = self.question(element)
            case "handover":
                self.items[name] = self.handover(element)
            case "choose":
                self.items[name] = self.choose(element)
            case "split":
                self.items[name] = self.split(element)
            case "wait":
                self.items[name] = self.wait(element)
            case "group":
                self.group(element, following, seat)
            case "repeat":
                self.repeat(element, following, seat)
            case "call":
                self.call(element, following, seat)
            case _:
                self.items[name] = self.end(element)
        self.item = ""

    def info(self, element: Element) -> Info:
        return Info(
            id=self.item,
            texts=self.texts(element),
            ask_if=self.optional(element, "ask-if"),
            handlers=self.handlers(element),
            block=self.block(self.item, element, After.FOLLOW),
            place=place_of(element),
            hints=self.texts(element, "hint"),
            confirm=element.get("confirm") == "yes",
            sensitive=element.get("sensitive") == "yes",
        )

    def handover(self, element: Element) -> Handover:
        return Handover(
            id=self.item,
            texts=self.texts(element),
            ask_if=self.optional(element, "ask-if"),
            handlers=self.handlers(element),
            block=self.block(self.item, element, After.ARRIVED),
            place=place_of(element),
            channel=ScriptChannel(element.required("channel")),
            queue=self.optional(element, "queue"),
            skill=self.optional(element, "skill"),
            priority=self.optional(element, "priority"),
            resume_at=element.get("resume-at"),
            voicemail=element.get("to") == "voicemail",
        )

    def end(self, element: Element) -> End:
        return End(
            id=self.item,
            texts=self.texts(element),
            ask_if=None,
            handlers=(),
            block=self.block(self.item, element, After.ARRIVED),
            place=place_of(element),
            hints=self.texts(element, "hint"),
            outcome=element.required("outcome"),
            disposition=element.get("disposition") or "",
            hang_up=element.get("hang-up") == "yes",
        )

    # -- Items that only steer --------------------------------------------------------------------------------

    def choose(self, element: Element) -> Choose:
        return Choose(
            id=self.item,
            texts=(),
            ask_if=None,
            handlers=(),
            block=self.block(self.item, element, After.FOLLOW),
            place=place_of(element),
        )

    def split(self, element: Element) -> Split:
        made = Split(
            id=self.item,
            texts=(),
            ask_if=None,
            handlers=(),
            block=self.block(self.item, element, After.FOLLOW),
            place=place_of(element),
            name=element.required("name"),
            by_customer=element.get("sticky") == "customer",
            branches=tuple(self.branch(child) for child in element.all("branch")),
        )
        if not any(branch.weight for branch in made.branches):
            self.refuse("bad-value", "no branch has a weight", element.origin("name"))
        return made

    def branch(self, element: Element) -> Branch:
        return Branch(
            name=element.required("name"),
            weight=self.whole(element, "weight"),
            to=element.required("to"),
            place=place_of(element),
        )

    def wait(self, element: Element) -> Wait:
        if element.get("for") is None and element.get("event") is None:
            self.refuse("bad-value", "waits for nothing: write “for” or “event”", element.origin("id"))
        return Wait(
            id=self.item,
            texts=(),
            ask_if=None,
            handlers=self.handlers(element),
            block=self.block(self.item, element, After.FOLLOW),
            place=place_of(element),
            duration=self.optional(element, "for"),
            event=element.get("event") or "",
        )

    # -- Items with others in them ----------------------------------------------------------------------------

    def inside(self, element: Element, way_out: str, seat: Seat) -> tuple[str, ...]:
        """Build what is in a group or a repeat; return the ids of all of it."""
        before = len(self.items)
        self.lay_out([child for child in element.children if child.name in ITEMS], way_out, seat)
        return tuple(self.items)[before:]

    def way_out(self, element: Element, following: str | None, seat: Seat) -> Leave:
        """Build where the last item within leads; the transitions of the whole are taken there."""
        name = self.item = element.required("id") + LEAVE
        made = Leave(
            id=name,
            texts=(),
            ask_if=None,
            handlers=(),
            block=self.block(name, element, After.FOLLOW),
            place=place_of(element),
            of=element.required("id"),
        )
        self.items[name], self.following[name], self.seats[name] = made, following, seat
        return made

    def nothing(self) -> Block:
        """Build the empty block of an item without actions of its own."""
        made = Block(id=self.item, item=self.item, after=After.FOLLOW)
        self.blocks[self.item] = made
        return made

    def hold_place(self, element: Element, block: Block) -> None:
        """Keep the place in document order of an item that is finished only after those within it."""
        self.items[self.item] = Choose(
            id=self.item, texts=(), ask_if=None, handlers=(), block=block, place=place_of(element)
        )

    def group(self, element: Element, following: str | None, seat: Seat) -> None:
        name = self.item
        ask_if, block = self.optional(element, "ask-if"), self.nothing()
        self.hold_place(element, block)
        inner = Seat(frame=seat.frame, repeats=seat.repeats, groups=(*seat.groups, name))
        within = self.inside(element, name + LEAVE, inner)
        self.way_out(element, following, seat)
        self.items[name] = Group(
            id=name,
            texts=(),
            ask_if=ask_if,
            handlers=(),
            block=block,
            place=place_of(element),
            titles=titles_of(element),
            first=within[0],
            leave=name + LEAVE,
            wanted_together=element.get("show") == "together",
            members=self.shown_together(within),
            sensitive=element.get("sensitive") == "yes",
        )

    def shown_together(self, within: Sequence[str]) -> tuple[str, ...]:
        """Return what of a group can be shown at once; nothing when not all of it can."""
        items = [self.items[name] for name in within]
        if not all(isinstance(item, (Question, Info, Group, Leave)) for item in items):
            return ()
        if any(isinstance(item, Question) and item.from_objects is not None for item in items):
            return ()  # objects are looked for one question at a time
        return tuple(item.id for item in items if isinstance(item, (Question, Info)))

    def repeat(self, element: Element, following: str | None, seat: Seat) -> None:
        name = self.item
        block = self.nothing()
        ask_if, condition = self.optional(element, "ask-if"), self.optional(element, "while")
        over, times, most = (
            self.optional(element, "over"),
            self.optional(element, "times"),
            self.whole(element, "max"),
        )
        self.repeat_name(element)
        self.hold_place(element, block)
        inner = Seat(frame=seat.frame, repeats=(*seat.repeats, name), groups=seat.groups)
        within = self.inside(element, name + LEAVE, inner)
        self.way_out(element, following, inner)
        self.items[name] = Repeat(
            id=name,
            texts=(),
            ask_if=ask_if,
            handlers=(),
            block=block,
            place=place_of(element),
            name=element.required("name"),
            titles=titles_of(element),
            first=within[0],
            leave=name + LEAVE,
            questions=self.asked_in(within, inner, Question),
            inner=self.asked_in(within, inner, Repeat),
            over=over,
            times=times,
            condition=condition,
            condition_after=condition is not None and self.reads(condition, within),
            most=most,
            sensitive=element.get("sensitive") == "yes",
        )

    def asked_in(self, within: Sequence[str], seat: Seat, kind: type[AnyItem]) -> tuple[str, ...]:
        """Return the items of a kind that are in a repeat, but in no repeat within it."""
        return tuple(
            name
            for name in within
            if isinstance(self.items[name], kind) and self.seats[name].repeats == seat.repeats
        )

    def reads(self, condition: Expression, within: Sequence[str]) -> bool:
        """Whether a condition reads answers of questions within the repeat it belongs to, be it by a `compute`."""
        seen: set[str] = set()
        todo = [condition]
        while todo:
            tree = todo.pop().tree
            if any(name in within for name, _ in answers_used(tree)):
                return True
            fresh = {name for name, _ in names_used(tree) if name in self.computes} - seen
            seen |= fresh
            todo += [self.computes[name].value for name in fresh]
        return False

    def repeat_name(self, element: Element) -> None:
        name = element.required("name")
        if name in self.repeats:
            self.refuse("name-twice", f"there are two “{name}”", element.origin("name"))
        self.speakable(name, element)
        self.repeats[name] = element.required("id")

    def speakable(self, name: str, element: Element) -> None:
        """Refuse what cannot be a name in expressions."""
        if not re.fullmatch(r"[^\W\d]\w*", name):
            self.refuse(
                "bad-value", f"“{name}” cannot be a name in expressions", element.origin("name"), 0,
                "use letters, digits and _",
            )  # fmt: skip

    def call(self, element: Element, following: str | None, seat: Seat) -> None:
        name = self.item
        ask_if, handlers, block = self.optional(element, "ask-if"), self.handlers(element), self.nothing()
        self.items[name] = Call(
            id=name,
            texts=(),
            ask_if=ask_if,
            handlers=handlers,
            block=block,
            place=place_of(element),
            dialog=element.required("dialog"),
            version=element.get("version") or "",
            passes=tuple(self.passed(child) for child in element.all("pass")),
            returns=tuple(self.returned(child) for child in element.all("return")),
            leave=name + LEAVE,
            sensitive=element.get("sensitive") == "yes",
        )
        self.way_out(element, following, seat)

    def passed(self, element: Element) -> Pass:
        value = self.compiled(element.required("as"), element.origin("as"))
        return Pass(name=element.required("name"), value=value, place=place_of(element))

    def returned(self, element: Element) -> Return:
        return Return(name=element.required("name"), to=self.target(element, "to"), place=place_of(element))
