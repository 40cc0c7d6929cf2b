"""Lead a run from one item that waits to the next: the rules of the path, in motion.

A `Walk` lives for one step: it thaws the run, moves, and gives a new run with the effects of the way.
Deterministic: given the same dialog, run, input and `now`, the same comes out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from caruso.script_engine import (
    actions,
    asking,
    calls,
    effects,
    events,
    finding,
    lots,
    presentation,
    questions,
    repair,
    repeats,
    texts,
    together,
    undoing,
)
from caruso.script_engine.course import MOST_LOOPS, Course
from caruso.script_engine.nodes import (
    AnyItem,
    Call,
    Choose,
    End,
    Group,
    Handover,
    Info,
    Leave,
    Question,
    Repeat,
    Split,
    Wait,
    When,
)
from caruso.script_engine.path import Answer, Visit
from caruso.script_engine.runs import FOUND, Phase, Run
from caruso.script_engine.turns import (
    CHOOSING,
    CallService,
    Effect,
    FindObjects,
    Present,
    ScriptChannel,
    Value,
)

#: Items passed without anybody being asked, in one turn; passes of repeats are counted on their own.
MOST_SILENT_STEPS = 100
MOST_SILENT_PASSES = 1_000
#: Turns without a take-over.
MOST_TURNS = 1_000


class Walk(Course):
    """A run in motion."""

    def result(self) -> tuple[Run, tuple[Effect, ...]]:
        """Return the run as it is now, and what has to be done; the turn to show comes last."""
        undoing.settle(self)
        run = self.frozen()
        if self.phase is Phase.WORKING:
            # Said before the service is asked: the answer may come at once.
            asking = [
                effect
                for effect in self.effects
                if isinstance(effect, (CallService, FindObjects)) and effect.key == self.pending
            ]
            others = [effect for effect in self.effects if effect not in asking]
            return run, (*others, Present(turn=presentation.present(self.dialog, run)), *asking)
        return run, (*self.effects, effects.standing(self.dialog, run, self.now))

    # -- The path ------------------------------------------------------------------------------------------------

    def go(self, target: str | None = None) -> None:
        """Walk, first through the actions under way, then to `target`, until something waits."""
        if target is not None:
            self.head_for(target)
        self.phase = Phase.ASKING
        self.due = None
        while True:
            if self.frames:
                if self.advance():
                    return
            elif self.goto is not None:
                item, passes = self._destination(self.goto, self.goto_passes)
                self.goto = self.goto_passes = None
                self.silent += 1
                if self.silent > MOST_SILENT_STEPS:
                    if self.loop(item):
                        return
                elif self._enter(item, passes):
                    return
            else:
                return

    def leave(self) -> None:
        """Leave the current item forwards: its actions, its transitions, the next item."""
        self.frames = [(self.at, 0)]
        self.go()

    def park_from(self, number: int) -> None:
        """Take the path back to entry `number`: what comes after it is parked."""
        self.trail, off = self.trail.cut(number + 1)
        for visit in reversed(off):
            item = self.dialog.items[visit.item]
            if visit.answer is not None or isinstance(item, (Info, Handover, Wait)):
                self.parked = self.parked.put(visit.key, (visit, *self.parked.get(visit.key, ())))
        last = self.trail.last
        self.data = last.data
        self.stand(last.item, last.passes)
        self.frames = []
        self.goto = self.goto_passes = None
        self.pending = ""
        self.due = None
        self.outcome = ""
        self.handing_to = None
        self.counts = {}
        self.entries = {key: replace(entry, error="") for key, entry in self.entries.items()}

    def _destination(self, name: str, passes: tuple[int, ...] | None) -> tuple[AnyItem, tuple[int, ...]]:
        """Return the item and the passes it is met in; one within a repeat is only reached through the repeat."""
        wanted, here = self.dialog.seats[name].repeats, self.seat.repeats
        if passes is not None:
            return self.dialog.items[name], passes
        if not wanted:
            return self.dialog.items[name], ()
        shared = 0
        while shared < min(len(wanted), len(here), len(self.passes)) and wanted[shared] == here[shared]:
            shared += 1
        return self.dialog.items[name if shared == len(wanted) else wanted[shared]], self.passes[:shared]

    def _enter(self, item: AnyItem, passes: tuple[int, ...]) -> bool:
        """Come to an item; return whether it waits."""
        self.stand(item.id, passes)
        if item.ask_if is not None and not item.ask_if.holds(self.scope):
            self.note("skipped", self.key)
            if self.skipped < len(self.dialog.items):
                # A part of a long script that does not apply is no loop, but each item of it is passed only once.
                self.skipped += 1
                self.silent -= 1
            self.follow(item.id)
            return self.phase is Phase.FINISHED
        parked = self._unpark(self.key)
        self.counts = {}
        turn = parked.turn if parked else self.turn
        self.visit(Visit(item=item.id, turn=turn, data=self.data, passes=passes))
        match item:
            case Question():
                return self._enter_question(item, parked)
            case Info():
                return self._enter_info(item, parked)
            case Handover():
                return self._enter_handover(item, parked)
            case Wait():
                return self._enter_wait(item, parked)
            case Group():
                self.head_for(item.first)
            case Split():
                branch = lots.branch(self, item)
                self.note("split", item.id, text=f"{item.name}={branch.name}")
                self.head_for(branch.to)
            case Repeat():
                self._enter_repeat(item)
            case Call():
                self._enter_call(item)
            case Leave():
                self._enter_leave(item)
            case Choose() | End():
                self.frames = [(item.id, 0)]
        return False

    def _unpark(self, key: str) -> Visit | None:
        visits = self.parked.get(key, ())
        if not visits:
            return None
        self.silent = 0  # parked visits are finite, so passing them is no endless loop
        self.parked = self.parked.put(key, visits[1:]) if len(visits) > 1 else self.parked.drop(key)
        return visits[0]

    def wait(self) -> bool:
        """Stay at the current item until there is an input; what is in a group shown at once waits as a whole."""
        begun = together.begun_at(self)
        if begun is not None:
            entries = {**self.entries, **together.complaint_here(self)}
            self.park_from(begun)
            self.entries, self.error = entries, ""
        current = self.trail.last
        if current.turn != self.turn:
            self.revise(replace(current, turn=self.turn))
        self.note("shown", self.key)
        return True

    # -- Questions -----------------------------------------------------------------------------------------------

    def _enter_question(self, item: Question, parked: Visit | None) -> bool:
        if parked is not None and parked.answer is not None:
            asking.set_answer(self, parked.answer)
        return self._search(item) or self._meet_question(item)

    def _search(self, item: Question) -> bool:
        """Have the objects found that a question offers; return whether they have to be waited for."""
        if item.from_objects is None:
            return False
        order = finding.order(item, item.from_objects, self.scope, self.run.id)
        if finding.is_there(item, order.key, self.scope):
            return False
        self.effects.append(order)
        self.pending = order.key
        self.phase = Phase.WORKING
        return True

    def objects_found(self, key: str, objects: Sequence[Mapping[str, object]]) -> None:
        """Take the objects a question offers, and go on with it."""
        item = self.item
        if not key or key != self.pending or not isinstance(item, Question) or item.from_objects is None:
            return
        self.pending = ""
        self.phase = Phase.ASKING
        self.put(FOUND, self.key, finding.found(item, item.from_objects, key, objects, self.scope))
        self.revise(replace(self.trail.last, data=self.data))
        if not self._meet_question(item):
            self.go()

    def _meet_question(self, item: Question) -> bool:
        if (answer := self.trail.last.answer) is not None:
            return self._pass_again(item, answer)
        if item.type in CHOOSING and not self.asked(item).options:
            return self._without_options(item)
        if item.read_only is not False and questions.is_read_only(item, self.scope):
            known = questions.fixed_answer(self.dialog, item, self.scope)
        elif (known := asking.known(self, item)) is None:
            return self.wait()
        asking.set_answer(self, Answer(value=known, channel=self.channel, by=self.run.by, at=self.now))
        self.frames = [(item.id, 0)]
        return False

    def _without_options(self, item: Question) -> bool:
        """Leave a question without options: as the script says, else by itself, or with an agent's help."""
        handled = repair.handles(self.dialog, item.id, "no-options", self.channel)
        if not handled and (self.channel is ScriptChannel.AGENT or events.optional(self)):
            self.note("skipped", self.key)
            self.frames = [(item.id, 0)]
            return False
        event = events.count(self, "no-options")
        return self.follow_event(events.outcome(self, event, "", lost=self.loops > MOST_LOOPS))

    def _pass_again(self, item: Question, answer: Answer) -> bool:
        """Pass a question whose answer came back, if the answer still holds."""
        complaint, warning = asking.complaint(self, item, answer.value, together.scope_ahead(self))
        if complaint and not warning:
            self.error = complaint
            return self.wait()
        asking.bind(self, item, answer.value)
        self.frames = [(item.id, 0)]
        return False

    # -- Other items ---------------------------------------------------------------------------------------------

    def _enter_info(self, item: Info, parked: Visit | None) -> bool:
        if parked is not None:
            self.revise(replace(self.trail.last, confirmed=parked.confirmed))
        alone = together.group_around(self) is None
        if (
            item.confirm
            and alone
            and self.channel is not ScriptChannel.PHONE
            and not (parked and parked.confirmed)
        ):
            shown = texts.choose(
                item.texts,
                scope=self.scope,
                language=self.language,
                fallback=self.dialog.languages[0],
                channel=self.channel,
            )
            if shown is not None:
                return self.wait()
        self.frames = [(item.id, 0)]
        return False

    def _enter_handover(self, item: Handover, parked: Visit | None) -> bool:
        if self.channel is item.channel or (parked is not None and parked.confirmed):
            self.pass_handover(item)
            return self.phase is Phase.FINISHED
        self.frames = [(item.id, 0)]
        return False

    def _enter_wait(self, item: Wait, parked: Visit | None) -> bool:
        if parked is not None and parked.confirmed:
            self.confirm()
            self.frames = [(item.id, 0)]
            return False
        self.begin_wait(item)
        if self.due is None and not item.event:  # nothing would ever end it
            self.frames = [(item.id, 0)]
            return False
        self.phase = Phase.WAITING
        return self.wait()

    def _enter_repeat(self, item: Repeat) -> None:
        if repeats.begin(self, item):
            self.head_for(item.first, (*self.passes, 1))
        else:
            self.frames = [(item.leave, 0)]

    def _enter_call(self, item: Call) -> None:
        if item.first is None:
            self.head_for(item.leave)  # never linked, so there is nowhere to go
        else:
            calls.go_in(self, item)
            self.head_for(item.first)

    def _enter_leave(self, item: Leave) -> None:
        """Come to the way out of a group, a pass or a called dialog."""
        of = self.dialog.items[item.of]
        if isinstance(of, Repeat) and repeats.another(self, of):
            self.silent_passes += 1
            if self.silent_passes <= MOST_SILENT_PASSES:
                self.silent = 0  # passes are finite, so leading through them is no endless loop
            self.head_for(of.first, (*self.passes[:-1], self.passes[-1] + 1))
            return
        if isinstance(of, Call):
            calls.come_back(self, of)
        self.frames = [(item.id, 0)]

    # -- Events and services -------------------------------------------------------------------------------------

    def happen(self, event: str, complaint: str = "") -> None:
        """Let the script, or the defaults, handle an event at the current item."""
        if complaint:
            self.error = complaint
        event = events.count(self, event)
        found = events.outcome(self, event, complaint, lost=self.loops > MOST_LOOPS)
        if not self.follow_event(found):
            self.go()

    def service_answered(self, key: str, result: Value, failure: str) -> None:
        """Take the answer of a service; go on if it was waited for."""
        fired = self.fired.get(key)
        if fired is None or fired.state != "sent":
            return
        fired = replace(
            fired, state="failed" if failure else "done", result=None if failure else result, params={}
        )
        self.fired = self.fired.put(key, fired)
        action = self.dialog.actions.get(fired.ref)
        if failure:
            self.note("failed", action.item if action else "", text=f"{fired.ref}: {failure}")
        if action is None:
            return
        if key == self.pending:
            self.pending = ""
            if self.channel is ScriptChannel.PHONE:
                self.turn += 1  # what was said before the wait has been heard
                self.said = ()
            actions.settle(self, action, fired)
            actions.learn_undo(self, action, key)
            self._go_on()
        elif action.when is not When.NOW:
            actions.answered_aside(self, action, key, fired)

    def _go_on(self) -> None:
        """Go on after a service; services that are asked again and again without anybody else are a loop, too."""
        self.spent += 1
        if self.spent <= MOST_TURNS:
            self.go()
            return
        self.spent = 0
        self.phase = Phase.ASKING
        if not self.loop(self.item):
            self.go()
