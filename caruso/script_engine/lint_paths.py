"""Find where a dialog can not go, where it goes for ever, and what is not known yet when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from caruso.script_engine.expressions.checker import answers_used, names_used, used_of
from caruso.script_engine.flow import NOWHERE, Flow, passing_once, reaching, shown, silent_loops, way_to
from caruso.script_engine.lint_uses import Use
from caruso.script_engine.nodes import Dialog, Leave, Question, Repeat

Report = Callable[..., None]


def check_paths(dialog: Dialog, flow: Flow, uses: Sequence[Use], report: Report, report_in: Report) -> None:
    """Tell of everything that is wrong with the paths of a dialog; `report_in` points into an expression."""
    linter = _Paths(dialog, flow, uses, report, report_in)
    linter.not_yet_known()
    linter.results()
    linter.keys()
    linter.paths()


class _Paths:
    """One look at one script."""

    def __init__(self, dialog: Dialog, flow: Flow, uses: Sequence[Use], report: Report, report_in: Report) -> None:
        self.dialog = dialog
        self.flow = flow
        self.uses = uses
        self.report = report
        self.report_in = report_in
        self.questions = {item.id for item in dialog.items.values() if isinstance(item, Question)}

    def not_yet_known(self) -> None:
        before, within = reaching(self.flow), reaching(passing_once(self.dialog, self.flow))
        bits = {item: 1 << number for number, item in enumerate(self.flow.forward)}
        for use in self.uses:
            if use.item not in self.flow.channels:
                continue
            for answer, at in answers_used(use.expression.tree):
                if answer not in self.questions or answer == use.item:
                    continue
                around = self.dialog.seats[answer].repeats
                if around and self.dialog.seats[use.item].repeats[: len(around)] != around:
                    self.of_which_pass(use, answer, around[-1], at)
                elif not (within if around else before)[use.item] & bits[answer]:
                    message = f"“{answer}” cannot have been asked before “{shown(use.item)}”"
                    self.report_in("not-yet-known", message, use.expression, at)

    def keys(self) -> None:
        """Find keys of objects that read what is not there yet: objects are loaded before the first item."""
        late = {"answers", "vars", "result", *self.dialog.objects}
        for node in self.dialog.objects.values():
            if node.key is None:
                continue
            for name, at in names_used(node.key.tree):
                if name in late:
                    message = f"“{node.name}” is loaded before the first item, when there is no {name} yet"
                    suggestion = "use what call and agent hold"
                    self.report_in("not-yet-known", message, node.key, at, suggestion)

    def results(self) -> None:
        """Find results of services that cannot have been asked."""
        before = reaching(self.flow)
        bits = {item: 1 << number for number, item in enumerate(self.flow.forward)}
        askers: dict[str, int] = {}
        for action in self.dialog.actions.values():
            if action.result:
                # One in a handler of the dialog may have been asked anywhere.
                askers[action.result] = askers.get(action.result, 0) | (bits[action.item] if action.item else -1)
        for use in self.uses:
            if use.item not in self.flow.channels:
                continue
            for result, at in used_of("result", use.expression.tree):
                if result in askers and not (before[use.item] | bits[use.item]) & askers[result]:
                    message = f"the service of “{result}” cannot have been asked before “{shown(use.item)}”"
                    self.report_in("not-yet-known", message, use.expression, at)

    def of_which_pass(self, use: Use, answer: str, around: str, at: int) -> None:
        repeat = self.dialog.items[around]
        name = repeat.name if isinstance(repeat, Repeat) else around
        message = f"“{answer}” is asked in each pass of “{name}”, and this is outside of them"
        suggestion = f"answers.{name} is the list of its passes: sum(answers.{name}, p, p.{answer})"
        self.report_in("of-which-pass", message, use.expression, at, suggestion)

    def paths(self) -> None:
        for item in self.dialog.items.values():
            if isinstance(item, Leave):
                continue  # nobody wrote it, and what it leaves is looked at
            if item.id not in self.flow.channels:
                self.report("unreachable", f"no path leads to “{item.id}”", item.place, "id")
            elif NOWHERE in self.flow.forward[item.id] | self.flow.forward.get(f"{item.id}~leave", frozenset()):
                message = f"after “{item.id}” the script just stops{self.way(item.id)}"
                self.report("no-end", message, item.place, "id", "add <next to=…/>, or an <end> after it")
        for circle in silent_loops(self.dialog, self.flow):
            names = dict.fromkeys(map(shown, circle))
            message = f"goes round without asking anybody: {' → '.join([*names, shown(circle[0])])}"
            self.report("endless-loop", message + self.way(circle[0]), self.dialog.items[circle[0]].place, "id")

    def way(self, item: str) -> str:
        """Say by which answers a path comes to an item, where they matter."""
        conditions = [condition for _, condition in way_to(self.dialog, self.flow, item) if condition]
        return f" (when {' and '.join(conditions)})" if conditions else ""
