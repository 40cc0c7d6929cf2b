"""Lead a script without a server: a chosen channel, customer and time, and services that answer as told.

Knows the time only as it is given, asks no service and no database. What can be told about where the dialog
stands is made by `snapshot`.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import assert_never

from caruso.model.centre import Hours, Interval
from caruso.model.conditions import holds
from caruso.script_engine import engine
from caruso.script_engine.nodes import Dialog
from caruso.script_engine.path import visit_key
from caruso.script_engine.runs import Run
from caruso.script_engine.tools.pressing import as_typed, keys_for
from caruso.script_engine.tools.setting import ANY_SERVICE, LATEST_YEAR, SILENT, Setting, Stub, beginning
from caruso.script_engine.tools.steps import (
    Answer,
    Back,
    Confirm,
    Correct,
    Event,
    Keys,
    Step,
    StepRefused,
    TakeOver,
    Together,
    Wait,
)
from caruso.script_engine.turns import (
    STORED,
    Answered,
    AnsweredTogether,
    CallService,
    Confirmed,
    Corrected,
    Effect,
    FindObjects,
    Finished,
    HandOver,
    Happened,
    Input,
    ObjectsFound,
    Option,
    Present,
    QuestionType,
    RunStart,
    ScriptChannel,
    Segment,
    ServiceAnswered,
    StartTimer,
    TakenOver,
    Turn,
    Value,
    WentBack,
)

_NOT_ASKING = frozenset({"end", "handover", "working", "wait"})
_ANY_FILE = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A service that was asked, and what it answered."""

    order: CallService
    answer: Stub


class Simulation:
    """A dialog under way."""

    def __init__(self, dialog: Dialog, setting: Setting) -> None:
        """Begin it. Raises `StepRefused` when an object is missing that it cannot do without."""
        self.dialog = dialog = replace(dialog, hours={**dialog.hours, **_hours(setting)})
        self.now = setting.at
        #: Effects of the last step; services' answers included.
        self.effects: tuple[Effect, ...] = ()
        #: What services were asked in the last step.
        self.asked: tuple[Asked, ...] = ()
        #: What was said or shown since the last step.
        self.said: tuple[Segment, ...] = ()
        self._stubs = setting.stubs
        self._records = setting.records
        self.run: Run
        self._timers: dict[str, datetime] = {}
        begin = beginning(dialog, setting)
        _demand_objects(dialog, begin, setting.at)
        self.run, effects = engine.start(dialog, begin, setting.at)
        self._settle(list(effects))

    @property
    def turn(self) -> Turn:
        """Return what the person meets now."""
        return engine.present(self.dialog, self.run)

    @property
    def finished(self) -> bool:
        """Whether the dialog has come to an end."""
        return self.run.finished

    def take(self, step: Step) -> None:
        """Do what the step says; raise `StepRefused` when it does not fit where the dialog stands."""
        match step:
            case Answer(item=item, text=text):
                turn = self._waiting_at(item)
                self._answer(turn, self._given(turn.type, turn.options, text))
            case Together(answers=answers):
                self._answer_together(answers)
            case Keys(item=item, keys=keys):
                self._press(self._waiting_at(item), keys)
            case Confirm(item=item):
                self._give(Confirmed(turn=self._waiting_at(item).number, by=self.run.by))
            case Back():
                self._give(WentBack(turn=self.run.turn, by=self.run.by))
            case Correct(item=item, text=text):
                self._correct(item, text)
            case Event(name=name, times=times):
                self._collect([partial(Happened, event=name)] * times)
            case TakeOver(channel=channel, by=by, language=language):
                by = by or ("agent" if channel is ScriptChannel.AGENT else "")
                self._give(TakenOver(channel=channel, by=by, language=language))
            case Wait(seconds=seconds):
                self._let_pass(seconds)
            case _:
                assert_never(step)

    # -- Inputs -----------------------------------------------------------------------------------------------

    def _waiting_at(self, item: str) -> Turn:
        turn = self.turn
        if turn.kind in _NOT_ASKING:
            raise StepRefused(_not_asking(turn))
        if item and item not in {turn.item, visit_key(turn.item, turn.passes)}:
            raise StepRefused(f"“{turn.item}” is waiting, not “{item}”")
        return turn

    def _answer(self, turn: Turn, text: str) -> None:
        if turn.kind == "group":
            raise StepRefused(f"the questions of “{turn.item}” are answered together")
        if turn.kind == "info":
            self._give(Confirmed(turn=turn.number, by=self.run.by))
        else:
            files = stored_files([(turn.type, text)])
            self._give(Answered(turn=turn.number, text=text, by=self.run.by, files=files))

    def _answer_together(self, answers: Mapping[str, str]) -> None:
        turn = self._waiting_at("")
        if turn.kind != "group":
            raise StepRefused(f"“{turn.item}” is waiting, and it is not a group shown together")
        asked = {inner.item: inner for inner in turn.questions}
        if unknown := answers.keys() - asked.keys():
            raise StepRefused(f"“{min(unknown)}” is not asked here; here are: {', '.join(asked)}")
        texts = {item: as_typed(asked[item].type, text) for item, text in answers.items()}
        files = stored_files((asked[item].type, text) for item, text in texts.items())
        self._give(AnsweredTogether(turn=turn.number, answers=texts, by=self.run.by, files=files))

    def _given(self, kind: QuestionType | None, options: Sequence[Option], text: str) -> str:
        """Return an answer as it is given on this channel."""
        if self.run.channel is ScriptChannel.PHONE:
            return keys_for(kind, options, text)
        return as_typed(kind, text)

    def _press(self, turn: Turn, keys: str) -> None:
        """Press keys as a caller does: the key that ends the entry is no part of it."""
        if self.run.channel is not ScriptChannel.PHONE:
            raise StepRefused("keys are pressed on the phone only")
        rule = turn.digits
        if rule is not None and rule.end_key and len(keys) > 1 and keys not in rule.codes:
            keys = keys.removesuffix(rule.end_key)
        self._answer(turn, keys)

    def _correct(self, item: str, text: str) -> None:
        trail = engine.trail(self.dialog, self.run)
        entry = next((e for e in reversed(trail) if item in {e.item, e.item.partition("#")[0]}), None)
        if entry is None:
            known = ", ".join(entry.item for entry in trail) or "none yet"
            raise StepRefused(f"there is no answer of “{item}” to correct; answered: {known}")
        given = self._given(entry.type, entry.options, text)
        files = stored_files([(entry.type, given)])
        self._give(Corrected(item=item, text=given, by=self.run.by, files=files))

    def _let_pass(self, seconds: float) -> None:
        """Let time pass; what was to come by then comes."""
        later = self.now + timedelta(seconds=seconds)
        if later.year > LATEST_YEAR:
            raise StepRefused(f"the dialog does not live to see the year {LATEST_YEAR + 1}")
        self.now = later
        due = [item for item, at in self._timers.items() if at <= self.now]
        for item in due:
            del self._timers[item]
        self._collect([partial(Happened, event="timer") for _ in due])

    # -- Effects ----------------------------------------------------------------------------------------------

    def _give(self, given: Input) -> None:
        self._collect([lambda: given])

    def _collect(self, inputs: Sequence[Callable[[], Input]]) -> None:
        effects: list[Effect] = []
        for given in inputs:
            self.run, more = engine.step(self.dialog, self.run, given(), self.now)
            effects += more
        self._settle(effects)

    def _settle(self, effects: list[Effect]) -> None:
        """Let the services that were asked answer, and keep all effects of it."""
        asked: list[Asked] = []
        todo = [effect for effect in effects if isinstance(effect, (CallService, FindObjects))]
        while todo:
            order = todo.pop(0)
            if isinstance(order, CallService):
                asked.append(Asked(order=order, answer=self._stub(order.service)))
            self.run, more = engine.step(self.dialog, self.run, self._reply(order), self.now)
            effects += more
            todo += [effect for effect in more if isinstance(effect, (CallService, FindObjects))]
        self._timers |= {effect.item: effect.due for effect in effects if isinstance(effect, StartTimer)}
        self.effects, self.asked, self.said = tuple(effects), tuple(asked), _said(effects)

    def _reply(self, order: CallService | FindObjects) -> Input:
        if isinstance(order, FindObjects):
            wanted = [row for row in self._records.get(order.class_name, ()) if holds(order.where, row)]
            return ObjectsFound(key=order.key, objects=wanted[: order.limit])
        stub = self._stub(order.service)
        return ServiceAnswered(key=order.key, result=stub.result, failure=stub.failure)

    def _stub(self, service: str) -> Stub:
        return self._stubs.get(service) or self._stubs.get(ANY_SERVICE, SILENT)


