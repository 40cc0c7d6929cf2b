"""Find mistakes in what steers a dialog: groups, repeats, calls, lots, waits, events, undoing, migration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from caruso.script_engine.calls import OUTCOME
from caruso.script_engine.expressions.checker import texts_given
from caruso.script_engine.expressions.names import near
from caruso.script_engine.flow import NOWHERE, Flow
from caruso.script_engine.link import Library, called_by
from caruso.script_engine.nodes import (
    Back,
    Call,
    Dialog,
    Do,
    Frame,
    Group,
    Info,
    Next,
    Place,
    Question,
    Repeat,
    Set,
    Split,
    Throw,
    Wait,
    When,
)
from caruso.script_engine.repair import handlers_around
from caruso.script_engine.wording import primary

Report = Callable[..., None]

#: Services that do no harm when the dialog goes another way afterwards.
HARMLESS = frozenset({"note.add", "customer.update"})


def check_structure(*, dialog: Dialog, flow: Flow, library: Library | None, report: Report) -> None:
    """Tell everything that is wrong with what steers a dialog; it is not linked."""
    linter = _Structure(dialog, flow, library, report)
    for item in dialog.items.values():
        match item:
            case Group():
                linter.group(item)
            case Repeat():
                linter.repeat(item)
            case Call():
                linter.call(item)
            case Split():
                linter.split(item)
            case Wait():
                linter.wait(item)
            case _:
                pass
    linter.whole()


def happens(dialog: Dialog, library: Library | None) -> frozenset[str] | None:
    """Return the events a dialog throws or waits for, with those of what it calls; None when not all are known."""
    found: set[str] = set()
    for one in _with_called(dialog, library):
        if one is None:
            return None
        found |= {event for event, _ in _thrown(one)}
        found |= {item.event for item in one.items.values() if isinstance(item, Wait) and item.event}
    return frozenset(found)


def _with_called(dialog: Dialog, library: Library | None) -> Iterator[Dialog | None]:
    seen, todo = {dialog.id}, [dialog]
    for one in todo:  # grows on the way
        yield one
        for call in called_by(one):
            if call.dialog in seen:
                continue
            seen.add(call.dialog)
            called = library(call.dialog, call.version) if library is not None else None
            if called is None:
                yield None
            else:
                todo.append(called)


def _thrown(dialog: Dialog) -> Iterator[tuple[str, Place]]:
    for block in dialog.blocks.values():
        for action in block.actions:
            if isinstance(action, Throw):
                yield action.event, action.place


def _chain(came: Mapping[str, str], last: str, begin: str) -> tuple[str, ...]:
    """Return the dialogs from one to the last that calls it again."""
    chain = [begin, last]
    while chain[-1] != begin:
        chain.append(came[chain[-1]])
    return tuple(reversed(chain))


def _asks(dialog: Dialog, name: str) -> bool:
    item = dialog.items[name]
    return isinstance(item, Question) or (isinstance(item, Info) and item.confirm)


class _Structure:
    """One look at one script."""

    def __init__(self, dialog: Dialog, flow: Flow, library: Library | None, report: Report) -> None:
        self.dialog = dialog
        self.flow = flow
        self.library = library
        self.report = report

    def whole(self) -> None:
        self.jumps()
        self.thrown()
        self.undoing()
        self.outputs()
        self.migrations()
        if self.dialog.back is Back.WITHIN_GROUP and not any(
            isinstance(item, Group) for item in self.dialog.items.values()
        ):
            self.warn("no-group", "there is no group, so nobody can go back", self.dialog.place, "back")

    def warn(self, rule: str, message: str, place: Place, attribute: str = "", suggestion: str = "") -> None:
        self.report(rule, message, place, attribute, suggestion, level="warning")

    # -- Groups and repeats -----------------------------------------------------------------------------------

    def group(self, item: Group) -> None:
        if item.wanted_together and not item.together:
            message = f"“{item.id}” is asked one by one: it holds more than a form can show"
            suggestion = "a form holds infos, questions and groups, and no options from objects"
            self.warn("not-together", message, item.place, "show", suggestion)

    def repeat(self, item: Repeat) -> None:
        if item.over is None and item.times is None and item.condition is None:
            message = f"nothing says when “{item.id}” is done"
            self.report("no-limit", message, item.place, "id", "write over, times or while")
        if item.most == 0:
            self.report("no-limit", f"“{item.id}” may make no pass at all", item.place, "max")

    def jumps(self) -> None:
        """Find transitions into a repeat: they begin it, which may not be what was meant."""
        for block in self.dialog.blocks.values():
            here = self.dialog.seats[block.item].repeats if block.item else ()
            for transition in block.nexts:
                self.jump(transition, here)

    def jump(self, transition: Next, here: tuple[str, ...]) -> None:
        if transition.to is None:
            return
        wanted = self.dialog.seats[transition.to].repeats
        entered = next((name for depth, name in enumerate(wanted) if here[depth : depth + 1] != (name,)), None)
        if entered is not None:
            message = f"“{transition.to}” is in the repeat “{entered}”, which begins there with its first item"
            self.warn("into-repeat", message, transition.place, "to", f'write to="{entered}"')

    # -- Calls ------------------------------------------------------------------------------------------------

    def call(self, item: Call) -> None:
        if item.dialog == self.dialog.id:
            self.report("dialog-circle", f"“{item.dialog}” calls itself", item.place, "dialog")
            return
        if self.library is None:
            return
        called = self.library(item.dialog, item.version)
        if called is None:
            self.report("unknown-dialog", f"there is no dialog “{item.dialog}”", item.place, "dialog")
            return
        self.meets(item, called)
        self.passes(item, called.frames[""])
        self.returns(item, called.frames[""])
        if circle := self.circle(called):
            self.report("dialog-circle", f"calls itself: {' → '.join(circle)}", item.place, "dialog")

    def meets(self, item: Call, called: Dialog) -> None:
        """Find whom the called dialog has no words for: it was checked for its own channels and languages only."""
        for channel in sorted(self.flow.channels.get(item.id, frozenset()) - called.channels):
            message = f"“{called.id}” is not made for {channel}, where it can be called"
            suggestion = f"let its channels have {channel}, or write ask-if=\"dialog.channel ne '{channel}'\""
            self.report("call-channel", message, item.place, "dialog", suggestion)
        written = {primary(language) for language in called.languages}
        lacking = [language for language in self.dialog.languages if primary(language) not in written]
        if lacking:
            message = f"“{called.id}” is not written in {', '.join(lacking)}, in which it can be called"
            self.report("call-language", message, item.place, "dialog", f"let its languages have {lacking[0]}")

    def passes(self, item: Call, frame: Frame) -> None:
        taken = [name for name, variable in frame.variables.items() if variable.direction.goes_in]
        for passed in item.passes:
            if passed.name not in taken:
                message = f"“{item.dialog}” takes no “{passed.name}”"
                self.report("not-passed", message, passed.place, "name", near(passed.name, taken))

    def returns(self, item: Call, frame: Frame) -> None:
        given = [name for name, variable in frame.variables.items() if variable.direction.comes_out]
        for returned in item.returns:
            if returned.name not in {*given, OUTCOME}:
                message = f"“{item.dialog}” puts out no “{returned.name}”"
                self.report(
                    "not-returned", message, returned.place, "name", near(returned.name, [*given, OUTCOME])
                )

    def circle(self, called: Dialog) -> tuple[str, ...]:
        """Return a way from a called dialog back to this one; nothing where there is none."""
        came, todo = {called.id: self.dialog.id}, [called]
        for one in todo:  # grows on the way
            for call in called_by(one):
                if call.dialog == self.dialog.id:
                    return _chain(came, one.id, self.dialog.id)
                inner = self.library(call.dialog, call.version) if self.library is not None else None
                if inner is not None and inner.id not in came:
                    came[inner.id] = one.id
                    todo.append(inner)
        return ()

    # -- Lots, waits and events -------------------------------------------------------------------------------

    def split(self, item: Split) -> None:
        names: set[str] = set()
        for branch in item.branches:
            if branch.name in names:
                self.report("name-twice", f"there are two branches “{branch.name}”", branch.place, "name")
            names.add(branch.name)

    def wait(self, item: Wait) -> None:
        for handler in item.handlers:
            if item.duration is None and item.event != "timer" and "timer" in handler.events:
                message = f"“{item.id}” has no time that could be over"
                self.warn("never-happens", message, handler.place, "event", 'write for="…"')

    def thrown(self) -> None:
        """Find events that nobody handles, but that are written nearly like one somebody does."""
        handled = {
            event
            for item in self.dialog.items.values()
            for handler in handlers_around(self.dialog, item)
            for event in handler.events
        }
        awaited = {item.event for item in self.dialog.items.values() if isinstance(item, Wait)}
        for event, place in _thrown(self.dialog):
            meant = near(event, handled)
            if event not in handled | awaited and meant:
                self.report("unknown-event", f"nobody handles “{event}”", place, "event", meant)

    # -- Actions ----------------------------------------------------------------------------------------------

    def undoing(self) -> None:
        """Find what stays done although the path may lead elsewhere when somebody goes back."""
        if self.dialog.back is Back.NONE:
            return
        undos = {ref for action in self.dialog.actions.values() for ref in action.undo}
        for action in self.dialog.actions.values():
            if action.undo or action.ref in undos or action.when is When.AT_END or _harmless(action):
                continue
            if self.passed_by(action) and self.goes_on(action.item):
                message = f"{action.service} stays done when somebody goes back and takes another way"
                self.warn("no-undo", message, action.place, "", 'add <undo>, or back="none", or when="at-end"')

    def passed_by(self, action: Do) -> bool:
        """Whether a path from the beginning may come to its end without the item of the action."""
        if not action.item or action.item not in self.flow.channels:
            return False
        seen, todo = {self.dialog.start, action.item}, [self.dialog.start]
        if self.dialog.start == action.item:
            return False
        for name in todo:  # grows on the way
            fresh = [to for to in sorted(self.flow.forward[name]) if to not in seen]
            if not self.flow.forward[name] or NOWHERE in fresh:
                return True
            seen.update(fresh)
            todo += fresh
        return False

    def goes_on(self, item: str) -> bool:
        """Whether somebody is asked anything after an item, and so can go back."""
        seen, todo = {item}, [item]
        for name in todo:  # grows on the way
            fresh = self.flow.forward[name] - seen - {NOWHERE}
            if any(_asks(self.dialog, to) for to in fresh):
                return True
            seen |= fresh
            todo += fresh
        return False

    def outputs(self) -> None:
        """Find variables that are put out, but never get a value."""
        written = {
            action.name
            for block in self.dialog.blocks.values()
            for action in block.actions
            if isinstance(action, Set) and action.root == "vars"
        }
        written |= {
            returned.to[1]
            for call in called_by(self.dialog)
            for returned in call.returns
            if returned.to[0] == "vars"
        }
        for variable in self.dialog.variables.values():
            out = variable.direction.comes_out and not variable.direction.goes_in
            if out and variable.initial is None and variable.name not in written:
                self.warn("never-set", f"“{variable.name}” is put out, but never set", variable.place, "name")

    # -- Migration --------------------------------------------------------------------------------------------

    def migrations(self) -> None:
        questions = [item.id for item in self.dialog.items.values() if isinstance(item, Question)]
        for migration in self.dialog.migrations:
            if self.dialog.version in migration.versions:
                self.report("migrate-to-itself", "this is the version itself", migration.place, "from")
            for rename in migration.renames:
                if rename.to not in questions:
                    message = f"there is no question “{rename.to}”"
                    self.report("unknown-item", message, rename.place, "to", near(rename.to, questions))


def _harmless(action: Do) -> bool:
    """Whether it matters little that an action stays done: it asks, or is done over by the next."""
    methods = [texts_given(value.tree) for name, value in action.params if name == "method"]
    reads = all(text in {"GET", "HEAD"} for given in methods for text, _ in given or [("", 0)])
    return action.service in HARMLESS or (action.service == "http.request" and reads)
