"""Lead a run from one item that waits to the next: the rules of the path, in motion.

A `Walk` lives for one step: it thaws the run, moves, and gives a new run with the effects of the way.
Deterministic: given the same dialog, run, input and `now`, the same comes out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from caruso.script_engine import (
    actions,
    asking,
    calls,
    effects,
    events,
    finding,
    lots,
    presentation,
    repair,
    repeats,
    texts,
    together,
    undoing,
    waiting,
)
from caruso.script_engine.moment import Moment
from caruso.script_engine.nodes import (
    After,
    AnyItem,
    Block,
    Call,
    Choose,
    Dialog,
    End,
    Group,
    Handover,
    Info,
    Leave,
    Next,
    Question,
    Repeat,
    Split,
    Throw,
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
    StartTimer,
    Value,
)

#: Items passed without anybody being asked, in one turn; passes of repeats are counted on their own.
MOST_SILENT_STEPS = 100
MOST_SILENT_PASSES = 1_000
#: Turns without a take-over.
MOST_TURNS = 1_000
#: Loops in one turn before the script is not asked any more what to do about them.
MOST_LOOPS = 2
#: Blocks of actions in each other: a handler that throws what it handles would never come to an end.
MOST_FRAMES = 50


class Walk(Moment):
    """A run in motion."""

    def __init__(self, dialog: Dialog, run: Run, now: datetime) -> None:
        """Thaw the run."""
        super().__init__(dialog, run, now)
        #: Where the path leads once the actions under way are done, and in which passes when that is no matter of
        #: course.
        self.goto: str | None = None
        self.goto_passes: tuple[int, ...] | None = None
        self._silent = 0
        self._silent_passes = 0
        self._loops = 0

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

    # -- The path ---------------------------------------------------------------------------------------------

    def go(self, target: str | None = None) -> None:
        """Walk, first through the actions under way, then to `target`, until something waits."""
        if target is not None:
            self.head_for(target)
        self.phase = Phase.ASKING
        self.due = None
        while True:
            if self.frames:
                if self._advance():
                    return
            elif self.goto is not None:
                item, passes = self._destination(self.goto, self.goto_passes)
                self.goto = self.goto_passes = None
                self._silent += 1
                if self._silent > MOST_SILENT_STEPS:
                    if self._loop(item):
                        return
                elif self._enter(item, passes):
                    return
            else:
                return

    def head_for(self, target: str, passes: tuple[int, ...] | None = None) -> None:
        """Go there once the actions under way are done."""
        self.goto, self.goto_passes = target, passes

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
        self.entries = {}

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

    def _follow(self, item: str) -> None:
        following = self.dialog.following[item]
        if following is not None:
            self.head_for(following)
            return
        if not self.trail:
            self.visit(Visit(item=item, turn=self.turn, data=self.data, passes=self.passes))
        self.finish("ended")

    def _enter(self, item: AnyItem, passes: tuple[int, ...]) -> bool:
        """Come to an item; return whether it waits."""
        self.stand(item.id, passes)
        if item.ask_if is not None and not item.ask_if.holds(self.scope):
            self.note("skipped", self.key)
            self._follow(item.id)
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
        self._silent = 0  # parked visits are finite, so passing them is no endless loop
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
        self.put(FOUND, item.id, finding.found(item, item.from_objects, key, objects, self.scope))
        self.revise(replace(self.trail.last, data=self.data))
        if not self._meet_question(item):
            self.go()

    def _meet_question(self, item: Question) -> bool:
        if (answer := self.trail.last.answer) is not None:
            return self._pass_again(item, answer)
        if item.type in CHOOSING and not self.asked(item).options:
            return self._without_options(item)
        if item.read_only is not False and presentation.is_read_only(item, self.scope):
            known = asking.fixed(self, item)
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
        return self._follow_event(events.outcome(self, event, "", lost=self._loops > MOST_LOOPS))

    def _pass_again(self, item: Question, answer: Answer) -> bool:
        """Pass a question whose answer came back, if the answer still holds."""
        complaint, warning = asking.complaint(self, item, answer.value, together.scope_ahead(self))
        if complaint and not warning:
            self.error = complaint
            return self.wait()
        asking.bind(self, item, answer.value)
        self.frames = [(item.id, 0)]
        return False

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

    def pass_handover(self, item: Handover) -> None:
        """Choose where the dialog goes on after a hand-over; a correction will not hand over again."""
        if self.trail.last.item == item.id:
            self.confirm()
        if item.resume_at is not None:
            self.head_for(item.resume_at)
        elif (chosen := self._transition(item.block)) is not None:
            self._take(chosen)
        elif self.dialog.following[item.id] is not None:
            self._follow(item.id)

    def _enter_wait(self, item: Wait, parked: Visit | None) -> bool:
        if parked is not None and parked.confirmed:
            self.confirm()
            self.frames = [(item.id, 0)]
            return False
        until = item.duration.value(self.scope) if item.duration else None
        self.due = waiting.due(until, self.now, self.run.time_zone)
        if self.due is None and not item.event:  # nothing would ever end it
            self.frames = [(item.id, 0)]
            return False
        self.phase = Phase.WAITING
        if self.due is not None:
            self.effects.append(StartTimer(item=item.id, due=self.due))
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
            self._silent_passes += 1
            if self._silent_passes <= MOST_SILENT_PASSES:
                self._silent = 0  # passes are finite, so leading through them is no endless loop
            self.head_for(of.first, (*self.passes[:-1], self.passes[-1] + 1))
            return
        if isinstance(of, Call):
            calls.come_back(self, of)
        self.frames = [(item.id, 0)]

    def confirm(self) -> None:
        """Note that an info was taken note of, or that a wait is over."""
        self.revise(replace(self.trail.last, confirmed=True))

    # -- Events -----------------------------------------------------------------------------------------------

    def happen(self, event: str, complaint: str = "") -> None:
        """Let the script, or the defaults, handle an event at the current item."""
        if complaint:
            self.error = complaint
        event = events.count(self, event)
        found = events.outcome(self, event, complaint, lost=self._loops > MOST_LOOPS)
        if not self._follow_event(found):
            self.go()

    def _follow_event(self, found: events.Outcome) -> bool:
        """Do what an event leads to; return whether the run stays where it is."""
        if found.handler is not None:
            self.say(found.handler.texts)
            self.frames.append((found.handler.block, 0))
        elif found.leave:
            self.frames = [(self.at, 0)]
        elif found.target:
            self.frames = []
            self.head_for(found.target)
        elif found.agent:
            self._hand_to(ScriptChannel.AGENT)
            return True
        elif found.finish:
            self.finish(events.LOOP)
            return True
        else:
            return True
        return False

    def _throw(self, event: str) -> bool:
        """Let an event happen in the middle of actions; return whether that is where the walk ends."""
        self.note("thrown", self.key, text=event)
        if len(self.frames) > MOST_FRAMES:
            return self._loop(self.item)
        event = events.count(self, event)
        found = events.outcome(self, event, "", lost=self._loops > MOST_LOOPS)
        if found == events.STAY:
            return False  # nobody minds it: the actions go on
        return self._follow_event(found)

    def _hand_to(self, channel: ScriptChannel) -> None:
        self.frames = []
        self.goto = self.goto_passes = None
        self.phase = Phase.HANDOVER
        self.handing_to = channel

    def _loop(self, item: AnyItem) -> bool:
        """Stop a walk that meets nobody; return whether that is where it ends."""
        self.frames = []
        self.goto = self.goto_passes = None
        if not self.trail:
            self.visit(Visit(item=item.id, turn=self.turn, data=self.data))
        self.stand(self.trail.last.item, self.trail.last.passes)
        self.note(events.LOOP, item.id)
        self._silent = self._silent_passes = 0
        self._loops += 1
        lost = self._loops > MOST_LOOPS
        if self._loops > 1:  # the script's own way out led round again
            return self._follow_event(events.to_agent(self, events.LOOP, lost=lost))
        event = events.count(self, events.LOOP)
        return self._follow_event(events.outcome(self, event, "", lost=lost))

    # -- Blocks of actions ------------------------------------------------------------------------------------

    def _advance(self) -> bool:
        """Carry out the next action under way; return whether it has to be waited for."""
        name, number = self.frames[-1]
        block = self.dialog.blocks[name]
        if number < len(block.actions):
            self.frames[-1] = (name, number + 1)
            action = block.actions[number]
            return self._throw(action.event) if isinstance(action, Throw) else actions.perform(self, action)
        chosen = None if block.after is After.ARRIVED else self._transition(block)
        self.frames.pop()
        return self._complete(block, chosen)

    def _complete(self, block: Block, chosen: Next | None) -> bool:
        if chosen is not None:
            self.frames = []
            self._take(chosen)
            return self.phase is Phase.FINISHED
        match block.after:
            case After.ARRIVED:
                return self._arrived()
            case After.GO if block.to is not None:
                self.frames = []
                self.head_for(block.to)
            case After.GO | After.FOLLOW:
                self.frames = []
                self._follow(self.at)
            case After.HANDLED:
                return self._handled(block)
            case After.GO | After.RETURN:
                pass  # the block below goes on
        return self.phase is Phase.FINISHED

    def _transition(self, block: Block) -> Next | None:
        for transition in block.nexts:
            if transition.condition is None or transition.condition.holds(self.scope):
                return transition
        return None

    def _take(self, transition: Next) -> None:
        if transition.block:
            self.frames = [(transition.block, 0)]
        elif transition.to is not None:
            self.head_for(transition.to)
        else:
            self._follow(self.at)

    def _handled(self, block: Block) -> bool:
        """Do as a handler says when its actions are done and it leads nowhere."""
        thrown, self.frames = self.frames, []
        match block.then:
            case "end":
                return self._end(block)
            case "repeat" if not thrown or isinstance(self.item, Question):
                self.phase = self._standing()
                return self.wait()
            case _ if thrown:
                self.frames = thrown
            case _:
                self.confirm_wait()
                self.frames = [(self.at, 0)]
        return False

    def _standing(self) -> Phase:
        """Return what the run waits for when it stays at its item."""
        item = self.item
        if isinstance(item, Handover):
            self.handing_to = item.channel
            return Phase.HANDOVER
        if isinstance(item, Wait):
            self.due = self.run.due
            return Phase.WAITING
        return Phase.ASKING

    def confirm_wait(self) -> None:
        """Note that the present wait is over, if there is one."""
        if isinstance(self.item, Wait):
            self.confirm()

    def _end(self, block: Block) -> bool:
        """End the dialog a handler belongs to: the called one, or all of it."""
        if block.frame and block.event not in {"hang-up", "expire"}:
            self.head_for(calls.ended(self, block.frame, block.event))
            return False
        self.finish(block.event)
        return True

    def _arrived(self) -> bool:
        item = self.item
        if isinstance(item, Handover):
            self._hand_to(item.channel)
            return True
        if isinstance(item, End) and self.seat.frame:
            self.frames = []
            self.head_for(calls.ended(self, self.seat.frame, item.outcome))
            return False
        if isinstance(item, End):
            self.finish(item.outcome)
        return True

    def finish(self, outcome: str) -> None:
        """Come to the end."""
        self.goto = self.goto_passes = None
        actions.finish(self, outcome)

    # -- Services -----------------------------------------------------------------------------------------------

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
            self.go()
        elif action.when is not When.NOW:
            actions.answered_aside(self, action, key, fired)