def _hours(setting: Setting) -> dict[str, Hours]:
    """Return hours that are open, or closed, day and night."""
    always = Interval(opens=time(0), closes=time(0))
    return {
        name: Hours(id=name, timezone="UTC", weekdays=dict.fromkeys(range(7), (always,)) if is_open else {})
        for name, is_open in setting.hours.items()
    }


def stored_files(answers: Iterable[tuple[QuestionType | None, str]]) -> dict[str, Value]:
    """Return what a simulation takes for stored: whatever is named as the answer of a file question."""
    return {
        text: {
            "id": text,
            "name": text,
            "type": mimetypes.guess_type(text)[0] or _ANY_FILE,
            "size": Decimal(1_000),
        }
        for kind, text in answers
        if kind in STORED and text
    }


def _demand_objects(dialog: Dialog, begin: RunStart, now: datetime) -> None:
    for needed in engine.needed_objects(dialog, begin, now):
        if not begin.objects.get(needed.name) and not needed.may_be_missing:
            raise StepRefused(f"the script cannot begin without its “{needed.name}”: give it one")


def _said(effects: Iterable[Effect]) -> tuple[Segment, ...]:
    """Return what was said, each turn once: a screen shows a turn again when it has more to show."""
    turns = {
        effect.turn.number: effect.turn.segments
        for effect in effects
        if isinstance(effect, (Present, HandOver, Finished))
    }
    return tuple(segment for segments in turns.values() for segment in segments)


def _not_asking(turn: Turn) -> str:
    match turn.kind:
        case "end":
            return f"the dialog is over, at “{turn.item}”"
        case "handover":
            return f"the dialog waits at “{turn.item}” for somebody to take over: give a channel"
        case "wait":
            return f"the dialog waits at “{turn.item}”: let time pass, or the event happen"
        case _:
            return f"a service is being asked at “{turn.item}”"
