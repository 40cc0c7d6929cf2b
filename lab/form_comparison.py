"""Lead the dialog of an imported form with recorded answers, and tell what differs from what was recorded.

Whatever the other engine answered next has to be what our dialog asks next. After each answer the same questions
have to apply, the nodes have to hold the same, and the verdict has to be the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from caruso.errors import RejectedInput
from caruso.script_engine.expressions import expression
from caruso.script_engine.loader import load
from caruso.script_engine.nodes import AnyItem, Dialog, Question, Repeat
from caruso.script_engine.path import visit_key
from caruso.script_engine.presentation import scope_of
from caruso.script_engine.scope import RunScope
from caruso.script_engine.tools.setting import Setting
from caruso.script_engine.tools.simulator import Simulation
from caruso.script_engine.tools.steps import Answer, Confirm, Correct
from caruso.script_engine.turns import QuestionType, Refused, ScriptChannel, Value
from caruso.script_engine.xforms import Effect, Imported, translate

#: Where the options of a question stand in what was recorded of it.
_OPTIONS = 5
#: Values of the two engines are the same number when they differ by less: one calculates in binary.
_NEAR = Decimal("1e-6")


@dataclass(slots=True)
class Outcome:
    """What came of one form."""

    form: str
    #: Why the other engine could not load it, or nothing.
    failure: str = ""
    imported: Imported | None = None
    #: Why it was not imported.
    reasons: tuple[str, ...] = ()
    #: Answers given, and what was not the same after them.
    answers: int = 0
    differences: list[str] = field(default_factory=list)

    @property
    def is_imported(self) -> bool:
        """Whether there is a dialog."""
        return self.imported is not None and not self.reasons

    @property
    def agrees(self) -> bool:
        """Whether nothing was different."""
        return self.is_imported and not self.differences


def compare(source: bytes, told: Mapping[str, Any]) -> Outcome:
    """Import a form and lead it with the answers that were recorded."""
    failure = told["failure"] or "no reason is given" if "failure" in told else ""
    outcome = Outcome(form=told["form"], failure=failure)
    try:
        imported = outcome.imported = translate(source, told["form"])
        outcome.reasons = tuple(str(each) for each in imported.remarks if each.effect is Effect.REFUSED)
        if imported.refused or outcome.failure:
            return outcome
        # Every answer is compared, so what a screen shows together is asked one by one, as on the phone.
        dialog = load(imported.script.replace(b' show="together"', b""), told["form"])
    except RejectedInput as refused:
        outcome.reasons = tuple(str(each) for each in refused.findings)
        return outcome
    for run in told["runs"]:
        comparison = _Comparison(dialog, imported, datetime.fromisoformat(told["now"]))
        comparison.lead(run)
        outcome.answers += comparison.answers
        outcome.differences += [f"run {run['seed']}: {each}" for each in comparison.differences]
    return outcome


class _Comparison:
    """One run, led in ours."""

    def __init__(self, dialog: Dialog, imported: Imported, now: datetime) -> None:
        self.dialog = dialog
        self.imported = imported
        self.simulation = Simulation(dialog, Setting(channel=ScriptChannel.AGENT, at=now))
        self.state: dict[str, list[Any]] = {}
        self.differences: list[str] = []
        self.answers = 0
        self._values = {path: expression(code) for path, code in imported.values.items()}

    def lead(self, run: Mapping[str, Any]) -> None:
        """Give all answers of the run; stop where the two go different ways."""
        self._learn(run["first"])
        self._same_state("at the beginning")
        for step in run["steps"]:
            if self.differences:
                return
            self._step(step)
        if not self.differences and run["end"] == "done":
            self._pass_infos()
            if not self.simulation.finished:
                self._differ("at the end", f"ours asks for “{self.simulation.turn.item}”")

    def _step(self, step: Mapping[str, Any]) -> None:
        self.answers += 1
        where = f"{step['at']} = {step.get('value', step.get('add'))!r}"
        self._pass_infos()
        if "again" in step:
            self._correct(step, f"{where} again")
            return
        turn = self.simulation.turn
        item = self._item(step)
        if "add" in step and self._name(step) not in self.dialog.items:
            return  # a repeat in which nothing is asked
        if turn.item != item and self._offers_nothing(step):
            return
        if turn.item != item:
            self._differ(where, f"ours asks for “{turn.item}”, not “{item}”")
            return
        self._same_question(step, where)
        self.simulation.take(Answer(text=self._typed(step)))
        self._learn(step["state"])
        taken = not self.simulation.turn.error
        complaint = self.state.get(step["at"], [0, "", 0, 0, ""])[4] if "add" not in step else ""
        if taken != (complaint == ""):
            self._differ(
                where, f"verdict “{complaint or 'valid'}”, ours “{self.simulation.turn.error or 'valid'}”"
            )
            return
        if taken:
            self._same_state(where)

    def _correct(self, step: Mapping[str, Any], where: str) -> None:
        """Give an earlier answer again; what has not come to be asked in ours has nothing to correct."""
        _, passes = _places(step["at"])
        item = self._name(step)
        question = self.dialog.items.get(item)
        self._learn(step["state"])
        if not isinstance(question, Question) or not self._was_asked(item, passes):
            return
        self.simulation.take(Correct(item=visit_key(item, passes), text=self._written(question, step["value"])))
        refused = next((each.message for each in self.simulation.effects if isinstance(each, Refused)), "")
        self._same_verdict(step, refused, where)

    def _was_asked(self, item: str, passes: tuple[int, ...]) -> bool:
        return visit_key(item, passes) in self.simulation.run.trail.answers

    def _same_verdict(self, step: Mapping[str, Any], ours: str, where: str) -> None:
        complaint = self.state.get(step["at"], [0, "", 0, 0, ""])[4] if "add" not in step else ""
        if bool(complaint) != bool(ours):
            self._differ(where, f"verdict “{complaint or 'valid'}”, ours “{ours or 'valid'}”")
        elif not complaint and not self._is_behind():
            self._same_state(where)

    def _is_behind(self) -> bool:
        """Whether a correction led back to a question that was not asked yet, and what came behind it waits."""
        parked = (visit for visits in self.simulation.run.parked.values() for visit in visits)
        return any(visit.answer is not None and self._applies(visit.item, visit.passes) for visit in parked)

    def _same_question(self, step: Mapping[str, Any], where: str) -> None:
        """Compare what is asked: whether an answer is needed, and what can be chosen."""
        turn, facts = self.simulation.turn, self.state.get(step["at"], [])
        if "add" in step or not facts:
            return
        if turn.required != bool(facts[2]):
            self._differ(where, f"required: {bool(facts[2])}, ours {turn.required}")
        ours = {option.value for option in turn.options}
        if len(facts) > _OPTIONS and ours != set(facts[_OPTIONS]) - {""}:
            self._differ(where, f"offered: {facts[_OPTIONS]}, ours {sorted(ours)}")

    def _offers_nothing(self, step: Mapping[str, Any]) -> bool:
        """Whether there was nothing to choose from: then ours does not ask."""
        facts = self.state.get(step["at"], [])
        return step.get("value") == "" and not step["state"] and len(facts) > _OPTIONS and not facts[_OPTIONS]

    def _item(self, step: Mapping[str, Any]) -> str:
        name = self._name(step)
        if "add" not in step:
            return name
        asked = self.simulation.turn.item
        return asked if asked in {f"{name}_more", f"{name}_first"} else f"{name}_more"

    def _name(self, step: Mapping[str, Any]) -> str:
        return self.imported.items.get(_without_places(step["at"]), "")

    def _pass_infos(self) -> None:
        for _ in range(len(self.dialog.items) + 1):
            if self.simulation.turn.kind != "info":
                return
            self.simulation.take(Confirm())

    def _typed(self, step: Mapping[str, Any]) -> str:
        if "add" in step:
            return "yes" if step["add"] else "no"
        return self._written(self.dialog.items[self.simulation.turn.item], step["value"])

    @staticmethod
    def _written(item: AnyItem, value: str) -> str:
        """Return a recorded answer as it is typed in our question."""
        match item.type if isinstance(item, Question) else None:
            case QuestionType.CHOICES | QuestionType.RANKING:
                return "\n".join(value.split())
            case QuestionType.LOCATION:
                return " ".join(value.split()[:2])
            case QuestionType.TIME:
                return value[:5]
            case QuestionType.VOICE_RECORD:
                return value.replace("file.bin", "file.wav")
            case QuestionType.SIGNATURE:
                return value.replace("file.bin", "file.png")
            case _:
                return value

    def _learn(self, changes: Mapping[str, Any]) -> None:
        for path, facts in changes.items():
            if facts is None:
                self.state.pop(path, None)
            else:
                self.state[path] = facts

    def _differ(self, where: str, what: str) -> None:
        self.differences.append(f"{where}: {what}")

    # -- State ------------------------------------------------------------------------------------------------

    def _same_state(self, where: str) -> None:
        for reference, facts in self.state.items():
            path, passes = _places(reference)
            name = self.imported.items.get(path)
            item = self.dialog.items.get(name or "")
            if isinstance(item, Question):
                ours = self._applies(item.id, passes)
                if bool(facts[0]) != ours:
                    self._differ(where, f"{reference} relevant: {bool(facts[0])}, ours {ours}")
            if path in self._values and len(facts) > 1:
                held = self._values[path].value(self._scope(self._home(path), passes))
                if not _same(facts[1], held):
                    self._differ(where, f"{reference} holds {facts[1]!r}, ours {held!r}")

    def _applies(self, item: str, passes: tuple[int, ...]) -> bool:
        """Whether an item and all it is in would be asked in these passes."""
        seat = self.dialog.seats[item]
        return all(
            condition is None or condition.holds(self._scope(name, passes))
            for name in (*seat.groups, *seat.repeats, item)
            for condition in (self.dialog.items[name].ask_if,)
        )

    def _scope(self, item: str, passes: tuple[int, ...]) -> RunScope:
        depth = len(self.dialog.seats[item].repeats)
        return scope_of(self.dialog, self.simulation.run, self.simulation.now, item=item, passes=passes[:depth])

    def _home(self, path: str) -> str:
        """Return an item from which a node is seen: one in the innermost repeat that is around it."""
        around = [name for at, name in self.imported.items.items() if path.startswith(f"{at}/")]
        repeats = [name for name in around if isinstance(self.dialog.items.get(name), Repeat)]
        if not repeats:
            return next(name for name, seat in self.dialog.seats.items() if not seat.repeats)
        return next(
            name for name, seat in self.dialog.seats.items() if seat.repeats and seat.repeats[-1] == repeats[-1]
        )


def _without_places(reference: str) -> str:
    return "/".join(step.partition("[")[0] for step in reference.split("/"))


def _places(reference: str) -> tuple[str, tuple[int, ...]]:
    """Return the path of a node, and the passes of the repeats around it."""
    passes = tuple(int(each) for each in re.findall(r"\[(\d+)\]", reference))
    return _without_places(reference), passes


def _same(theirs: str, ours: Value) -> bool:
    match ours:
        case None:
            return not theirs.strip()
        case bool():
            return theirs == ("true" if ours else "false")
        case Decimal():
            number = _number(theirs)
            return number is not None and abs(number - ours) <= _NEAR * max(Decimal(1), abs(ours))
        case datetime():
            return theirs[:16] == ours.isoformat()[:16]
        case tuple():
            return theirs.split() == [str(each) for each in ours]
        case str():
            number = _number(ours)
            return theirs.strip() == ours.strip() or (number is not None and _same(theirs, number))
        case _:
            return theirs == str(ours)


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
