"""What is under way in a run: blocks of actions, the transitions after them, events and their handlers.

A `Course` knows how to get on, and where to; `walk.Walk` knows what is met there.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from caruso.script_engine import actions, calls, events, waiting
from caruso.script_engine.moment import Moment
from caruso.script_engine.nodes import (
    After,
    AnyItem,
    Block,
    Dialog,
    End,
    Handover,
    Next,
    Question,
    Throw,
    Wait,
)
from caruso.script_engine.path import Visit
from caruso.script_engine.runs import Phase, Run
from caruso.script_engine.turns import ScriptChannel, StartTimer

#: Loops in one turn before the script is not asked any more what to do about them.
MOST_LOOPS = 2
#: Blocks of actions in each other: a handler that throws what it handles would never come to an end.
MOST_FRAMES = 50


class Course(Moment):
    """A run with what is under way in it."""

    def __init__(self, dialog: Dialog, run: Run, now: datetime) -> None:
        """Thaw the run."""
        super().__init__(dialog, run, now)
        #: Where the path leads once the actions under way are done, and in which passes when that is no matter of
        #: course.
        self.goto: str | None = None
        self.goto_passes: tuple[int, ...] | None = None
        #: Items passed, and passes begun, since somebody was asked something.
        self.silent = 0
        self.silent_passes = 0
        #: Items passed because they do not apply.
        self.skipped = 0
        #: Loops in this turn.
        self.loops = 0

    def wait(self) -> bool:
        """Stay at the current item until there is an input."""
        self.note("shown", self.key)
        return True

    # -- Where it leads -----------------------------------------------------------------------------------------

    def head_for(self, target: str, passes: tuple[int, ...] | None = None) -> None:
        """Go there once the actions under way are done."""
        self.goto, self.goto_passes = target, passes

    def follow(self, item: str) -> None:
        following = self.dialog.following[item]
        if following is not None:
            self.head_for(following)
            return
        if not self.trail:
            self.visit(Visit(item=item, turn=self.turn, data=self.data, passes=self.passes))
        self.finish("ended")

    def pass_handover(self, item: Handover) -> None:
        """Choose where the dialog goes on after a hand-over; a correction will not hand over again."""
        if self.trail.last.item == item.id:
            self.confirm()
        if item.resume_at is not None:
            self.head_for(item.resume_at)
        elif (chosen := self._transition(item.block)) is not None:
            self._take(chosen)
        elif self.dialog.following[item.id] is not None:
            self.follow(item.id)

    def finish(self, outcome: str) -> None:
        """Come to the end."""
        self.goto = self.goto_passes = None
        actions.finish(self, outcome)

    def _hand_to(self, channel: ScriptChannel) -> None:
        self.frames = []
        self.goto = self.goto_passes = None
        self.phase = Phase.HANDOVER
        self.handing_to = channel

    # -- Waiting ------------------------------------------------------------------------------------------------

    def confirm(self) -> None:
        """Note that an info was taken note of, or that a wait is over."""
        self.revise(replace(self.trail.last, confirmed=True))

    def confirm_wait(self) -> None:
        """Note that the present wait is over, if there is one."""
        if isinstance(self.item, Wait):
            self.confirm()

    def begin_wait(self, item: Wait) -> None:
        until = item.duration.value(self.scope) if item.duration else None
        self.due = waiting.due(until, self.now, self.run.time_zone)
        if self.due is not None:
            self.effects.append(StartTimer(item=item.id, due=self.due))

    def _standing(self) -> Phase:
        """Return what the run waits for when it stays at its item."""
        item = self.item
        if isinstance(item, Handover):
            self.handing_to = item.channel
            return Phase.HANDOVER
        if isinstance(item, Wait):
            self.due = self.run.due
            if self.trail.last.confirmed:  # its time is over, and it is to begin anew
                self.revise(replace(self.trail.last, confirmed=False))
                self.begin_wait(item)
            return Phase.WAITING
        return Phase.ASKING

    # -- Blocks of actions --------------------------------------------------------------------------------------

    def advance(self) -> bool:
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
                self.follow(self.at)
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
            self.follow(self.at)

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
            case _ if isinstance(self.item, Handover):
                self.pass_handover(self.item)
            case _:
                self.confirm_wait()
                self.frames = [(self.at, 0)]
        return self.phase is Phase.FINISHED

    def _end(self, block: Block) -> bool:
        """End the dialog a handler belongs to: the called one, or all of it."""
        if block.frame and block.event not in {"hang-up", "expire"}:
            self.head_for(calls.ended(self, block.frame, block.event))
            return False
        self.finish(block.event)
        return True

    # -- Events -------------------------------------------------------------------------------------------------

    def follow_event(self, found: events.Outcome) -> bool:
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
            return self.loop(self.item)
        event = events.count(self, event)
        found = events.outcome(self, event, "", lost=self.loops > MOST_LOOPS)
        if found == events.STAY:
            return False  # nobody minds it: the actions go on
        return self.follow_event(found)

    def loop(self, item: AnyItem) -> bool:
        """Stop a walk that meets nobody; return whether that is where it ends."""
        self.frames = []
        self.goto = self.goto_passes = None
        if not self.trail:
            self.visit(Visit(item=item.id, turn=self.turn, data=self.data))
        self.stand(self.trail.last.item, self.trail.last.passes)
        self.note(events.LOOP, item.id)
        self.silent = self.silent_passes = self.skipped = 0
        self.loops += 1
        lost = self.loops > MOST_LOOPS
        if self.loops > 1:  # the script's own way out led round again
            return self.follow_event(events.to_agent(self, events.LOOP, lost=lost))
        event = events.count(self, events.LOOP)
        return self.follow_event(events.outcome(self, event, "", lost=lost))
