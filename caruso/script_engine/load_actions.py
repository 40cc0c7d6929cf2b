"""Read the actions of a script, the transitions after them, and the macros that stand for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from caruso.script_engine.expressions import Expression
from caruso.script_engine.expressions.names import near
from caruso.script_engine.load_values import NULL, ValueLoader, place_of
from caruso.script_engine.macros import PARAM, Parameters
from caruso.script_engine.nodes import (
    Action,
    After,
    Block,
    Clear,
    Do,
    Handler,
    Log,
    Next,
    OncePer,
    RecordConsent,
    Set,
    Throw,
    When,
)
from caruso.script_engine.source import Element

ACTIONS = {"set", "clear", "do", "log", "throw", "record-consent", "use"}
#: Macros in macros, and actions of a script once all of them are in their places.
DEEPEST_MACRO = 10
MOST_ACTIONS = 10_000


class ActionLoader(ValueLoader):
    """Builds blocks of actions; each has a name that a run can keep."""

    def __init__(self, file: str) -> None:
        """Begin without blocks."""
        super().__init__(file)
        self.blocks: dict[str, Block] = {}
        self.actions: dict[str, Do] = {}
        self.macros: dict[str, Element] = {}
        #: Macros being expanded, outermost first.
        self.expanding: list[str] = []
        self._made = 0

    def block(self, owner: str, element: Element, after: After, **more: str) -> Block:
        """Register the actions and transitions written in `element` under the name `owner`."""
        made = Block(
            id=owner,
            item=self.item,
            after=after,
            actions=tuple(self.expanded(owner, element)),
            nexts=tuple(self.next(owner, number, child) for number, child in enumerate(element.all("next"))),
            **more,
        )
        self.blocks[owner] = made
        return made

    def next(self, owner: str, number: int, element: Element) -> Next:
        name = ""
        if any(child.name in ACTIONS for child in element.children):
            name = f"{owner}/next.{number}"
            made = self.block(name, element, After.GO)
            self.blocks[name] = replace(made, nexts=(), to=element.get("to"))
        return Next(to=element.get("to"), condition=self.condition(element), block=name, place=place_of(element))

    def action(self, owner: str, number: int, element: Element) -> Action:
        match element.name:
            case "set":
                root, name = self.target(element)
                to = self.compiled(element.required("to"), element.origin("to"))
                return Set(root=root, name=name, to=to, place=place_of(element))
            case "clear":
                names = (name.partition(".") for name in element.required("names").split())
                return Clear(names=tuple((root, name) for root, _, name in names), place=place_of(element))
            case "log":
                return Log(parts=self.parts(element), level=element.required("level"), place=place_of(element))
            case "throw":
                return Throw(event=element.required("event"), place=place_of(element))
            case "record-consent":
                given = self.compiled(element.required("given"), element.origin("given"))
                return RecordConsent(purpose=element.required("purpose"), given=given, place=place_of(element))
            case _:
                return self.do(f"{owner}/do.{number}", element)

    def target(self, element: Element, attribute: str = "name") -> tuple[str, str]:
        root, dot, name = element.required(attribute).partition(".")
        if not dot or not name or "." in name:
            self.refuse(
                "bad-value", f"“{element.get(attribute)}” cannot be set", element.origin(attribute), 0,
                "write vars.name or object.attribute",
            )  # fmt: skip
        return root, name

    def do(self, place: str, element: Element) -> Do:
        ref = element.get("id") or place
        if self.expanding:  # a macro is used more than once, its actions are others each time
            ref = f"{place.rpartition('/')[0]}/{ref}" if element.get("id") else place
        if ref in self.actions:
            self.refuse("name-twice", f"there are two actions “{ref}”", element.origin("id"))
        success, failure = element.first("on-success"), element.first("on-failure")
        for name, branch in (("success", success), ("failure", failure)):
            if branch is not None:
                self.block(f"{ref}/{name}", branch, After.RETURN)
        made = Do(
            ref=ref,
            item=self.item,
            service=element.required("service"),
            condition=self.optional(element, "if"),
            when=When(element.required("when")),
            timeout_seconds=self.seconds(element, "timeout"),
            retries=self.whole(element, "retries"),
            retry_wait_seconds=self.seconds(element, "retry-wait"),
            once_per=OncePer(element.required("once-per")),
            result=element.get("result") or "",
            params=tuple((param.required("name"), self.demanded(param, "as")) for param in element.all("param")),
            has_success=success is not None,
            has_failure=failure is not None,
            failure_texts=self.texts(failure) if failure is not None else (),
            place=place_of(element),
            undo=tuple(self.undo(ref, element)),
        )
        self.actions[ref] = made
        return made

    def undo(self, ref: str, element: Element) -> Iterator[str]:
        undo = element.first("undo")
        for number, child in enumerate(undo.children if undo is not None else ()):
            made = self.do(f"{ref}/undo.{number}", child)
            # Nobody is asked and nobody waits when something is made undone.
            self.actions[made.ref] = replace(made, when=When.BACKGROUND, once_per=OncePer.SESSION)
            yield made.ref

    # -- Macros -----------------------------------------------------------------------------------------------

    def learn(self, macros: Iterator[Element]) -> None:
        """Take the macros of the script; each is looked through, whether it is used or not."""
        for element in macros:
            name = element.required("name")
            if name in self.macros:
                self.refuse("name-twice", f"there are two macros “{name}”", element.origin("name"))
            self.macros[name] = element
        for name, element in self.macros.items():
            blocks, actions = dict(self.blocks), dict(self.actions)
            self.params = {param.required("name"): NULL for param in element.all("param")}
            self.expanding = [name]
            list(self.expanded(f"macro.{name}", element))
            self.blocks, self.actions, self.params, self.expanding = blocks, actions, None, []

    def expanded(self, owner: str, element: Element) -> Iterator[Action]:
        """Give the actions written in `element`, those of macros in their places."""
        for number, child in enumerate(child for child in element.children if child.name in ACTIONS):
            self._made += 1
            if self._made == MOST_ACTIONS:
                self.refuse("too-many-elements", f"more than {MOST_ACTIONS} actions", child.origin(""))
            if self._made >= MOST_ACTIONS:
                return
            if child.name == "use":
                yield from self.used(f"{owner}/use.{number}", child)
            else:
                yield self.action(owner, number, child)

    def used(self, owner: str, element: Element) -> Iterator[Action]:
        name = element.required("macro")
        macro = self.macros.get(name)
        if macro is None:
            suggestion = near(name, self.macros)
            self.refuse("unknown-macro", f"there is no macro “{name}”", element.origin("macro"), 0, suggestion)
            return
        if name in self.expanding or len(self.expanding) == DEEPEST_MACRO:
            circle = " → ".join([*self.expanding, name])
            self.refuse("macro-circle", f"a macro uses itself: {circle}", element.origin("macro"))
            return
        outside = self.params
        self.params = self.given(macro, element)
        self.expanding.append(name)
        yield from self.expanded(owner, macro)
        self.expanding.pop()
        self.params = outside

    def given(self, macro: Element, use: Element) -> Parameters:
        """Return what each parameter stands for: what is given, or else its default, or else null."""
        wanted: dict[str, Expression] = {}
        for param in use.all("param"):
            wanted[param.required("name")] = self.demanded(param, "as")
        outside, self.params = self.params, None
        known = {param.required("name"): self.condition(param, "as") or NULL for param in macro.all("param")}
        self.params = outside
        for param in use.all("param"):
            name = param.required("name")
            if name not in known:
                message = f"the macro has no parameter “{name}”"
                self.refuse("unknown-name", message, param.origin("name"), 0, near(name, known, PARAM + ".{}"))
        return {**known, **wanted}

    # -- Handlers ---------------------------------------------------------------------------------------------

    def handlers(self, element: Element) -> tuple[Handler, ...]:
        return tuple(self.handler(number, child) for number, child in enumerate(element.all("on")))

    def handler(self, number: int, element: Element) -> Handler:
        name = f"{self.item}/on.{number}"
        events = element.required("event").split()
        self.block(name, element, After.HANDLED, then=element.required("then"), event=events[0])
        return Handler(
            events=frozenset(events),
            attempt=self.whole(element, "attempt"),
            channels=self.channels(element, "channel"),
            texts=self.texts(element),
            block=name,
            place=place_of(element),
        )
