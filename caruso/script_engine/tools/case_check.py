"""Find what in a script's test cases cannot be meant: items, objects and services that are not there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from caruso.errors import Located
from caruso.script_engine.nodes import Call, Dialog
from caruso.script_engine.source import did_you_mean
from caruso.script_engine.tools.case_elements import AGENT, CALL, HOURS
from caruso.script_engine.tools.cases import Act, Case, Expectation, Spot
from caruso.script_engine.tools.setting import ANY_SERVICE
from caruso.script_engine.tools.steps import Answer, Confirm, Correct, Keys


def check_cases(dialog: Dialog, cases: Iterable[Case]) -> Iterator[Located]:
    """Give what is wrong with the cases of a script."""
    checker = _Checker(dialog)
    seen: set[str] = set()
    for case in cases:
        if case.name in seen:
            yield _found("name-twice", f"there are two test cases “{case.name}”", case, case.spot, "name")
        seen.add(case.name)
        yield from checker.case(case)


class _Checker:
    """Knows what there is."""

    def __init__(self, dialog: Dialog) -> None:
        self.dialog = dialog
        self.services = sorted({action.service for action in dialog.actions.values()})
        self.objects = [*dialog.objects, CALL, AGENT, HOURS]
        calls = any(isinstance(item, Call) for item in dialog.items.values())
        #: What a called dialog asks and names is not known before it is linked.
        self.closed = not calls

    def case(self, case: Case) -> Iterator[Located]:
        for channel in case.channels:
            if channel not in self.dialog.channels:
                message = f"the script does not begin on the channel “{channel}”"
                yield _found("wrong-channel", message, case, case.spot, "channel")
        if case.language and case.language not in self.dialog.languages:
            message = f"the script does not speak “{case.language}”"
            yield _found("unknown-language", message, case, case.spot, "language")
        yield from self.missing("object", case.objects, self.objects, case, case.spot)
        yield from self.missing("service", case.stubs, [*self.services, ANY_SERVICE], case, case.spot)
        for step in case.steps:
            if isinstance(step, Expectation):
                yield from self.expectation(step, case)
            else:
                yield from self.act(step, case)

    def act(self, act: Act, case: Case) -> Iterator[Located]:
        match act.step:
            case Answer(item=item) | Keys(item=item) | Confirm(item=item) | Correct(item=item) if item:
                yield from self.items((item,), case, act.spot)
            case _:
                pass

    def expectation(self, wanted: Expectation, case: Case) -> Iterator[Located]:
        named = [name for name in (wanted.item, wanted.answer) if name is not None]
        yield from self.items((*named, *(wanted.path or ())), case, wanted.spot)
        services = [name for name in (wanted.action, wanted.no_action) if name is not None]
        yield from self.missing("service", services, self.services, case, wanted.spot)
        saved = [wanted.saved] if wanted.saved is not None else []
        yield from self.missing("object", saved, list(self.dialog.objects), case, wanted.spot)

    def items(self, names: Iterable[str], case: Case, spot: Spot) -> Iterator[Located]:
        own = [name.partition("#")[0] for name in names if "/" not in name or self.closed]
        yield from self.missing("item", own, list(self.dialog.items), case, spot)

    def missing(
        self, kind: str, names: Iterable[str], known: list[str], case: Case, spot: Spot
    ) -> Iterator[Located]:
        if kind == "service" and not self.closed:
            return
        for name in names:
            if name not in known:
                message = f"there is no {kind} “{name}”"
                if kind == "service":
                    message = f"the script asks no service “{name}”"
                yield _found(f"unknown-{kind}", message, case, spot, suggestion=did_you_mean(name, known))


def _found(rule: str, message: str, case: Case, spot: Spot, attribute: str = "", suggestion: str = "") -> Located:
    return Located(
        rule=rule,
        message=message,
        file=case.file,
        line=spot.line,
        column=spot.column,
        attribute=attribute,
        suggestion=suggestion,
    )
