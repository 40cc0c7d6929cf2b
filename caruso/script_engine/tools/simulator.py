"""Lead a script without a server: a chosen channel, customer and time, and services that answer as told.

Knows the time only as it is given, asks no service and no database. What can be told about where the dialog
stands is made by `snapshot`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from caruso.model.ids import RunId, ScriptId
from caruso.script_engine import engine
from caruso.script_engine.nodes import Dialog
from caruso.script_engine.runs import Run
from caruso.script_engine.tools.pressing import keys_for
from caruso.script_engine.tools.setting import ANY_SERVICE, SILENT, Setting, Stub
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
    Wait,
)
from caruso.script_engine.turns import (
    Answered,
    CallService,
    Confirmed,
    Corrected,
    Effect,
    Finished,
    HandOver,
    Happened,
    Input,
    Option,
    Present,
    QuestionType,
    RunStart,
    ScriptChannel,
    Segment,
    ServiceAnswered,
    TakenOver,
    Turn,
    WentBack,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A service that was asked, and what it answered."""

    order: CallService
    answer: Stub


class Simulation:
    """A dialog under way."""

    def __init__(self, dialog: Dialog, setting: Setting) -> None:
        """Begin it. Raises `StepRefused` when an object is missing that it cannot do without."""
        self.dialog = dialog
        self.now = setting.at
        #: Effects of the last step; services' answers included.
        self.effects: tuple[Effect, ...] = ()
        #: What services were asked in the last step.
        self.asked: tuple[Asked, ...] = ()
        #: What was said or shown since the last step.
        self.said: tuple[Segment, ...] = ()
        self._stubs = setting.stubs
        self.run: Run
        begin = _begin(dialog, setting)
        _demand_objects(dialog, begin, setting.at)
        self._collect(lambda: engine.start(dialog, begin, setting.at))

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
            case Keys(item=item, keys=keys):
                self._press(self._waiting_at(item), keys)
            case Confirm(item=item):
                self._give(Confirmed(turn=self._waiting_at(item).number, by=self.run.by))
            case Back():
                self._give(WentBack(turn=self.run.turn, by=self.run.by))
            case Correct(item=item, text=text):
                self._correct(item, text)
            case Event(name=name, times=times):
                self._happen(name, times)
            case TakeOver(channel=channel, by=by, language=language):
                by = by or ("agent" if channel is ScriptChannel.AGENT else "")
                self._give(TakenOver(channel=channel, by=by, language=language))
            case Wait(seconds=seconds):
                self.now += timedelta(seconds=seconds)
                self._collect(lambda: (self.run, ()))
            case _:
                assert_never(step)

    # -- Inputs -----------------------------------------------------------------------------------------------

    def _waiting_at(self, item: str) -> Turn:
        turn = self.turn
        if turn.kind in {"end", "handover", "working"}:
            raise StepRefused(_not_asking(turn))
        if item and item != turn.item:
            raise StepRefused(f"“{turn.item}” is waiting, not “{item}”")
        return turn

    def _answer(self, turn: Turn, text: str) -> None:
        if turn.kind == "info":
            self._give(Confirmed(turn=turn.number, by=self.run.by))
        else:
            self._give(Answered(turn=turn.number, text=text, by=self.run.by))

    def _given(self, kind: QuestionType | None, options: Sequence[Option], text: str) -> str:
        """Return an answer as it is given on this channel."""
        return keys_for(kind, options, text) if self.run.channel is ScriptChannel.PHONE else text

    def _press(self, turn: Turn, keys: str) -> None:
        """Press keys as a caller does: the key that ends the entry is no part of it."""
        if self.run.channel is not ScriptChannel.PHONE:
            raise StepRefused("keys are pressed on the phone only")
        rule = turn.digits
        if rule is not None and rule.end_key and len(keys) > 1:
            keys = keys.removesuffix(rule.end_key)
        self._answer(turn, keys)

    def _correct(self, item: str, text: str) -> None:
        entry = next((entry for entry in engine.trail(self.dialog, self.run) if entry.item == item), None)
        if entry is None:
            known = ", ".join(entry.item for entry in engine.trail(self.dialog, self.run)) or "none yet"
            raise StepRefused(f"there is no answer of “{item}” to correct; answered: {known}")
        given = self._given(entry.type, entry.options, text)
        self._give(Corrected(item=item, text=given, by=self.run.by))

    def _happen(self, name: str, times: int) -> None:
        def all_of_them() -> tuple[Run, tuple[Effect, ...]]:
            effects: list[Effect] = []
            run = self.run
            for _ in range(times):
                run, more = engine.step(self.dialog, run, Happened(event=name), self.now)
                effects += more
            return run, tuple(effects)

        self._collect(all_of_them)

    # -- Effects ----------------------------------------------------------------------------------------------

    def _give(self, given: Input) -> None:
        self._collect(lambda: engine.step(self.dialog, self.run, given, self.now))

    def _collect(self, move: Callable[[], tuple[Run, tuple[Effect, ...]]]) -> None:
        """Move, let the services that are asked answer, and keep all effects of it."""
        self.run, effects = move()
        asked: list[Asked] = []
        todo = [effect for effect in effects if isinstance(effect, CallService)]
        while todo:
            order = todo.pop(0)
            stub = self._stubs.get(order.service) or self._stubs.get(ANY_SERVICE, SILENT)
            asked.append(Asked(order=order, answer=stub))
            answer = ServiceAnswered(key=order.key, result=stub.result, failure=stub.failure)
            self.run, more = engine.step(self.dialog, self.run, answer, self.now)
            effects += more
            todo += [effect for effect in more if isinstance(effect, CallService)]
        self.effects, self.asked, self.said = effects, tuple(asked), _said(effects)


def _begin(dialog: Dialog, setting: Setting) -> RunStart:
    agent = setting.agent or ({"id": "agent"} if setting.channel is ScriptChannel.AGENT else {})
    return RunStart(
        run=RunId("simulated"),
        script=ScriptId(dialog.id),
        channel=setting.channel,
        language=setting.language,
        call=setting.call,
        objects=setting.objects,
        agent=agent,
        time_zone=setting.time_zone,
    )


def _demand_objects(dialog: Dialog, begin: RunStart, now: datetime) -> None:
    for needed in engine.needed_objects(dialog, begin, now):
        if not begin.objects.get(needed.name) and not needed.may_be_missing:
            raise StepRefused(f"the script cannot begin without its “{needed.name}”: give it one")


def _said(effects: tuple[Effect, ...]) -> tuple[Segment, ...]:
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
        case _:
            return f"a service is being asked at “{turn.item}”"
